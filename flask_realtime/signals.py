"""What operators listen to: `blinker` signals, sent from a greenlet that may wait.

The sender is the engine, of those with a ``socket`` the server. Nothing is computed for a signal
that nobody listens to.

======================  ================================  =======================================
signal                  keyword arguments                 sent
======================  ================================  =======================================
``session_opened``      ``session``                       after the handshake
``session_closed``      ``session``, ``reason``           once per session, after it is gone
``inbox_full``          ``session``                       handlers lag, reading from it has stopped
``outbox_full``         ``session``                       the client does not read; it is closed
``handler_failed``      ``socket``, ``event``, ``error``  a handler raised
``event_handled``       ``socket``, ``event``,            a handler has returned, or raised
                        ``seconds``, ``error``
``rate_limited``        ``socket``, ``event``, ``limit``  a client begins to send too many events
``server_stopping``     none                              before the last host ends its sessions
======================  ================================  =======================================

``event_handled`` is sent in the handler's own greenlet, at its end, also for ``connect`` and the
other events of a socket's life: a receiver that waits makes the client's next event wait.
``event`` is what the handler was registered for, such as ``*``; ``seconds`` is how long it took,
what it waited for included; ``error`` is what it raised, or None.
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

session_opened = _signals.signal("session-opened")
session_closed = _signals.signal("session-closed")
inbox_full = _signals.signal("inbox-full")
outbox_full = _signals.signal("outbox-full")
handler_failed = _signals.signal("handler-failed")
event_handled = _signals.signal("event-handled")
rate_limited = _signals.signal("rate-limited")
server_stopping = _signals.signal("server-stopping")
