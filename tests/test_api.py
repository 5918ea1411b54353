"""The public names, and the parameters that programs may rely on: those of Flask-SocketIO."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import flask_realtime
from flask_realtime import Namespace, Reason, Server, Socket, SocketIO

NAMES = {
    "AckTimeout",
    "ConnectionRefusedError",
    "BroadcastOperator",
    "Disconnected",
    "Events",
    "MemoryStore",
    "Namespace",
    "ParentNamespace",
    "Reason",
    "RedisStore",
    "RemoteSocket",
    "Server",
    "Socket",
    "SocketIO",
    "SocketIOTestClient",
    "Store",
    "StoreError",
    "call",
    "close_room",
    "disconnect",
    "emit",
    "install_as_flask_socketio",
    "join_room",
    "leave_room",
    "rooms",
    "send",
    "socket",
}

# By position first, then by name with their defaults; "*" stands for the event's arguments.
REQUIRED = inspect.Parameter.empty
MEANT_FOR: dict[str, Any] = {
    "namespace": None,
    "to": None,
    "room": None,
    "broadcast": False,
    "include_self": True,
    "skip_sid": None,
    "callback": None,
    "ignore_queue": False,
}
FUNCTIONS: dict[str, dict[str, Any]] = {
    "emit": {"event": REQUIRED, "*": "args", **MEANT_FOR},
    "send": {"message": REQUIRED, "json": False, **MEANT_FOR},
    "call": {
        "event": REQUIRED,
        "*": "args",
        "to": None,
        "timeout": 60.0,
        "namespace": None,
        "room": None,
        "ignore_queue": False,
    },
    "join_room": {"room": REQUIRED, "sid": None, "namespace": None},
    "leave_room": {"room": REQUIRED, "sid": None, "namespace": None},
    "close_room": {"room": REQUIRED, "namespace": None},
    "rooms": {"sid": None, "namespace": None},
    "disconnect": {"sid": None, "namespace": None, "silent": False},
}

MEMBERS: dict[type, str] = {
    SocketIO: """init_app run stop close on on_event on_room event register on_error
        on_error_default of
        sockets emit send call to in_ except_ volatile local start_background_task sleep reason
        set get enable disable enabled disabled configure serve_client path adapter origins
        connect_timeout attach listen log on_namespace namespace close_room server_options
        wsgi_server async_mode handlers namespace_handlers exception_handlers
        default_exception_handler manage_session sockio_mw test_client""",
    Server: """set get enable disable enabled disabled configure serve_client path adapter origins
        connect_timeout attach listen serve_forever close bind onconnection of on_room rooms
        room_clients connected handshaken""",
    Namespace: """on event on_error emit send to in_ except_ volatile local sockets_join
        sockets_leave disconnect_sockets trigger_event call close_room enter_room leave_room rooms
        get_session save_session session disconnect is_asyncio_based namespace socketio server""",
    Socket: """on off emit send call join leave to in_ except_ broadcast volatile rooms data conn
        protocol drain set get has delete del_ all increment store_key disconnect server""",
}


def _parameters(function: Any) -> dict[str, Any]:
    """Name → default; the parameter for the event's arguments is called "*"."""
    return {
        "*" if one.kind is one.VAR_POSITIONAL else name: (
            name if one.kind is one.VAR_POSITIONAL else one.default
        )
        for name, one in inspect.signature(function).parameters.items()
    }


def test_the_package_exports_its_public_names() -> None:
    assert set(flask_realtime.__all__) >= NAMES
    assert sorted(flask_realtime.__all__) == flask_realtime.__all__


@pytest.mark.parametrize("name", sorted(flask_realtime.__all__))
def test_every_exported_name_exists_and_is_documented(name: str) -> None:
    assert getattr(flask_realtime, name).__doc__


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_the_parameters_that_programs_know(name: str) -> None:
    assert _parameters(getattr(flask_realtime, name)).items() >= FUNCTIONS[name].items()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_its_parameters_stand_in_the_order_that_programs_know(name: str) -> None:
    known = FUNCTIONS[name]
    order = [own for own in _parameters(getattr(flask_realtime, name)) if own in known]
    assert order == list(known)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_parameters_are_typed(name: str) -> None:
    signature = inspect.signature(getattr(flask_realtime, name))
    annotations = [one.annotation for one in signature.parameters.values()]
    assert REQUIRED not in [*annotations, signature.return_annotation]


@pytest.mark.parametrize("cls", MEMBERS)
def test_a_class_has_its_public_members(cls: type) -> None:
    declared = {name for each in cls.__mro__ for name in vars(each).get("__annotations__", ())}
    assert set(MEMBERS[cls].split()) <= {*dir(cls), *declared}


@pytest.mark.parametrize("cls", [SocketIO, Namespace, Socket])
def test_every_public_member_is_documented(cls: type) -> None:
    missing = [
        name
        for name, member in vars(cls).items()
        if name[0] != "_" and (inspect.isfunction(member) or isinstance(member, property))
        if not member.__doc__
    ]
    assert not missing


@pytest.mark.parametrize("method", [SocketIO.emit, SocketIO.send, SocketIO.call])
def test_the_extension_sends_to_all_of_the_root_unless_told(method: Any) -> None:
    if method is SocketIO.send:
        assert _parameters(method).items() >= {"data": REQUIRED, "json": False}.items()
    assert _parameters(method)["namespace"] == "/"


def test_reasons_are_reached_by_the_extension() -> None:
    assert SocketIO.reason is Reason


def test_the_version_is_that_of_the_distribution(root: Path) -> None:
    lines = (root / "pyproject.toml").read_text().splitlines()
    assert f'version = "{flask_realtime.__version__}"' in lines


def test_the_import_starts_and_patches_nothing() -> None:
    program = (
        "import socket, threading; before = socket.socket\n"
        "import flask_realtime, gevent.monkey, gevent\n"
        "assert socket.socket is before and threading.active_count() == 1\n"
        "assert not gevent.monkey.is_module_patched('socket')\n"
        "from gevent._hub_local import get_hub_if_exists\n"
        "assert get_hub_if_exists() is None\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=30)
