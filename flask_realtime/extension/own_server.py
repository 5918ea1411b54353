"""The extension's own WSGI server, and greenlets beside it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import gevent
from flask import Flask
from werkzeug._reloader import run_with_reloader
from werkzeug.debug import DebuggedApplication

from ..exceptions import OptionError
from ..options.checks import unknown_option
from ..wsgi.flash_policy import FlashPolicy
from ..wsgi.server import WSGIServer
from ..wsgi.tls import check_names
from .background import check_task, run_task
from .context import Contexts
from .flash import make_policy, serves_flash
from .mounting import last_mounted, mounted_on
from .python_socketio import PythonSocketIOServer
from .running import run
from .serving import Serving

Own = TypeVar("Own", bound="OwnServer")


class OwnServer:
    """What runs an application, and tasks in its process."""

    server: PythonSocketIOServer
    wsgi_server: WSGIServer | None
    _serving: Serving

    def init_app(self, app: Flask, **options: Any) -> None:
        """Serve Socket.IO in front of an application."""
        raise NotImplementedError

    @property
    def flash_policy(self) -> FlashPolicy:
        """The pages whose Flash may connect; :meth:`run` gives it to the server by itself."""
        return make_policy(self.server)

    def run(
        self,
        app: Flask,
        host: str | None = None,
        port: int | str | None = None,
        *,
        debug: bool | None = None,
        use_reloader: bool | None = None,
        use_debugger: bool | None = None,
        reloader_options: Mapping[str, Any] | None = None,
        extra_files: Iterable[str] | None = None,
        log_output: bool | None = None,
        allow_unsafe_werkzeug: bool = False,
        **server_options: Any,
    ) -> None:
        """Serve `app` until a signal, with our own WSGI server.

        :param host: the interface to bind to; None: 127.0.0.1.
        :param port: a number, or its digits as the environment has them; None: the one in the
            application's ``SERVER_NAME``, else 5000.
        :param debug: sets ``app.debug``, which `use_reloader`, `use_debugger` and `log_output`
            follow where they are None.
        :param use_reloader: whether to start anew when a module changes.
        :param use_debugger: whether a view that raises shows its traceback in the browser.
        :param reloader_options: of the reloader: ``extra_files``, ``exclude_patterns``,
            ``interval``, ``reloader_type``.
        :param extra_files: files that the reloader watches as well.
        :param log_output: whether requests are logged.
        :param allow_unsafe_werkzeug: accepted for Flask-SocketIO's sake, and without effect.
        :param server_options: of :class:`flask_realtime.wsgi.WSGIServer`, such as ``certfile``.
        :raises OptionError: for an unknown option (the nearest is named), or what is no port.
        :raises SystemExit: with status 1 if the address cannot be bound; why is printed.
        """
        check_names(server_options, _RUN_OPTIONS)
        reloading = _reloader_options(reloader_options or {}, extra_files)
        address = (host or "127.0.0.1", _known_port(app) if port is None else _check_port(port))
        if self not in mounted_on(app):
            self.init_app(app)
        self._serving.certain = True
        if debug is not None:
            app.debug = debug
        if app.debug if use_debugger is None else use_debugger:
            last = last_mounted(app)  # behind it is the application
            last.application = DebuggedApplication(last.application, evalex=True)
        logs = app.debug if log_output is None else log_output
        server_options.setdefault("log", "default" if logs else None)
        if serves_flash(self.server.options):
            server_options.setdefault("flash_policy", self.flash_policy)

        def make() -> WSGIServer:
            self.wsgi_server = WSGIServer(address, app, **server_options)
            return self.wsgi_server

        run(make, app.debug if use_reloader is None else use_reloader, reloading)

    def attach(self: Own, app: Flask, **options: Any) -> Own:
        """Serve Socket.IO in front of an application, as :meth:`init_app`; return this (S03)."""
        self.init_app(app, **options)
        return self

    def listen(
        self: Own, app: Flask, port: int | str = 80, host: str = "", **server_options: Any
    ) -> Own:
        """Serve `app` on a port, and return at once, as Node does (S02, S03).

        The program goes on, and serves while it waits; :meth:`run` waits for its end, and has a
        reloader and a debugger.

        :param port: a number, or its digits.
        :param host: an address of this machine; ``""``: all of them.
        :param server_options: of :class:`flask_realtime.wsgi.WSGIServer`, such as ``certfile``.
        :raises OptionError: for what is no port.
        :raises OSError: if the address cannot be bound.
        :raises RuntimeError: if it listens already.
        """
        if self.wsgi_server is not None and self.wsgi_server.started:
            raise RuntimeError("this SocketIO listens already; close() it first")
        address = (host, _check_port(port))
        if self not in mounted_on(app):
            self.init_app(app)
        server_options.setdefault("log", None)
        if serves_flash(self.server.options):
            server_options.setdefault("flash_policy", self.flash_policy)
        server = WSGIServer(address, app, **server_options)
        server.start()
        self.wsgi_server = server
        self._serving.certain = True
        return self

    def stop(self) -> None:
        """End :meth:`run`: no new connections, and every client is told."""
        if self.wsgi_server is not None:
            self.wsgi_server.stop()

    def start_background_task(
        self, target: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> gevent.Greenlet[..., Any]:
        """Run a function in a greenlet, with the application's context where there is one.

        It has no request and no session, which end before it does: give it what it needs of them.

        :returns: the greenlet; ``join()`` waits for its end, ``get()`` for what it returns.
        :raises TypeError: for what is no function.
        """
        check_task(target)
        around = self.server.around
        if not isinstance(around, Contexts):
            return gevent.spawn(target, *args, **kwargs)
        return gevent.spawn(run_task, around.applications.current, target, args, kwargs)

    @staticmethod
    def sleep(seconds: float = 0) -> None:
        """Wait, and let everyone else work meanwhile."""
        gevent.sleep(seconds)


_RUN_OPTIONS = frozenset(
    (*inspect.signature(OwnServer.run).parameters, *inspect.signature(WSGIServer).parameters)
) - {"self", "server_options", "ssl_args"}

_RELOADER_OPTIONS = inspect.signature(run_with_reloader).parameters.keys() - {"main_func"}


def _reloader_options(
    options: Mapping[str, Any], extra_files: Iterable[str] | None
) -> Mapping[str, Any]:
    for name in options:
        if name not in _RELOADER_OPTIONS:
            raise OptionError(f"reloader_options: {unknown_option(name, _RELOADER_OPTIONS)}")
    return options if extra_files is None else {**options, "extra_files": list(extra_files)}


def _check_port(port: int | str) -> int:
    """Return a port as a number.

    :raises OptionError: for what is none; how great it may be the system says.
    """
    if isinstance(port, str) and port.isdecimal():
        return int(port)
    if isinstance(port, bool) or not isinstance(port, int):
        raise OptionError(f"port is a number such as 5000, not {port!r}")
    return port


def _known_port(app: Flask) -> int:
    """The port in the name by which the application is known, or Flask's own default."""
    name: str = app.config["SERVER_NAME"] or ""
    port = name.rpartition(":")[2]
    return int(port) if ":" in name and port.isdigit() else 5000
