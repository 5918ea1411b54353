"""Where the servers of an application answer: each below a path of its own, in front of it."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask

from ..exceptions import OptionError
from ..socketio.server import Server
from ..wsgi.middleware import Middleware, StartResponse
from ..wsgi.proxy import Application
from ..wsgi.raw_socket import Environ
from .applications import APPLICATION

_KEY = "flask_realtime.mounted"


class Mounted(Middleware):
    """What is in front of an application; ``io.sockio_mw``, with Flask-SocketIO's names.

    :param app: the application.
    :param name: what it is called among the server's applications.
    :param application: its ``wsgi_app`` so far.
    """

    def __init__(self, server: Server, app: Flask, name: str, application: Application) -> None:
        super().__init__(server, application)
        self.flask_app = app
        self._name = name
        self.engineio_app = server

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        self.name_application(environ)
        return super().__call__(environ, start_response)

    def name_application(self, environ: Environ) -> None:
        """Say in the environ of a request that it came to this application."""
        environ["flask.app"] = self.flask_app
        if self._name:
            environ[APPLICATION] = self._name
        else:
            environ.pop(APPLICATION, None)  # of another one, in which this is mounted

    @property
    def wsgi_app(self) -> Application:
        """The application behind it; another one may be put in between."""
        return self.application

    @wsgi_app.setter
    def wsgi_app(self, application: Application) -> None:
        self.application = application


def mounted_on(app: Flask) -> dict[object, Mounted]:
    """What is in front of an application, by the extension object, in the order of creation."""
    mounted: dict[object, Mounted] = app.extensions.setdefault(_KEY, {})
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


def mount(app: Flask, name: str, extension: object, server: Server) -> Mounted:
    """Put a server in front of an application, which it knows by `name`; return what is there now.

    The first goes around ``wsgi_app``. Each further one goes behind those that are there, so that
    all of them are at the same place among the application's own middlewares, and find the same
    ``ProxyFix`` next to them.
    """
    mounted = mounted_on(app)
    if not mounted:
        mounted[extension] = Mounted(server, app, name, app.wsgi_app)
        app.wsgi_app = mounted[extension]  # type: ignore[method-assign]
        return mounted[extension]
    last = last_mounted(app)
    mounted[extension] = last.application = Mounted(server, app, name, last.application)
    return mounted[extension]


def last_mounted(app: Flask) -> Mounted:
    """The one that is next to the application."""
    return list(mounted_on(app).values())[-1]
