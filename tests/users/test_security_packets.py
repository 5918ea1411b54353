"""Packets that were made to hurt: no exception, no handler called with what is no value of theirs,
and the server goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flask_realtime.exceptions import EncodeError
from tests.support.app import Serve, serving_apps
from tests.support.application import Site
from tests.support.http import SEPARATOR
from tests.support.waiting import let_run, wait_until
from tests.support.wire import Closed


@pytest.fixture
def serve_app() -> Iterator[Serve]:
    with serving_apps() as start:
        yield start
        let_run()


STAND_IN = '{"_placeholder":true,"num":%s}'

CRAFTED = {
    "a stand-in without attachments": ["451-" + '["note",' + STAND_IN % 1 + "]", b"x"],
    "a negative number": ["451-" + '["note",' + STAND_IN % -1 + "]", b"x"],
    "no number": ['451-["note",{"_placeholder":true}]', b"x"],
    "a number that is text": ["451-" + '["note",' + STAND_IN % '"0"' + "]", b"x"],
    "a number that is a truth": ["451-" + '["note",' + STAND_IN % "true" + "]", b"x"],
    "the name of a method": ["451-" + '["note",' + STAND_IN % '"splice"' + "]", b"x"],
    "one attachment twice": [
        "451-" + '["note",' + STAND_IN % 0 + "," + STAND_IN % 0 + "]",
        b"x",
    ],
    "an attachment for nothing": ['451-["note",1]', b"x"],
    "an attachment as the name": ["451-[" + STAND_IN % 0 + "]", b"x"],
    "text before its attachments": ['451-["note",' + STAND_IN % 0 + "]", '42["note",1]'],
    "attachments too many": ["411-".replace("4", "45", 1) + '["note"]'],
    "attachments without number": ['45-["note"]'],
    "attachments beyond counting": ["45" + "9" * 20 + '-["note"]'],
    "an attachment of nothing": [b"x"],
    "an object for a list": ['42{"0":"note"}'],
    "text for a list": ['42"note"'],
    "an empty list": ["42[]"],
    "no data": ["42"],
    "a name that is null": ["42[null,1]"],
    "a name that is a truth": ["42[true,1]"],
    "a name that is a list": ['42[["note"],1]'],
    "a name that is an object": ['42[{"toString":"note"},1]'],
    "connect": ['42["connect"]'],
    "connect_error": ['42["connect_error"]'],
    "disconnect": ['42["disconnect","transport close"]'],
    "disconnecting": ['42["disconnecting"]'],
    "newListener": ['42["newListener"]'],
    "removeListener": ['42["removeListener"]'],
    "deep lists": ["42" + '["note",' + "[" * 200_000 + "]" * 200_000 + "]"],
    "deep objects": ["42" + '["note",' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "]"],
    "deep and unfinished": ["42" + "[" * 900_000],
    "a number of 100,000 digits": ['42["note",' + "9" * 100_000 + "]"],
    "an id too long": ["42" + "9" * 30 + '["note"]'],
    "digits of another script": ['42\u0661["note"]'],
    "NaN": ['42["note",NaN]'],
    "a CONNECT with a list": ["40[]"],
    "a refusal from a client": ['44{"message":"no"}'],
    "an unknown type": ["47"],
    "an answer without its number": ["43[]"],
}


@pytest.mark.parametrize("transport", ["websocket", "polling"])
@pytest.mark.parametrize("packets", CRAFTED.values(), ids=CRAFTED)
def test_a_crafted_packet_ends_its_own_session_and_reaches_no_handler(
    serve_app: Serve, transport: str, packets: list[str | bytes]
) -> None:
    running, app = serve_app()
    called: list[Any] = []
    for event in ("note", "disconnecting", "true", "None"):
        app_events = running.server.of("/")
        app_events.on(event, lambda *args: called.append(args))
    client: Any = getattr(running, transport)()
    client.connect()
    other = running.websocket()
    other.connect()
    if transport == "websocket":
        for packet in packets:
            send = client.send_text if isinstance(packet, str) else client.send_binary
            send(packet)
        assert client.closed_with() is not None
    else:
        texts = [each if isinstance(each, str) else "beA==" for each in packets]
        assert client.post(SEPARATOR.join(texts).encode()).status == 400
    assert app.reason() == "parse error"
    assert called in ([], [("parse error",)])  # of disconnecting
    other.send_text('421["echo",1]')
    assert other.receive() == "431[1]"


@pytest.mark.parametrize("name", ["0", "1e3", "-1", "1.5"])
def test_a_name_that_is_a_number_is_an_event_that_nobody_handles(
    serve_app: Serve, name: str
) -> None:
    running, app = serve_app()
    client = running.websocket()
    client.connect()
    client.send_text(f"42[{name},1]", '421["echo"]')
    assert client.receive() == "431[]"
    assert app.reasons == []


@pytest.mark.parametrize("value", ["1e400", "-1e400", "9" * 4000])
def test_a_huge_number_harms_nobody(serve_app: Serve, value: str) -> None:
    running, app = serve_app()
    client = running.websocket()
    client.connect()
    client.send_text(f'421["echo",{value}]')
    assert str(client.receive()).startswith("431[")
    assert app.reasons == []


def test_in_an_event_without_attachments_it_is_an_object_as_any_other(serve_app: Serve) -> None:
    running, app = serve_app()
    client = running.websocket()
    client.connect()
    client.send_text('42["note",{"_placeholder":true,"num":0}]')
    wait_until(lambda: app.noted == [{"_placeholder": True, "num": 0}])


@pytest.mark.parametrize("value", [True, 1, "yes"])
def test_what_poses_as_a_placeholder_is_not_sent_beside_binary(site: Site, value: Any) -> None:
    """Relayed, it would have every receiver close its connection, or take one's bytes for
    another's."""
    client = site.client()
    socket = site.socket(client)
    posing = {"deep": [{"_placeholder": value, "num": 0}]}
    with pytest.raises(EncodeError, match="_placeholder"):
        socket.emit("picture", posing, b"bytes")
    assert socket.emit("picture", posing)
    assert str(client.receive()).startswith('42["picture",{"deep":[{"_placeholder":')
    assert socket.emit("picture", {"_placeholder": False}, b"bytes")
    assert client.receive() == (
        '451-["picture",{"_placeholder":false},{"_placeholder":true,"num":0}]'
    )
    assert client.receive() == b"bytes"


def test_who_relays_it_fails_alone(site: Site) -> None:
    site.io.on("relay", lambda data: site.io.emit("relayed", data, b"bytes"))
    evil, other = site.client(), site.client()
    answer = evil.ask('421["relay",{"_placeholder":true,"num":7}]')
    assert answer == '431[{"error":"internal error"}]'
    assert other.got_nothing()


def test_a_flood_of_namespaces_is_bounded(serve_app: Serve) -> None:
    running, app = serve_app(max_namespaces=5)
    for number in range(10):
        running.server.of(f"/n{number}")
    client = running.websocket()
    client.send_text(*(f"40/n{number}," for number in range(10)))
    answers = [str(client.receive()) for _ in range(10)]
    assert [each[:2] for each in answers] == ["40"] * 5 + ["44"] * 5
    client.send_text(*(f"40/unknown{number}," for number in range(2000)))
    for _ in range(2000):
        assert str(client.receive()).startswith("44/unknown")
    (there,) = {each.client for each in running.server.of("/n0").sockets.values()}
    assert len(there.sockets) == 5
    assert len(running.server.namespaces) == 11
    assert len(running.server._logged) <= 100


def test_coming_and_going_leaves_nothing(serve_app: Serve) -> None:
    running, _ = serve_app()
    client = running.websocket()
    for _ in range(500):
        client.connect()
        client.send_text("41")
    client.connect()
    assert len(running.server.of("/").sockets) == 1
    assert not [deadline for deadline in running.engine.clock._heap]
    with pytest.raises(Closed):
        client.send_text("40")  # twice at a time is against the rules
        client.receive()
