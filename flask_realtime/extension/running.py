"""A server that runs until a signal, anew after each change of the code where that is wanted."""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from socket import gaierror
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Any

import gevent
from gevent import monkey
from gevent.server import StreamServer
from werkzeug.serving import is_running_from_reloader

from ..exceptions import OptionError
from ..wsgi.frozen import frozen_heap
from ..wsgi.server import WSGIServer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger("flask_realtime.extension")

Make = Callable[[], WSGIServer]

_END = (signal.SIGINT, signal.SIGTERM)


def run(make: Make, reload: bool, reloader_options: Mapping[str, Any] | None = None) -> None:
    """Serve until a signal.

    :param make: makes the server, for an address ``(host, port)``, and starts nothing.
    :param reload: whether to start anew when a module changes.
    :param reloader_options: of werkzeug's ``run_with_reloader``: ``extra_files``,
        ``exclude_patterns``, ``interval``, ``reloader_type``.
    :raises SystemExit: with status 1 if the options cannot be used, or the address cannot be bound;
        why is printed.
    """
    if not reload:
        _serve(_made(make))
        return
    if not is_running_from_reloader():
        # Here, since the child serves in a thread, which could not end the process.
        server = _made(make)
        _bind_both(server, server.init_socket)
        server.close()
    hub = gevent.get_hub()
    hub.NOT_ERROR = (*hub.NOT_ERROR, KeyboardInterrupt)  # the reloader ends by it, quietly
    from werkzeug._reloader import run_with_reloader  # as Flask's own command does

    run_with_reloader(partial(_serve_in_thread, make), **(reloader_options or {}))


def _made(make: Make) -> WSGIServer:
    """Make the server; end the process, with one sentence, if its options cannot be used."""
    try:
        return make()
    except OptionError as error:
        print(f"Cannot serve: {error}", file=sys.stderr)
        sys.exit(1)


def raising(error: Exception) -> WSGIApplication:
    """An application that could not be imported: each request raises why."""
    traceback = error.__traceback__

    def application(environ: Any, start_response: Any) -> Any:
        raise error.with_traceback(traceback)  # which would grow with each request

    return application


def _serve_in_thread(make: Make) -> None:
    try:
        _serve(make())
    except KeyboardInterrupt:
        # Where the library is patched the thread is a greenlet, and Ctrl-C is raised in whichever
        # runs; the thread would print it, and the reloader would go on.
        gevent.get_hub().handle_system_error(KeyboardInterrupt, None)


def _serve(server: WSGIServer) -> None:
    host = _host(server)
    _hint_at_patching()
    _bind_both(server, server.start)
    scheme = "https" if server.ssl_enabled else "http"
    shown = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    shown = f"[{shown}]" if ":" in shown else shown
    with frozen_heap(), _stopped_by_signals(server):
        print(f" * Flask-Realtime on {scheme}://{shown}:{server.server_port}", file=sys.stderr)
        server.serve_forever()


# They wait in Python's own sockets, so patching those is all they need.
_BLOCKING = ("requests", "urllib3", "redis", "pymysql", "psycopg", "pg8000", "pymongo")
_HINT = (
    "%s is imported, and the standard library is not patched: while it waits, no client is served. "
    "Put two lines at the top of the program, before every other import:\n"
    "    from gevent import monkey\n"
    "    monkey.patch_all()\n"
    "or start it by: flask --app MODULE realtime run"
)


def _hint_at_patching() -> None:
    """Say what is missing, where something will block; nothing is patched here, it is too late."""
    if monkey.is_module_patched("socket"):
        return
    found = blocking_modules()
    if found:
        log.warning(_HINT, ", ".join(found))


def blocking_modules() -> list[str]:
    """Return which modules are imported that wait in Python's own sockets."""
    return [name for name in _BLOCKING if name in sys.modules]


def _bind_both(server: WSGIServer, bind: Callable[[], None]) -> None:
    """Bind the policy server first, if there is one: whose address cannot be had is said then."""
    if server.policy_server is not None:
        _bind(server.policy_server, server.policy_server.init_socket)
    _bind(server, bind)


def _bind(server: StreamServer, bind: Callable[[], None]) -> None:
    """Call `bind`; end the process, with one sentence, if the address cannot be had."""
    host, port = _host(server), server.server_port
    try:
        bind()
    except (OSError, OverflowError) as error:  # the latter: a port above 65535
        print(f"Cannot serve on {host or '*'} port {port}: {_explain(error)}", file=sys.stderr)
        sys.exit(1)


def _host(server: StreamServer) -> str:
    return str(server.address[0])


def _explain(error: OSError | OverflowError) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return "another program listens there. Stop that one, or choose another port."
    if number == errno.EACCES:
        return "this user may not. Choose a port from 1024 on."
    if number == errno.EADDRNOTAVAIL:
        return "this machine does not have that address. Choose another host."
    if isinstance(error, gaierror):
        name = str(error.strerror).partition(":")[0]  # gevent adds the address
        return f"{name}. Choose another host."
    if number is None:
        return f"{getattr(error, 'strerror', None) or error}"
    return f"{os.strerror(number)}."


@contextmanager
def _stopped_by_signals(server: WSGIServer) -> Iterator[None]:
    """Have SIGINT and SIGTERM stop a server, within a block that ends when it has stopped.

    Python's own way would raise KeyboardInterrupt in whatever handler runs at that moment.
    """
    watched: list[Any] = []
    if current_thread() is main_thread():  # in the reloader's child it is not
        watched = [gevent.signal_handler(number, server.stop) for number in _END]
    try:
        yield
    finally:
        server.stop()
        for watcher in watched:
            watcher.cancel()
        if watched:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
