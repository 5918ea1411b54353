"""This package under the name of Flask-SocketIO, for programs that cannot change their imports."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from ..exceptions import ConnectionRefusedError, UsageError
from . import functions
from .extension import SocketIO
from .namespace import Namespace
from .testing import SocketIOTestClient

_FUNCTIONS = (
    "emit", "send", "call", "join_room", "leave_room", "close_room", "rooms", "disconnect"
)


def install_as_flask_socketio() -> None:
    """Have ``import flask_socketio`` find this package, in this process.

    Call it before anything imports ``flask_socketio``; its modules ``namespace`` and
    ``test_client`` are found likewise. A program that can change its imports needs none of this.

    :raises UsageError: if Flask-SocketIO itself is imported already.
    """
    present = sys.modules.get("flask_socketio")
    if present is not None and getattr(present, "SocketIO", None) is not SocketIO:
        raise UsageError(
            "flask_socketio is imported already; call install_as_flask_socketio() before, at the "
            "top of the program"
        )
    names: dict[str, Any] = {name: getattr(functions, name) for name in _FUNCTIONS}
    names |= {
        "SocketIO": SocketIO,
        "Namespace": Namespace,
        "SocketIOTestClient": SocketIOTestClient,
        "ConnectionRefusedError": ConnectionRefusedError,
    }
    parts = {
        "namespace": _module("flask_socketio.namespace", {"Namespace": Namespace}),
        "test_client": _module(
            "flask_socketio.test_client", {"SocketIOTestClient": SocketIOTestClient}
        ),
    }
    _module("flask_socketio", {**names, **parts, "__path__": []})


def _module(name: str, names: dict[str, Any]) -> ModuleType:
    module = sys.modules[name] = ModuleType(name, "Flask-Realtime, under this name.")
    vars(module).update(names)
    return module
