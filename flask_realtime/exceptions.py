"""Every error of the package, in one tree.

The type says who broke a rule, and carries what to answer::

    RealtimeError
    ├── ProtocolError               the peer broke the protocol
    │   ├── HTTPError               … of HTTP: answered with ``http_status``
    │   │   ├── BodyError           (OSError) … in the middle of a request body
    │   │   └── HandshakeError      … of the WebSocket handshake: its headers too
    │   ├── FrameError              … of WebSocket frames: closed with ``close_code``
    │   ├── PacketError             … of Engine.IO or Socket.IO: reason ``parse error``
    │   └── RequestError            … of an Engine.IO request: its ``code`` and ``http_status``
    ├── UsageError                  the application called us wrongly
    │   ├── OptionError             (TypeError) unknown or unusable option
    │   ├── EventError              (ValueError) a name that is taken, a handler that cannot fit
    │   │   └── ArgumentsError      an event came with arguments that its handler cannot take
    │   ├── EncodeError             (TypeError) a value that the wire cannot carry
    │   ├── NotServing              (RuntimeError) nothing here could ever deliver it
    │   └── ContextError            (RuntimeError) no request here whose data could be used
    ├── ConnectionRefusedError      raised by the application to refuse a client
    ├── AckTimeout                  (TimeoutError) the client did not answer in time
    │   └── NodeTimeout             another server of the cluster did not
    ├── StoreError                  (ConnectionError) the store of ``socket.set`` cannot be reached
    └── Disconnected                (ConnectionError) the client has left

Those that an application meets end their text with a place in the documentation, such as
``(docs: errors#not-serving)``: the page ``errors``, the section ``not-serving``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class RealtimeError(Exception):
    """Whatever this package raises on its own account."""

    # Where the documentation explains it: a page, or a page and a label on it. Of the peer's
    # mistakes none: their texts may reach the peer.
    anchor: ClassVar[str] = ""

    def __str__(self) -> str:
        text = super().__str__()
        return text + _pointer(self) if text else text


def _pointer(error: RealtimeError) -> str:
    return f" (docs: {error.anchor})" if error.anchor else ""


def message_of(error: BaseException) -> str:
    """Return what an error says, without the place in the documentation: for another's eyes."""
    text = str(error)
    return text.removesuffix(_pointer(error)) if isinstance(error, RealtimeError) else text


class ProtocolError(RealtimeError):
    """The peer broke a rule; the message says which, for the log and never for the peer."""


class HTTPError(ProtocolError):
    """A request that HTTP forbids or that is over a limit.

    :param http_status: the status line to answer with, such as ``"413 Content Too Large"``.
    """

    def __init__(self, http_status: str, message: str) -> None:
        super().__init__(message)
        self.http_status = http_status


class BodyError(HTTPError, OSError):
    """A request body that is malformed, too large, too slow or broke off, met while reading it.

    An ``OSError``, as frameworks expect one when they read ``wsgi.input``.
    """


class HandshakeError(HTTPError):
    """A WebSocket handshake that RFC 6455 section 4.2 forbids.

    :param headers: what to send beside the status, such as the versions we speak.
    """

    def __init__(
        self, http_status: str, message: str, headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(http_status, message)
        self.headers = headers


class FrameError(ProtocolError):
    """Bytes that are no WebSocket frame, or one over a limit (RFC 6455 section 7.4.1).

    :param close_code: the code to close with, such as 1002.
    """

    def __init__(self, close_code: int, message: str) -> None:
        super().__init__(message)
        self.close_code = close_code


class PacketError(ProtocolError):
    """A message that is no packet of its protocol; the session ends with ``parse error``."""


class RequestError(ProtocolError):
    """A request that Engine.IO answers with one of its codes.

    :param code: 0 to 5, as the Engine.IO servers number them.
    :param message: for the client.
    :param http_status: the status line, ``"403 Forbidden"`` for code 4, else ``"400 Bad Request"``.
    :param name: which kind of refusal it is, for programs.
    :param detail: what was wrong, for the log.
    """

    def __init__(
        self,
        code: int,
        message: str,
        http_status: str = "400 Bad Request",
        *,
        name: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.http_status = http_status
        self.name = name
        self.detail = detail


class UsageError(RealtimeError):
    """The application called us in a way that cannot work; the message says what to do."""

    anchor = "errors#usage"


class OptionError(UsageError, TypeError):
    """An option that does not exist (the nearest is named) or has an impossible value."""

    anchor = "options"


class EventError(UsageError, ValueError):
    """An event name that is reserved, or a handler that cannot take what would come."""

    anchor = "errors#event"


class ArgumentsError(EventError):
    """An event came with more or fewer arguments than its handler takes."""

    anchor = "errors#arguments"


class EncodeError(UsageError, TypeError):
    """A value that the wire cannot carry; the message names the path to it."""

    anchor = "errors#encode"


class NotServing(UsageError, RuntimeError):
    """An emit in a process that neither serves clients nor reaches a process that does."""

    anchor = "errors#not-serving"


class ContextError(UsageError, RuntimeError):
    """A background task has used ``flask.request`` or ``flask.session``, which it does not have."""

    anchor = "errors#context"


class ConnectionRefusedError(RealtimeError):  # noqa: A001  (the name Flask-SocketIO's users import)
    """Raised by a ``connect`` handler or a middleware to refuse the client.

    The first argument is the message, the second (or the rest, as a tuple) reaches the client as
    ``data``: ``ConnectionRefusedError("not authorized", {"retry": False})``.
    """

    anchor = "errors#connection-refused"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.message = str(args[0]) if args else "Connection rejected by server"
        self.data: Any = args[1] if len(args) == 2 else (list(args[1:]) or None)

    __str__ = Exception.__str__  # the application's own words, with nothing of ours behind them

    @property
    def error_args(self) -> dict[str, Any]:
        """What the client gets, as python-socketio has it."""
        told = {"message": self.message}
        return told if self.data is None else {**told, "data": self.data}


class AckTimeout(RealtimeError, TimeoutError):
    """The client did not acknowledge in time.

    :param answers: what came nevertheless, by socket id (for a selection of many).
    :param silent: the ids that did not answer.
    """

    anchor = "errors#ack-timeout"

    def __init__(
        self,
        message: str,
        answers: Mapping[str, Any] | None = None,
        silent: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.answers = dict(answers or {})
        self.silent = list(silent)


class NodeTimeout(AckTimeout):
    """Another node did not answer in time: ``answers`` has what came nevertheless, by node."""

    anchor = "errors#node-timeout"


class StoreError(RealtimeError, ConnectionError):
    """The store of ``socket.set`` and ``get`` did not do what it was asked; the message says why,
    and ``__cause__`` is what went wrong below. It is tried anew at each call.
    """

    anchor = "errors#store"


class Disconnected(RealtimeError, ConnectionError):
    """The client has left before it could answer."""

    anchor = "errors#disconnected"


# What they are called in python-socketio's ``exceptions``, for programs that import them.
SocketIOError = RealtimeError
TimeoutError = AckTimeout
BadNamespaceError = EventError
DisconnectedError = Disconnected
