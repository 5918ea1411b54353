"""The life of a session and of an upgrade, as tables.

A session is open from its handshake on. ``close`` is our own wish to end it: what waits is still
sent, and over polling the client has to come for it. ``gone`` is the end of the transport: nothing
can be sent any more. Events are taken from the client while the session is open, and only then.

An upgrade begins with a second connection. The client probes it, stops polling, and asks for the
switch; a client that does not poll meanwhile may ask without a probe (those for PHP and .NET do).
Anything else ends the second connection and leaves the session where it was.
"""

from __future__ import annotations

from enum import Enum


class SessionState(Enum):
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class UpgradeState(Enum):
    WAITING = "waiting"
    PROBED = "probed"
    DONE = "done"
    FAILED = "failed"


SESSION = {
    (SessionState.OPEN, "close"): SessionState.CLOSING,
    (SessionState.OPEN, "gone"): SessionState.CLOSED,
    (SessionState.CLOSING, "gone"): SessionState.CLOSED,
}
"""What may happen to a session, and what it is then; what is missing here changes nothing."""

UPGRADE = {
    (UpgradeState.WAITING, "probe"): UpgradeState.PROBED,
    (UpgradeState.WAITING, "upgrade"): UpgradeState.DONE,
    (UpgradeState.PROBED, "upgrade"): UpgradeState.DONE,
}
"""What an upgrade waits for; what is missing here ends it."""
