"""Revision 4 of Engine.IO, alone and below Socket.IO: the clients 3.x and 4.x."""

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
from tests.support.wire import Closed, PollingClient, WebSocketClient


@pytest.fixture(params=["alone", "below Socket.IO"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    alone = request.param == "alone"
    with engine_site() if alone else socket_site(4) as site:
        yield site


@pytest.fixture
def echo() -> Iterator[Site]:
    with engine_site() as site:
        yield site


@pytest.fixture(params=["alone", "below Socket.IO"])
def strict(request: pytest.FixtureRequest) -> Iterator[Site]:
    """Without older clients, of which some do not say their revision."""
    alone = request.param == "alone"
    with engine_site(protocols="eio4") if alone else socket_site(4, protocols="eio4") as site:
        yield site


def expect_terms(terms: dict[str, Any], upgrades: list[str]) -> None:
    assert terms.keys() == {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}
    assert type(terms["sid"]) is str
    assert terms["upgrades"] == upgrades
    assert terms["pingInterval"] == PING_INTERVAL * 1000
    assert terms["pingTimeout"] == PING_TIMEOUT * 1000
    assert terms["maxPayload"] == MAX_PAYLOAD


def is_gone(client: PollingClient) -> bool:
    """Whether the next poll is refused, for there is no such session."""
    client.ask()
    answer = client.answer()
    return answer.status == 400 and json.loads(answer.body)["code"] == 1


# The handshake


def test_a_poll_opens_a_session_and_tells_its_terms(site: Site) -> None:
    answer = site.get("EIO=4&transport=polling")
    assert answer.status == 200
    assert answer.body[:1] == b"0"
    expect_terms(json.loads(answer.body[1:]), ["websocket"])


@pytest.mark.parametrize("query", ["transport=polling", "EIO=abc&transport=polling"])
def test_a_poll_without_a_revision_that_is_known_is_refused(strict: Site, query: str) -> None:
    assert strict.get(query).status == 400


@pytest.mark.parametrize("query", ["EIO=4", "EIO=4&transport=abc"])
def test_a_request_without_a_transport_that_is_known_is_refused(site: Site, query: str) -> None:
    assert site.get(query).status == 400


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_only_a_get_opens_a_session(site: Site, method: str) -> None:
    assert site.get("EIO=4&transport=polling", method=method).status == 400
    assert not site.running.sessions


def test_a_websocket_opens_a_session_that_has_no_upgrades(site: Site) -> None:
    expect_terms(site.websocket().terms, [])


@pytest.mark.parametrize("query", ["transport=websocket", "EIO=abc&transport=websocket"])
def test_a_websocket_without_a_revision_that_is_known_is_refused(strict: Site, query: str) -> None:
    assert strict.get(query, UPGRADE).status == 400


@pytest.mark.parametrize("query", ["EIO=4", "EIO=4&transport=abc"])
def test_a_websocket_whose_request_does_not_name_it_is_refused(site: Site, query: str) -> None:
    assert site.get(query, UPGRADE).status == 400


# Messages


@pytest.mark.parametrize(
    "messages",
    [["4hello"], ["4one", "4two", "4three"], ["4hello", "bAQIDBA=="]],
    ids=["a text", "several texts", "text and bytes"],
)
def test_the_messages_of_a_post_come_back_by_the_next_poll(
    echo: Site, messages: list[str]
) -> None:
    client = echo.polling()
    answer = client.post("\x1e".join(messages).encode())
    assert (answer.status, answer.body) == (200, b"ok")
    assert client.get() == messages


def test_a_post_that_is_no_packet_ends_the_session(echo: Site) -> None:
    client = echo.polling()
    assert client.post(b"abc").status == 400
    assert is_gone(client)


def test_a_second_poll_beside_one_that_waits_ends_the_session(echo: Site) -> None:
    client = echo.polling()
    echo.running.ask(client)
    assert echo.running.http().get(client.target).status == 400
    assert client.answer().packets == ["1"]
    assert is_gone(client)


def test_a_text_comes_back_over_a_websocket(echo: Site) -> None:
    websocket = echo.websocket()
    websocket.send_text("4hello")
    assert websocket.receive() == "4hello"


def test_bytes_come_back_over_a_websocket(echo: Site) -> None:
    websocket = echo.websocket()
    websocket.send_binary(b"\1\2\3\4")
    assert websocket.receive() == b"\1\2\3\4"


def test_a_websocket_on_which_comes_what_is_no_packet_is_closed(echo: Site) -> None:
    websocket = echo.websocket()
    websocket.send_text("abc")
    with pytest.raises(Closed):
        websocket.receive()


# The heartbeat


def test_a_client_that_polls_and_answers_pings_stays(site: Site) -> None:
    client = site.polling()
    for _ in range(3):
        site.running.ask(client)
        site.running.pass_by(PING_INTERVAL)
        assert client.answer().packets == ["2"]
        site.running.pass_by(PING_TIMEOUT - 1)
        client.send("3")


def test_a_client_that_polls_and_answers_no_ping_is_gone(site: Site) -> None:
    client = site.polling()
    site.running.pass_by(PING_INTERVAL + PING_TIMEOUT)
    assert is_gone(client)


def test_a_websocket_whose_client_answers_pings_stays(site: Site) -> None:
    websocket = site.websocket()
    for _ in range(3):
        site.running.pass_by(PING_INTERVAL)
        assert websocket.receive() == "2"
        site.running.pass_by(PING_TIMEOUT - 1)
        websocket.send_text("3")
        assert site.hears(websocket)


def test_a_websocket_whose_client_answers_no_ping_is_closed(site: Site) -> None:
    websocket = site.websocket()
    site.running.pass_by(PING_INTERVAL + PING_TIMEOUT)
    assert websocket.receive() == "2"
    with pytest.raises(Closed):
        websocket.receive()


# The end


def test_a_client_that_polls_may_leave(site: Site) -> None:
    client = site.polling()
    site.running.ask(client)
    client.send("1")
    assert client.answer().packets == ["6"]
    assert is_gone(client)


def test_a_websocket_is_closed_when_its_client_leaves(site: Site) -> None:
    websocket = site.websocket()
    websocket.send_text("1")
    with pytest.raises(Closed):
        websocket.receive()


# The upgrade


def upgraded(site: Site, client: PollingClient) -> WebSocketClient:
    """Move a session to a WebSocket."""
    websocket = site.second_websocket(f"EIO=4&sid={client.sid}")
    websocket.send_text("2probe", "5")
    assert websocket.receive() == "3probe"
    return websocket


def test_a_session_goes_on_over_a_websocket_after_its_poll_has_ended(site: Site) -> None:
    client = site.polling()
    websocket = site.second_websocket(f"EIO=4&sid={client.sid}")
    websocket.send_text("2probe")
    assert websocket.receive() == "3probe"
    assert client.get() == ["6"]
    websocket.send_text("5")
    assert site.hears(websocket)


def test_a_poll_after_the_upgrade_is_refused_and_does_no_harm(site: Site) -> None:
    client = site.polling()
    websocket = upgraded(site, client)
    client.ask()
    assert client.answer().status == 400
    assert site.hears(websocket)


def test_a_second_websocket_after_the_upgrade_is_closed_and_does_no_harm(site: Site) -> None:
    client = site.polling()
    websocket = upgraded(site, client)
    with pytest.raises(Closed):
        site.second_websocket(f"EIO=4&sid={client.sid}").receive()
    assert site.hears(websocket)
