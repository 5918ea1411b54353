"""What goes wrong with an upgrade ends its WebSocket, and leaves the session on polling."""

from __future__ import annotations

import pytest

from tests.engine.upgrading import joined, still_polls, upgraded
from tests.support.app import Serve
from tests.support.waiting import let_run, wait_until
from tests.support.wire import CLOSE, TEXT
from tests.websocket.masking import frame


@pytest.mark.parametrize(
    "messages",
    [
        ["2"],
        ["2prob"],
        ["3probe"],
        ["40"],
        ['42["note",1]'],
        ["garbage"],
        [""],
        ["1"],
        ["6"],
        ["2probe", "2probe"],
        ["2probe", '42["note",1]'],
        ["2probe", "garbage"],
    ],
)
def test_any_other_step_ends_the_websocket(serve: Serve, messages: list[str]) -> None:
    running, app = serve()
    client = joined(running)
    websocket = running.probe(client)
    websocket.send_text(*messages)
    assert websocket.closed_with() == 1002
    still_polls(running, client)
    assert app.noted == []


def test_bytes_end_the_websocket(serve: Serve) -> None:
    running, _ = serve()
    client = joined(running)
    websocket = running.probe(client)
    websocket.send_binary(b"2probe")
    assert websocket.closed_with() == 1002
    still_polls(running, client)


@pytest.mark.parametrize("messages", [[], ["2probe"]])
def test_an_upgrade_that_takes_too_long_ends(serve: Serve, messages: list[str]) -> None:
    running, app = serve(upgrade_timeout=10)
    client = joined(running)
    websocket = running.probe(client)
    if messages:
        websocket.send_text(*messages)
        assert websocket.receive() == "3probe"
    wait_until(lambda: running.session().upgrade)
    running.pass_by(9)
    assert running.session().upgrade
    running.pass_by(1)
    assert websocket.closed_with() == 1000
    still_polls(running, client)


@pytest.mark.parametrize("messages", [[], ["2probe"]])
@pytest.mark.parametrize("end", ["close", "finish", "reset", "break a rule"])
def test_a_websocket_that_is_lost_meanwhile_changes_nothing(
    serve: Serve, messages: list[str], end: str
) -> None:
    running, app = serve()
    client = joined(running)
    websocket = running.probe(client)
    if messages:
        websocket.send_text(*messages)
        websocket.receive()
    if end == "close":
        websocket.send(frame(CLOSE, b"\x03\xe8"))
    elif end == "break a rule":
        websocket.send(b"\x81\x01x")
    else:
        getattr(websocket, end)()
    wait_until(lambda: running.session().upgrade is None)
    still_polls(running, client)
    assert app.reasons == []


def test_after_a_failed_upgrade_the_next_one_may_succeed(serve: Serve) -> None:
    running, app = serve()
    client = joined(running)
    first = running.probe(client)
    first.send_text("garbage")
    first.closed_with()
    websocket = upgraded(running, client)
    websocket.send_text('421["echo"]')
    assert websocket.receive() == "431[]"


def test_a_second_websocket_beside_the_first_is_closed(serve: Serve) -> None:
    running, app = serve()
    client = joined(running)
    first = running.probe(client)
    first.send_text("2probe")
    assert first.receive() == "3probe"
    second = running.probe(client)
    assert second.closed_with() == 1000
    first.send_text("5", '421["echo"]')
    assert first.receive() == "431[]"
    third = running.probe(client)
    third.send_text("2probe")
    assert third.closed_with() == 1000
    first.send_text('422["echo"]')
    assert first.receive() == "432[]"
    assert app.reasons == []


def test_a_session_that_began_on_a_websocket_takes_no_other(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    other = running.raw_websocket(f"sid={client.sid}")
    assert other.closed_with() == 1000
    client.send_text('421["echo"]')
    assert client.receive() == "431[]"


def test_where_upgrades_are_off_the_websocket_is_closed(serve: Serve) -> None:
    running, app = serve(allow_upgrades=False)
    client = joined(running)
    websocket = running.probe(client)
    assert websocket.closed_with() == 1000
    still_polls(running, client)


# The session ends meanwhile.


def test_a_client_that_leaves_by_polling_takes_the_websocket_along(serve: Serve) -> None:
    running, app = serve()
    client = joined(running)
    websocket = running.probe(client)
    websocket.send_text("2probe")
    websocket.receive()
    client.send("1")
    assert websocket.closed_with() == 1000
    assert app.reason() == "transport close"
    assert not running.sessions


def test_a_session_that_ends_at_once_takes_the_websocket_along(serve: Serve) -> None:
    running, app = serve(upgrade_timeout=100)
    client = joined(running)
    websocket = running.probe(client)
    wait_until(lambda: running.session().upgrade)
    running.pass_by(25)
    running.pass_by(20)
    assert websocket.closed_with() == 1000
    assert app.reason() == "ping timeout"
    assert not running.sessions


def test_a_client_that_is_sent_away_meanwhile_may_fetch_the_goodbye_by_either_way(
    serve: Serve,
) -> None:
    running, app = serve()
    client = joined(running)
    websocket = running.probe(client)
    websocket.send_text("2probe")
    websocket.receive()
    app.socket.disconnect(close=True)
    websocket.send_text("5")
    assert websocket.receive() == "41"
    assert websocket.closed_with() == 1000
    assert not running.sessions

    client = joined(running)
    websocket = running.probe(client)
    websocket.send_text("2probe")
    websocket.receive()
    app.socket.disconnect(close=True)
    assert client.get() == ["41"]
    assert client.get() == ["1"]
    assert websocket.closed_with() == 1000
    assert not running.sessions


def test_a_full_inbox_stays_full_across_the_switch(serve: Serve) -> None:
    running, app = serve(max_inbox=10)
    client = joined(running)
    websocket = running.probe(client)
    websocket.send_text("2probe")
    websocket.receive()
    client.send('42["block"]')
    assert app.blocked.wait(5)
    packets = b"".join(frame(TEXT, b'42["note",%d]' % number) for number in range(200))
    websocket.send(frame(TEXT, b"5") + packets)
    wait_until(lambda: running.session().transport.name == "websocket")
    let_run()
    assert len(app.socket.client._inbox or ()) == 10
    app.go.set()
    wait_until(lambda: len(app.noted) == 200)
    assert app.noted == list(range(200))
