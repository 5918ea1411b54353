"""What Flask-SocketIO's extension object has besides its methods, for programs that look at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..socketio.handler import Function
from ..socketio.namespace import Namespace as AnyNamespace
from .context import Contexts
from .namespace import call_method
from .python_socketio import PythonSocketIOServer

if TYPE_CHECKING:
    from .mounting import Mounted


class KnownNames:
    """Attributes of Flask-SocketIO; what they tell is looked up at each use."""

    server: PythonSocketIOServer
    #: The server of :meth:`.SocketIO.run`, None elsewhere.
    wsgi_server: Any
    #: What is in front of the application, None before ``init_app``.
    sockio_mw: Mounted | None
    #: The options that were given, by the names by which they were given.
    server_options: Mapping[str, Any]

    @property
    def async_mode(self) -> str:
        """How handlers run: always ``"gevent"``."""
        return self.server.async_mode

    @property
    def handlers(self) -> Sequence[tuple[str, Function, str]]:
        """The handlers: event, function, namespace."""
        spaces: list[AnyNamespace] = list(self.server.namespaces.values())
        return [
            (event, function, there.name)
            for there in spaces
            for event in there.event_names()
            for function in there.listeners(event)
        ]

    @property
    def exception_handlers(self) -> Mapping[str, Function]:
        """What is called with the exceptions of a namespace's handlers, by its name."""
        spaces = self.server.namespaces.items()
        return {name: there.error_handler for name, there in spaces if there.error_handler}

    @property
    def default_exception_handler(self) -> Function | None:
        """What is called with the exceptions of handlers that no other takes."""
        return self.server.any_namespace.error_handler

    @default_exception_handler.setter
    def default_exception_handler(self, handler: Function | None) -> None:
        everywhere = self.server.any_namespace
        if handler is None:
            everywhere.off_error()
        else:
            everywhere.on_error(handler)

    @property
    def manage_session(self) -> bool:
        """Whether a connection has its own copy of ``flask.session``."""
        around = self.server.around
        return not isinstance(around, Contexts) or around.has_own_copy

    @manage_session.setter
    def manage_session(self, managed: bool | None) -> None:
        around = self.server.around
        if isinstance(around, Contexts):
            around.manage_session = managed

    def _handle_event(
        self, handler: Callable[..., Any], message: str, namespace: str, sid: str, *args: Any
    ) -> Any:
        """Call a method of a class of handlers, from a ``trigger_event`` of its own."""
        return call_method(handler, message, args)
