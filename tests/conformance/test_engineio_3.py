"""Revision 3 of Engine.IO, alone and below Socket.IO: the clients 1.x and 2.x.

In one thing the server goes another way than the suite of revision 3: a WebSocket whose client
sends no pings is not closed while it answers those of WebSocket itself, as browsers do for pages
whose timers are held back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.sites import (
    MAX_PAYLOAD,
    PING_INTERVAL,
    PING_TIMEOUT,
    UPGRADE,
    Site,
    engine_site,
    socket_site,
)
from tests.support.old_wire import EIO3Client, packets_of, payload
from tests.support.waiting import wait_until
from tests.support.wire import PING, PONG, Closed, WebSocketClient
from tests.websocket.masking import frame

WEBSOCKET = "EIO=3"


@pytest.fixture(params=["alone", "below Socket.IO"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    alone = request.param == "alone"
    with engine_site() if alone else socket_site(3) as site:
        yield site


@pytest.fixture
def echo() -> Iterator[Site]:
    with engine_site() as site:
        yield site


def expect_terms(terms: dict[str, Any], upgrades: list[str]) -> None:
    assert type(terms["sid"]) is str
    assert terms["upgrades"] == upgrades
    assert terms["pingInterval"] == PING_INTERVAL * 1000
    assert terms["pingTimeout"] == PING_TIMEOUT * 1000
    assert terms.get("maxPayload", MAX_PAYLOAD) == MAX_PAYLOAD


def is_gone(client: EIO3Client) -> bool:
    """Whether the next poll is refused, for there is no such session."""
    answer = client.poll()
    return answer.status == 400 and json.loads(answer.body)["code"] == 1


# The handshake


def test_a_poll_opens_a_session_and_tells_its_terms(site: Site) -> None:
    answer = site.get("EIO=3&transport=polling&b64=1")
    assert answer.status == 200
    size, _, packet = answer.body.decode().partition(":")
    assert packet[0] == "0"
    expect_terms(json.loads(packet[1 : int(size)]), ["websocket"])


@pytest.mark.parametrize("query", ["EIO=3", "EIO=3&transport=abc"])
def test_a_request_without_a_transport_that_is_known_is_refused(site: Site, query: str) -> None:
    assert site.get(query).status == 400


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_only_a_get_opens_a_session(site: Site, method: str) -> None:
    assert site.get("EIO=3&transport=polling", method=method).status == 400
    assert not site.running.sessions


def test_a_websocket_opens_a_session_that_has_no_upgrades(site: Site) -> None:
    expect_terms(site.websocket(WEBSOCKET).terms, [])


def test_a_websocket_without_a_revision_that_is_known_is_refused(site: Site) -> None:
    assert site.get("EIO=abc&transport=websocket", UPGRADE).status == 400


@pytest.mark.parametrize("query", ["EIO=3", "EIO=3&transport=abc"])
def test_a_websocket_whose_request_does_not_name_it_is_refused(site: Site, query: str) -> None:
    assert site.get(query, UPGRADE).status == 400


# Messages


@pytest.mark.parametrize(
    "messages",
    [["4hello"], ["4one", "4two", "4three"], ["4hello", "b4AQIDBA=="]],
    ids=["a text", "several texts", "text and bytes"],
)
def test_the_messages_of_a_post_come_back_by_the_next_poll(
    echo: Site, messages: list[str]
) -> None:
    client = echo.eio3()
    answer = client.post(payload(*messages))
    assert (answer.status, answer.body) == (200, b"ok")
    assert packets_of(client.poll()) == messages


def test_bytes_come_back_in_a_binary_body_to_a_client_that_can_read_it(echo: Site) -> None:
    client = echo.eio3("EIO=3")
    client.send("4hello", "b4AQIDBA==")
    text, data = b"\x00\x06\xff4hello", b"\x01\x05\xff\x04\1\2\3\4"
    assert client.poll().body == text + data


def test_a_post_that_is_no_packet_ends_the_session(echo: Site) -> None:
    client = echo.eio3()
    assert client.post(b"abc").status == 400
    assert is_gone(client)


def test_a_second_poll_beside_one_that_waits_ends_the_session(echo: Site) -> None:
    client = echo.eio3()
    echo.running.ask(client)
    assert echo.running.http().get(client.target).status == 400
    assert packets_of(client.answer()) == ["1"]
    assert is_gone(client)


def test_a_text_comes_back_over_a_websocket(echo: Site) -> None:
    websocket = echo.websocket(WEBSOCKET)
    websocket.send_text("4hello")
    assert websocket.receive() == "4hello"


def test_bytes_come_back_over_a_websocket_with_their_type_in_front(echo: Site) -> None:
    websocket = echo.websocket(WEBSOCKET)
    websocket.send_binary(b"\4\1\2\3\4")
    assert websocket.receive() == b"\4\1\2\3\4"


def test_a_websocket_on_which_comes_what_is_no_packet_is_closed(echo: Site) -> None:
    websocket = echo.websocket(WEBSOCKET)
    websocket.send_text("abc")
    with pytest.raises(Closed):
        websocket.receive()


# The heartbeat


def test_the_pings_of_a_client_that_polls_are_answered_and_it_stays(site: Site) -> None:
    client = site.eio3()
    for _ in range(3):
        site.running.pass_by(PING_INTERVAL)
        client.send("2")
        assert packets_of(client.poll()) == ["3"]


def test_a_client_that_polls_and_sends_no_ping_is_gone(site: Site) -> None:
    client = site.eio3()
    site.running.pass_by(PING_INTERVAL + PING_TIMEOUT)
    assert client.post(payload("2")).status == 400


def test_the_pings_of_a_client_on_a_websocket_are_answered_and_it_stays(site: Site) -> None:
    websocket = site.websocket(WEBSOCKET)
    for _ in range(3):
        site.running.pass_by(PING_INTERVAL - 1)
        websocket.send_text("2")
        assert websocket.receive() == "3"


def probed(site: Site) -> WebSocketClient:
    """Open a WebSocket and send no ping, until the server sends one of WebSocket."""
    websocket = site.websocket(WEBSOCKET)
    site.running.pass_by(PING_INTERVAL)
    assert websocket._next_frame() == (0x80 | PING, b"")
    return websocket


def test_a_websocket_whose_client_is_silent_is_closed(site: Site) -> None:
    websocket = probed(site)
    site.running.pass_by(PING_TIMEOUT)
    with pytest.raises(Closed):
        websocket.receive()


def test_a_websocket_whose_client_answers_pings_of_websocket_alone_stays(site: Site) -> None:
    websocket = probed(site)
    websocket.send(frame(PONG))
    wait_until(lambda: site.running.session().transport.alive, what="the answer has come")
    site.running.pass_by(PING_TIMEOUT)
    assert site.hears(websocket)


# The end


def test_a_client_that_polls_may_leave(site: Site) -> None:
    client = site.eio3()
    site.running.ask(client)
    client.send("1")
    assert packets_of(client.answer()) == ["6"]
    assert is_gone(client)


def test_a_websocket_is_closed_when_its_client_leaves(site: Site) -> None:
    websocket = site.websocket(WEBSOCKET)
    websocket.send_text("1")
    with pytest.raises(Closed):
        websocket.receive()


# The upgrade


def upgraded(site: Site, client: EIO3Client) -> WebSocketClient:
    """Move a session to a WebSocket."""
    websocket = site.second_websocket(f"EIO=3&sid={client.sid}")
    websocket.send_text("2probe")
    assert websocket.receive() == "3probe"
    websocket.send_text("5")
    return websocket


def test_a_session_goes_on_over_a_websocket_after_its_poll_has_ended(site: Site) -> None:
    client = site.eio3()
    websocket = site.second_websocket(f"EIO=3&sid={client.sid}")
    websocket.send_text("2probe")
    assert websocket.receive() == "3probe"
    assert packets_of(client.poll()) == ["6"]
    websocket.send_text("5")
    assert site.hears(websocket)


def test_a_poll_after_the_upgrade_is_refused_and_does_no_harm(site: Site) -> None:
    client = site.eio3()
    websocket = upgraded(site, client)
    assert site.hears(websocket)
    assert client.poll().status == 400
    assert site.hears(websocket)


def test_a_second_websocket_after_the_upgrade_is_closed_and_does_no_harm(site: Site) -> None:
    client = site.eio3()
    websocket = upgraded(site, client)
    with pytest.raises(Closed):
        site.second_websocket(f"EIO=3&sid={client.sid}").receive()
    assert site.hears(websocket)
