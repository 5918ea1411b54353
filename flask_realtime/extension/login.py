"""Whom Flask-Login takes a client for; without Flask-Login nobody is asked."""

from __future__ import annotations

import sys
from typing import Any
from weakref import WeakSet

from flask import Flask

from ..socketio.server import Server
from ..socketio.socket import Socket
from .applications import Applications


class LoginUsers:
    """The users of applications that have Flask-Login: ``default_user`` of their server.

    It ends the connections of a user who logs out.
    """

    def __init__(self, applications: Applications, server: Server) -> None:
        self._applications = applications
        self._server = server
        self._heard: WeakSet[Flask] = WeakSet()
        self._listen(applications.current)

    def _listen(self, app: Flask) -> None:
        # Not imported here: an application that uses it has done so.
        library = sys.modules.get("flask_login")
        if library is not None and app not in self._heard:
            self._heard.add(app)
            library.user_logged_out.connect(self._logged_out, app)

    def __call__(self, socket: Socket) -> Any:
        """Return the id of a client's user, None if nobody is logged in."""
        app = self._applications.of(socket.conn.request.variables)
        if not hasattr(app, "login_manager"):
            return None
        self._listen(app)
        return self._server.around(socket, _current, (app,))

    def _logged_out(self, app: Flask, user: Any, **_: Any) -> None:
        if user.is_authenticated:
            self._server.disconnect_user(_id_of(app, user))


def _current(app: Flask) -> Any:
    user = sys.modules["flask_login"].current_user
    return _id_of(app, user) if user.is_authenticated else None


def _id_of(app: Flask, user: Any) -> Any:
    login: Any = app.login_manager  # type: ignore[attr-defined]
    return getattr(user, login.id_attribute)()
