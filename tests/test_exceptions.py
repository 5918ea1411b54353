from __future__ import annotations

import builtins
import inspect
import pickle
import re
from typing import Any

import pytest

import flask_realtime
from flask_realtime import exceptions
from flask_realtime.exceptions import (
    AckTimeout,
    BodyError,
    ConnectionRefusedError,
    FrameError,
    HandshakeError,
    HTTPError,
    RealtimeError,
    RequestError,
)

CLASSES = {
    name: cls
    for name, cls in vars(exceptions).items()
    if inspect.isclass(cls) and issubclass(cls, RealtimeError) and cls.__name__ == name
}


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = {}
    parents = ["RealtimeError"]
    for line in str(exceptions.__doc__).splitlines():
        found = re.match(r"^    ([│ ]*)[├└]── (\w+)(?:\s+\((\w+)\))?", line)
        if found is None:
            continue
        depth = len(found[1]) // 4
        own = getattr(builtins, found[3]) if found[3] else None
        drawn[found[2]] = {parents[depth], *([own.__name__] if own else [])}
        parents[depth + 1 :] = [found[2]]
    bases = {name: {base.__name__ for base in cls.__bases__} for name, cls in CLASSES.items()}
    del bases["RealtimeError"]
    assert drawn == bases


@pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)
def test_every_error_says_what_it_is_for(cls: type) -> None:
    assert cls.__doc__ and "__doc__" in vars(cls)


def test_those_that_applications_catch_are_exported() -> None:
    for name in ("AckTimeout", "ConnectionRefusedError", "Disconnected"):
        assert getattr(flask_realtime, name) is CLASSES[name]


@pytest.mark.parametrize("cls", [HTTPError, BodyError])
def test_http_errors_carry_the_status_to_answer(cls: Any) -> None:
    error = cls("413 Content Too Large", "a body of 5 bytes")
    assert error.http_status == "413 Content Too Large"
    assert str(error) == "a body of 5 bytes"


def test_frameworks_see_an_error_of_reading() -> None:
    assert issubclass(BodyError, OSError)


def test_a_handshake_error_carries_headers_too() -> None:
    error = HandshakeError("426 Upgrade Required", "x", [("Sec-WebSocket-Version", "13")])
    assert (error.http_status, error.headers) == (
        "426 Upgrade Required",
        [("Sec-WebSocket-Version", "13")],
    )
    assert HandshakeError("400 Bad Request", "x").headers == ()


def test_a_frame_error_carries_the_close_code() -> None:
    error = FrameError(1002, "RSV1 is set")
    assert (error.close_code, str(error)) == (1002, "RSV1 is set")


def test_a_request_error_carries_code_and_status() -> None:
    error = RequestError(1, "Session ID unknown")
    assert (error.code, str(error), error.http_status) == (
        1,
        "Session ID unknown",
        "400 Bad Request",
    )
    assert RequestError(4, "Forbidden", "403 Forbidden").http_status == "403 Forbidden"


@pytest.mark.parametrize(
    ("args", "message", "data"),
    [
        ((), "Connection rejected by server", None),
        (("no",), "no", None),
        (("no", {"retry": False}), "no", {"retry": False}),
        (("no", None), "no", None),
        (("no", 0), "no", 0),
        (("no", 1, 2), "no", [1, 2]),
        ((404,), "404", None),
    ],
)
def test_a_refusal_has_a_message_and_data(args: tuple[Any, ...], message: str, data: Any) -> None:
    error = ConnectionRefusedError(*args)
    assert (error.message, error.data) == (message, data)
    assert error.args == args


def test_a_refusal_is_not_the_refused_connection_of_the_system() -> None:
    assert not issubclass(ConnectionRefusedError, OSError)


def test_an_ack_timeout_carries_who_answered_and_who_did_not() -> None:
    answers = {"a": 1}
    error = AckTimeout("1 of 2 answered", answers, ("b",))
    answers.clear()
    assert error.args == ("1 of 2 answered",)
    assert (error.answers, error.silent) == ({"a": 1}, ["b"])
    assert (AckTimeout("x").answers, AckTimeout("x").silent) == ({}, [])


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("OptionError", TypeError),
        ("EventError", ValueError),
        ("EncodeError", TypeError),
        ("NotServing", RuntimeError),
        ("AckTimeout", TimeoutError),
        ("StoreError", ConnectionError),
        ("Disconnected", ConnectionError),
    ],
)
def test_who_does_not_know_the_package_catches_pythons_own(name: str, builtin: type) -> None:
    with pytest.raises(builtin):
        raise CLASSES[name]("x")


def test_a_refusal_can_be_copied() -> None:
    again = pickle.loads(pickle.dumps(ConnectionRefusedError("no", {"retry": False})))
    assert (again.message, again.data) == ("no", {"retry": False})


def test_python_socketio_s_names_mean_these() -> None:
    assert exceptions.SocketIOError is RealtimeError
    assert exceptions.TimeoutError is AckTimeout
    assert exceptions.DisconnectedError is flask_realtime.Disconnected
    assert exceptions.BadNamespaceError is exceptions.EventError


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), {"message": "Connection rejected by server"}),
        (("no",), {"message": "no"}),
        (("no", 5), {"message": "no", "data": 5}),
        (("no", 5, "x"), {"message": "no", "data": [5, "x"]}),
    ],
)
def test_a_refusal_tells_what_the_client_gets(args: tuple[Any, ...], told: Any) -> None:
    assert ConnectionRefusedError(*args).error_args == told
