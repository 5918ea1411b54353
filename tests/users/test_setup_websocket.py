"""Whoever polls although there are WebSockets is told of, once, with what to look for."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from flask_realtime.engine.dialects import Dialects
from flask_realtime.engine.offer import PATIENCE, Offer
from flask_realtime.options import make_options
from flask_realtime.protocol.request import ClientRequest
from flask_realtime.transports.http import Request
from tests.support.application import Site
from tests.support.waiting import let_run
from tests.support.wire import PATH, PollingClient

POLL = f"{PATH}?EIO=4&transport=polling"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    let_run()
    return [record.getMessage() for record in caplog.records]


def live(site: Site, seconds: float, *clients: PollingClient) -> None:
    """Let time pass for clients that poll, and answer every ping."""
    step = 25.0
    while seconds > 0:
        site.running.pass_by(min(step, seconds))
        seconds -= step
        for client in clients:
            if client.sid in site.running.sessions and seconds > 0:
                assert client.receive() == "2"
                client.send("3")


def test_a_handshake_offers_the_websocket(site: Site) -> None:
    assert site.running.polling().terms["upgrades"] == ["websocket"]


@pytest.mark.parametrize("protocol", ["HTTP/1.0", "HTTP/2", "HTTP/2.0"])
def test_where_no_websocket_can_follow_none_is_offered(protocol: str) -> None:
    options = make_options()
    offer, request = Offer(options), Request({"SERVER_PROTOCOL": protocol}, {})
    dialects = Dialects(options)
    for name in ("eio4", "eio3"):
        dialect = dialects.find(ClientRequest(name, "polling", None))
        assert offer.names(request, dialect) == []
    oldest = dialects.find(ClientRequest("sio09", "", None))
    assert offer.names(request, oldest) == ["htmlfile", "polling", "jsonp-polling"]


def test_a_handshake_in_http_1_0_is_offered_none(site: Site) -> None:
    http = site.running.http()
    http.send(f"GET {POLL} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
    terms = json.loads(http.answer().packets[0][1:])
    assert terms["upgrades"] == []


def test_the_first_client_that_polls_on_is_told_of_with_the_probable_cause(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    clients = [
        site.running.polling(headers={"User-Agent": "Old/1"}),
        site.running.polling(headers={"User-Agent": "Old/2"}),
    ]
    for client in clients:
        client.connect()
    live(site, PATIENCE, *clients)
    assert warnings(caplog) == []
    live(site, 25, *clients)
    (warning,) = warnings(caplog)
    assert "Old/1" in warning
    assert "127.0.0.1" in warning
    assert "option transports" in warning  # it may have been told to: nobody can know
    assert "headers Upgrade and Connection" in warning
    assert "proxy_http_version 1.1" in warning
    assert not any(client.sid in warning for client in clients)


def test_a_client_in_http_1_0_is_told_of_by_its_own_cause(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    http = site.running.http()
    http.send(f"GET {POLL} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
    client = PollingClient(site.running.port)
    client.sid = json.loads(http.answer().packets[0][1:])["sid"]
    client.target += f"&sid={client.sid}"
    client.connect()
    live(site, PATIENCE + 25, client)
    (warning,) = warnings(caplog)
    assert "come in HTTP/1.0" in warning
    assert "proxy_http_version 1.1" in warning
    client.close()


def test_a_websocket_request_that_has_lost_its_upgrade_tells_of_the_proxy_at_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    client = site.running.polling()
    client.connect()
    stripped = f"{PATH}?EIO=4&transport=websocket&sid={client.sid}"
    assert site.running.http().get(stripped).status == 400
    (warning,) = warnings(caplog)
    assert "without Upgrade" in warning
    assert "proxy" in warning


def test_who_has_gone_on_to_the_websocket_is_not_told_of(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    client = site.running.polling()
    client.connect()
    websocket = site.running.probe(client)
    websocket.send_text("2probe")
    assert websocket.receive() == "3probe"
    websocket.send_text("5")
    websocket.send_text('421["sync"]')
    assert websocket.receive() == "431[]"
    for _ in range(4):
        site.running.pass_by(25)
        assert websocket.receive() == "2"
        websocket.send_text("3")
        websocket.send_text('421["sync"]')
        assert websocket.receive() == "431[]"
    assert warnings(caplog) == []


@pytest.mark.parametrize("options", [{"transports": "polling"}, {"allow_upgrades": False}], ids=str)
def test_where_polling_is_what_was_wanted_nobody_is_told_of(
    serve: Callable[..., Site], caplog: pytest.LogCaptureFixture, options: dict[str, object]
) -> None:
    site = serve(**options)
    client = site.running.polling()
    client.connect()
    live(site, PATIENCE + 25, client)
    assert warnings(caplog) == []
