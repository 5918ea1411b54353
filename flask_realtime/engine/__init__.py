"""Sessions, which outlive transports: the handshake, the heartbeat, the upgrade, the end."""
