"""Whom Flask-Login takes a client for; without Flask-Login nobody is asked."""

from __future__ import annotations

import sys
from typing import Any

from flask import Flask

from ..socketio.server import Server
from ..socketio.socket import Socket


class LoginUsers:
    """The users of an application that has Flask-Login: ``default_user`` of its server.

    It ends the connections of a user who logs out.
    """

    def __init__(self, app: Flask, server: Server) -> None:
        self._app = app
        self._server = server
        self._listens = False
        self._listen()

    def _listen(self) -> None:
        # Not imported here: an application that uses it has done so.
        library = sys.modules.get("flask_login")
        if library is not None and not self._listens:
            self._listens = True
            library.user_logged_out.connect(self._logged_out, self._app)

    def __call__(self, socket: Socket) -> Any:
        """Return the id of a client's user, None if nobody is logged in."""
        if not hasattr(self._app, "login_manager"):
            return None
        self._listen()
        return self._server.around(socket, self._current, ())

    def _current(self) -> Any:
        user = sys.modules["flask_login"].current_user
        return self._id_of(user) if user.is_authenticated else None

    def _id_of(self, user: Any) -> Any:
        login: Any = self._app.login_manager  # type: ignore[attr-defined]
        return getattr(user, login.id_attribute)()

    def _logged_out(self, app: Flask, user: Any, **_: Any) -> None:
        if user.is_authenticated:
            self._server.disconnect_user(self._id_of(user))
