"""What operators listen to: `blinker` signals, sent from a greenlet that may wait.

The sender is the engine, of ``handler_failed`` the server. Nothing is computed for a signal that
nobody listens to.

======================  ================================  =======================================
signal                  keyword arguments                 sent
======================  ================================  =======================================
``session_opened``      ``session``                       after the handshake
``session_closed``      ``session``, ``reason``           once per session, after it is gone
``inbox_full``          ``session``                       handlers lag, reading from it has stopped
``outbox_full``         ``session``                       the client does not read; it is closed
``handler_failed``      ``socket``, ``event``, ``error``  a handler raised
``server_stopping``     none                              before the last host ends its sessions
======================  ================================  =======================================
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

session_opened = _signals.signal("session-opened")
session_closed = _signals.signal("session-closed")
inbox_full = _signals.signal("inbox-full")
outbox_full = _signals.signal("outbox-full")
handler_failed = _signals.signal("handler-failed")
server_stopping = _signals.signal("server-stopping")
