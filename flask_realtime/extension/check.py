"""What ``flask realtime check`` looks at: settings that fit neither each other nor the host."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from gevent import monkey

from .extension import SocketIO
from .gunicorn_settings import CONCURRENCY, GunicornSettings, find_starts
from .running import blocking_modules


class Finding(NamedTuple):
    """One thing that will not work, or not as its author thinks.

    :param fatal: whether clients cannot be served like that.
    """

    fatal: bool
    text: str


def check(app: Flask, extension: SocketIO) -> list[Finding]:
    """Look at an application that is loaded and not served."""
    found = (finding for look in _LOOKS for finding in look(app, extension))
    return list(dict.fromkeys(found))  # two lines of a Procfile may have the same fault


def _patching(app: Flask, extension: SocketIO) -> Iterator[Finding]:
    if monkey.is_module_patched("socket"):
        return
    found = blocking_modules()
    if found:
        yield Finding(
            False,
            f"{', '.join(found)} is imported, and would stop all clients while it waits, unless "
            "the standard library is patched. 'flask realtime run' and gunicorn's gevent workers "
            "do it; a program that calls io.run(…) begins with: from gevent import monkey; "
            "monkey.patch_all()",
        )


def _gunicorn(app: Flask, extension: SocketIO) -> Iterator[Finding]:
    for start in find_starts(Path.cwd(), os.environ):
        yield from _worker_class(start)
        yield from _workers(start)


_UNFIT = (
    "it gives each request a thread or a process, so that Socket.IO's clients are answered 503. "
    "Use -k flask_realtime.wsgi.gunicorn.Worker, or -k gevent"
)
_FIT = ("gevent", "gevent_pywsgi", "gevent_wsgi", "flask_realtime.wsgi.gunicorn.Worker")
_FIT_SUFFIXES = (
    "ggevent.GeventWorker",
    "ggevent.GeventPyWSGIWorker",
    "GeventWebSocketWorker",
    "wsgi.gunicorn:Worker",
)


def _worker_class(start: list[GunicornSettings]) -> Iterator[Finding]:
    said = next((each for each in start if each.worker_class is not None), None)
    if said is None:
        where = " and ".join(each.source for each in start if each.source != CONCURRENCY)
        if where:
            yield Finding(True, f"gunicorn has no worker class in {where}, so 'sync': {_UNFIT}")
        return
    name = said.worker_class
    if name and name not in _FIT and not name.endswith(_FIT_SUFFIXES):
        yield Finding(True, f"{said.source} sets gunicorn's worker class {name!r}: {_UNFIT}")


def _workers(start: list[GunicornSettings]) -> Iterator[Finding]:
    said = next((each for each in start if each.workers is not None), None)
    if said is not None and said.workers is not None and said.workers > 1:
        yield Finding(
            True,
            f"{said.source} sets {said.workers} workers, and there is no queue between "
            "them: a client's requests would come to workers that do not know it, and an emit "
            "reach the clients of one worker. Use one worker; one serves thousands of clients",
        )


def _origins(app: Flask, extension: SocketIO) -> Iterator[Finding]:
    options = extension.server.options
    if options.cors_allowed_origins != "*":
        return
    if options.cors_credentials:
        yield Finding(
            True,
            "cors_allowed_origins='*' with cors_credentials=True: any page in the web can connect "
            "as the user who looks at it, with his cookies. Name the origins",
        )
    else:
        yield Finding(
            False,
            "cors_allowed_origins='*': any page in the web can connect. Name the origins, unless "
            "all of this is public",
        )


def _handlers(app: Flask, extension: SocketIO) -> Iterator[Finding]:
    server = extension.server
    several = [server.any_namespace, *server.parents]
    if not extension.handlers and not any(each.event_names() for each in several):
        yield Finding(
            False,
            "no event has a handler. Is the module with the handlers imported where the "
            "application is made?",
        )


def _queue(app: Flask, extension: SocketIO) -> Iterator[Finding]:
    if extension.has_queue:
        yield Finding(
            False,
            "message_queue or client_manager is set, and connects to nothing yet: an emit reaches "
            "the clients of its own process only",
        )


def _sessions(app: Flask, extension: SocketIO) -> Iterator[Finding]:
    in_cookie = isinstance(app.session_interface, SecureCookieSessionInterface)
    if in_cookie and not extension.manage_session:
        yield Finding(
            False,
            "manage_session=False, and Flask's sessions are in cookies: what a handler changes in "
            "flask.session is lost, since an open connection can set no cookie. Use a server-side "
            "session, or socket.set(…)",
        )


_LOOKS: tuple[Callable[[Flask, SocketIO], Iterator[Finding]], ...] = (
    _patching,
    _gunicorn,
    _origins,
    _sessions,
    _queue,
    _handlers,
)
