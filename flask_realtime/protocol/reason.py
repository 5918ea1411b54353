"""Why a socket left: the words of Socket.IO's server 4.x, in every generation."""

from __future__ import annotations

from typing import Final


class Reason:
    """The reasons that ``disconnecting`` and ``disconnect`` handlers get."""

    TRANSPORT_CLOSE: Final = "transport close"
    """The client went away: closed its page, lost its network."""
    TRANSPORT_ERROR: Final = "transport error"
    """The client broke a rule of its transport, or its poll broke off."""
    PING_TIMEOUT: Final = "ping timeout"
    """The client did not answer a ping."""
    PARSE_ERROR: Final = "parse error"
    """The client sent something that is no packet."""
    CLIENT_DISCONNECT: Final = "client namespace disconnect"
    """The client left this namespace (``socket.disconnect()`` there)."""
    SERVER_DISCONNECT: Final = "server namespace disconnect"
    """The application sent the client away from this namespace."""
    FORCED_CLOSE: Final = "forced close"
    """The session was ended by the server."""
    FORCED_SERVER_CLOSE: Final = "forced server close"
    """The session was ended since it had not joined a namespace in time."""
    SERVER_SHUTTING_DOWN: Final = "server shutting down"
    """The server stops."""
    INBOX_FULL: Final = "inbox full"
    """The handlers of this client lagged behind for too long."""
    OUTBOX_FULL: Final = "outbox full"
    """The client did not read what was sent to it."""


RECOVERABLE: Final = frozenset(
    (
        Reason.TRANSPORT_CLOSE,
        Reason.TRANSPORT_ERROR,
        Reason.PING_TIMEOUT,
        Reason.FORCED_CLOSE,
        Reason.FORCED_SERVER_CLOSE,
        Reason.SERVER_SHUTTING_DOWN,
    )
)
"""After which a client may come back as who it was: nobody wanted it to leave (Socket.IO 4.6)."""
