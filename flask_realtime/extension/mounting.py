"""Where the servers of an application answer: each below a path of its own, in front of it."""

from __future__ import annotations

from flask import Flask

from ..exceptions import OptionError
from ..socketio.server import Server
from ..wsgi.middleware import Middleware

_KEY = "flask_realtime.mounted"


def mounted_on(app: Flask) -> dict[object, Middleware]:
    """What is in front of an application, by the extension object, in the order of creation."""
    mounted: dict[object, Middleware] = app.extensions.setdefault(_KEY, {})
    return mounted


def check_path(app: Flask, extension: object, path: str) -> None:
    """See whether an extension can answer there.

    :raises OptionError: if that is the path of another one, or one is below the other.
    """
    for other, middleware in mounted_on(app).items():
        taken = middleware.server.options.path
        short, long = sorted([path, taken], key=len)
        if other is not extension and f"{long}/".startswith(f"{short}/"):
            raise OptionError(_TAKEN.format(path=path, taken=taken))


_TAKEN = (
    "path={path!r} and another SocketIO of this application at {taken!r} would be in each other's "
    "way; give each a path beside the other's"
)


def mount(app: Flask, extension: object, server: Server) -> None:
    """Put a server in front of an application.

    The first goes around ``wsgi_app``. Each further one goes behind those that are there, so that
    all of them are at the same place among the application's own middlewares, and find the same
    ``ProxyFix`` next to them.
    """
    mounted = mounted_on(app)
    if not mounted:
        mounted[extension] = Middleware(server, app.wsgi_app)
        app.wsgi_app = mounted[extension]  # type: ignore[method-assign]
        return
    last = last_mounted(app)
    mounted[extension] = last.application = Middleware(server, last.application)


def last_mounted(app: Flask) -> Middleware:
    """The one that is next to the application."""
    return list(mounted_on(app).values())[-1]
