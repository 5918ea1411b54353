"""Each error that an application meets says where the documentation explains it, and it does."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from typing import Any

import pytest
from flask import Flask

from flask_realtime import SocketIO, exceptions
from flask_realtime.exceptions import (
    AckTimeout,
    ConnectionRefusedError,
    EncodeError,
    ProtocolError,
    RealtimeError,
    StoreError,
    UsageError,
    message_of,
)
from tests.conftest import ROOT

CLASSES = [
    cls
    for name, cls in vars(exceptions).items()
    if inspect.isclass(cls) and issubclass(cls, RealtimeError) and cls.__name__ == name
]
OF_PEERS = [cls for cls in CLASSES if issubclass(cls, ProtocolError)]
MET: list[Any] = [cls for cls in CLASSES if cls not in [RealtimeError, *OF_PEERS]]
SHOWN = [cls for cls in MET if cls is not ConnectionRefusedError]


def sections(page: str) -> dict[str, str]:
    """The sections of a page that have labels: their titles."""
    text = (ROOT / "docs" / f"{page}.rst").read_text()
    return dict(re.findall(r"^\.\. _([\w-]+):\n\n(.+)\n[-~=]{3,}$", text, re.MULTILINE))


@pytest.mark.parametrize("cls", MET, ids=lambda cls: cls.__name__)
def test_each_has_a_place_of_its_own_in_the_documentation(cls: Any) -> None:
    assert "anchor" in vars(cls)
    assert [other for other in MET if other.anchor == cls.anchor] == [cls]
    page, _, label = cls.anchor.partition("#")
    found = sections(page)
    assert found[label] == f"``{cls.__name__}``" if label else page == "options"


def test_there_is_a_section_for_each_and_no_other() -> None:
    assert list(sections("errors").values()) == [f"``{cls.__name__}``" for cls in MET]


@pytest.mark.parametrize("cls", SHOWN, ids=lambda cls: cls.__name__)
def test_its_text_ends_with_that_place(cls: Any) -> None:
    error = cls("what is wrong")
    assert str(error) == f"what is wrong (docs: {cls.anchor})"
    assert (error.args, message_of(error)) == (("what is wrong",), "what is wrong")


@pytest.mark.parametrize("cls", OF_PEERS, ids=lambda cls: cls.__name__)
def test_what_peers_do_wrong_is_told_as_it_is(cls: Any) -> None:
    assert cls.anchor == ""


def test_a_refusal_has_the_application_s_words_alone() -> None:
    assert str(ConnectionRefusedError("no")) == "no"
    assert message_of(ConnectionRefusedError("no")) == "no"


def test_what_says_nothing_says_nothing() -> None:
    assert str(UsageError()) == ""


def test_another_error_says_what_it_says() -> None:
    assert message_of(ValueError("no (docs: errors#usage)")) == "no (docs: errors#usage)"


@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
@pytest.mark.parametrize("cls", SHOWN, ids=lambda cls: cls.__name__)
def test_a_copy_has_it_once(cls: Any, again: Any) -> None:
    error = again(cls("what is wrong"))
    assert type(error) is cls
    assert str(error) == f"what is wrong (docs: {cls.anchor})"


def test_an_error_of_the_system_keeps_what_it_had() -> None:
    assert str(StoreError(111, "refused")) == "[Errno 111] refused (docs: errors#store)"


# Where the text goes


def test_an_error_within_another_has_it_once() -> None:
    app = Flask(__name__)
    io = SocketIO(app)
    io.on("now", lambda: object())
    io.on("keep", lambda: io.sockets.sockets[client.get_sid()].set("a", object()))
    client = io.test_client(app)
    for event in ("now", "keep"):
        with pytest.raises(EncodeError) as caught:
            client.emit(event, callback=True)
        assert str(caught.value).count("(docs: ") == 1
        assert str(caught.value).endswith(" (docs: errors#encode)")


def test_clients_are_not_told_it() -> None:
    app = Flask(__name__)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    io = SocketIO(app)
    other = io.of("/other")
    io.on("fail", lambda: io.emit("connect"))
    other.use(lambda socket, next: next(AckTimeout("too late")))

    @io.on("connect")
    def connect() -> None:
        io.sockets.sockets[client_id()].use(lambda event, next: next(refused(event)))

    def client_id() -> str:
        (sid,) = io.sockets.sockets
        return sid

    def refused(event: list[Any]) -> Any:
        return UsageError("not so") if event[0] == "refused" else None

    client = io.test_client(app)
    assert client.emit("fail", callback=True) == {"error": "internal error"}
    assert client.emit("refused", callback=True) == {"error": "not so"}
    client.connect("/other")
    assert client.refused["/other"] == {"message": "too late"}
