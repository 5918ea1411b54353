"""The heartbeat's times: what a client is told, and by what its session goes.

They differ for the clients 0.7 to 0.9 alone. Those that poll carry no pings: what shows that one is
there is its next poll, so the two options that 0.9 had for polls count there.
"""

from __future__ import annotations

from ..options import Options
from ..protocol.dialect import Dialect

Times = tuple[float, float]
"""Between two pings, and for the answer to one, in seconds."""


def told_times(options: Options, dialect: Dialect) -> Times:
    """Return what a client hears at its handshake: it may change its transport later on."""
    if not dialect.takes_over:
        return options.ping_interval + options.ping_interval_grace, options.ping_timeout
    return (
        max(options.ping_interval, options.polling_duration or 0.0),
        max(options.ping_timeout, options.close_timeout or 0.0),
    )


def times(options: Options, dialect: Dialect, transport: str) -> Times:
    """Return what counts on a transport."""
    if not dialect.takes_over or dialect.pings_over(transport):
        return options.ping_interval, options.ping_timeout
    return (
        options.polling_duration or options.ping_interval,
        options.close_timeout or options.ping_timeout,
    )
