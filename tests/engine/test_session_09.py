"""A session of a client 0.7 to 0.9: the handshake first, then whatever transport, one after the
other."""

from __future__ import annotations

import pytest

from tests.support.app import Serve
from tests.support.hixie import CLOSE, HixieClient
from tests.support.old_wire import Client09
from tests.support.server import Running
from tests.support.waiting import wait_until
from tests.support.wire import Closed, WebSocketClient

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
HELLO = '5:::{"name":"note","args":["hello"]}'


def websocket_09(running: Running, sid: str) -> WebSocketClient:
    return running.raw_websocket(target=f"/socket.io/1/websocket/{sid}")


def opened(running: Running, transport: str = "xhr-polling") -> Client09:
    """A session whose first poll has brought the root namespace."""
    client = running.client_09(transport)
    assert client.receive() == "1::"
    return client


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_handshake_opens_a_session_by_either_method(serve: Serve, method: str) -> None:
    running, _ = serve()
    answer = running.http().request(method, "/socket.io/1/?t=1", {})
    assert answer.body.decode().partition(":")[0] == running.session().sid


def test_a_handshake_that_is_not_used_is_dropped(serve: Serve) -> None:
    running, app = serve(ping_interval=25, ping_timeout=20, connect_timeout=60)
    running.client_09()
    running.pass_by(44)
    assert len(running.sessions) == 1
    running.pass_by(1)
    wait_until(lambda: not running.sessions)
    assert not app.sockets, "who never came was never connected"


def test_of_two_polls_the_newer_one_wins_and_the_old_one_ends_with_a_noop(serve: Serve) -> None:
    running, app = serve()
    first = opened(running)
    running.ask(first)
    second = running._opened(Client09(running.port, sid=first.sid))
    second.ask()
    assert first.answer().body == b"8::"
    app.socket.emit("news")
    assert second.answer().body == b'5:::{"name":"news"}'
    assert app.reasons == []


def test_an_id_without_a_plus_is_acknowledged_on_receipt(serve: Serve) -> None:
    running, app = serve()
    client = opened(running)
    client.send('5:1::{"name":"block"}')  # its handler does not return
    assert client.receive() == "6:::1"
    app.go.set()
    client.send('5:2+::{"name":"echo","args":["a",2]}')
    assert client.receive() == '6:::2+["a",2]'
    app.socket.emit("after")
    assert client.receive() == '5:::{"name":"after"}'  # the handler's end was not answered again


# Other transports


def test_a_session_goes_on_over_another_transport_by_a_get(serve: Serve) -> None:
    running, app = serve()
    client = opened(running)
    running.ask(client)
    scripts = running._opened(Client09(running.port, "jsonp-polling", sid=client.sid))
    scripts.ask()
    assert client.answer().body == b"8::"
    assert scripts.answer().body == b'io.j[4]("1::");', "it has not heard that it is connected"
    app.socket.emit("news")
    assert scripts.poll().body == b'io.j[4]("5:::{\\"name\\":\\"news\\"}");'
    frame = running._opened(Client09(running.port, "htmlfile", sid=client.sid))
    stream = running.stream(frame)
    assert len(stream.piece()) == 256
    assert stream.piece() == b'<script>_("1::");</script>'
    app.socket.emit("more")
    assert stream.piece() == b'<script>_("5:::{\\"name\\":\\"more\\"}");</script>'
    assert running.session().transport.name == "htmlfile"
    assert app.reasons == []


def test_a_session_goes_on_over_a_websocket_and_nothing_is_lost(serve: Serve) -> None:
    running, app = serve()
    client = opened(running)
    app.socket.emit("waits")
    websocket = websocket_09(running, client.sid)
    assert websocket.receive() == '5:::{"name":"waits"}'
    websocket.send_text(HELLO)
    wait_until(lambda: app.noted)
    assert app.reasons == []


def test_a_websocket_on_which_the_client_speaks_keeps_its_session(serve: Serve) -> None:
    """Others may know the sid."""
    running, app = serve()
    client = running.client_09()
    websocket = websocket_09(running, client.sid)
    assert websocket.receive() == "1::"
    websocket.send_text(HELLO)
    wait_until(lambda: app.noted)
    answer = client.poll()
    assert (answer.status, answer.body) == (400, b"handshake error")
    with pytest.raises(Closed):
        websocket_09(running, client.sid).receive()
    app.socket.emit("news")
    assert websocket.receive() == '5:::{"name":"news"}'
    assert app.reasons == []


def test_a_websocket_that_never_said_anything_may_be_left(serve: Serve) -> None:
    """A proxy has opened it, and lets nothing through."""
    running, app = serve()
    client = running.client_09()
    websocket_09(running, client.sid)
    wait_until(lambda: running.session().transport.name == "websocket")
    wait_until(lambda: app.sockets)
    client.ask()
    wait_until(lambda: running.session().transport.name == "polling")
    assert client.answer().body == b"1::", "else it would try every transport in vain"
    app.socket.emit("news")
    assert client.receive() == '5:::{"name":"news"}'
    assert app.reasons == []


# The end


@pytest.mark.parametrize("goodbye", ["0::", "0"])
def test_who_leaves_the_root_namespace_has_left(serve: Serve, goodbye: str) -> None:
    running, app = serve()
    client = opened(running)
    running.ask(client)
    client.send(goodbye)
    assert app.reason() == "client namespace disconnect"
    assert client.answer().body == b"0::"
    assert not running.sessions


def test_who_leaves_on_a_websocket_is_closed(serve: Serve) -> None:
    running, app = serve()
    websocket = websocket_09(running, running.client_09().sid)
    assert websocket.receive() == "1::"
    websocket.send_text("0::")
    assert app.reason() == "client namespace disconnect"
    with pytest.raises(Closed):
        while True:
            websocket.receive()


# Sids of nobody


@pytest.mark.parametrize("sid", ["nobody", "00abcdefghijklmnopqr", "07abcdefghijklmnopqr"])
def test_a_poll_of_an_unknown_session_is_told_to_begin_anew(serve: Serve, sid: str) -> None:
    running, _ = serve()
    answer = running.http().get(f"/socket.io/1/xhr-polling/{sid}?t=1")
    assert (answer.status, answer.body) == (200, b"7:::1+0")
    assert answer.headers["content-type"] == "text/plain; charset=UTF-8"


@pytest.mark.parametrize("transports", [["websocket"], ["flashsocket"]])
def test_a_websocket_of_an_unknown_session_is_told_to_begin_anew(
    serve: Serve, transports: list[str]
) -> None:
    running, _ = serve(transports=transports)
    client = running.raw_websocket(target=f"/socket.io/1/{transports[0]}/nobody")
    assert client.receive() == "7:::1+0"
    with pytest.raises(Closed) as caught:
        client.receive()
    assert caught.value.code in (None, 1000)


def test_a_hixie_websocket_of_an_unknown_session_is_told_to_begin_anew(serve: Serve) -> None:
    running, _ = serve()
    client = running._opened(HixieClient(running.port))
    client.open("/socket.io/1/websocket/nobody", {"Origin": f"http://127.0.0.1:{running.port}"})
    assert client.receive() == "7:::1+0"
    client.send(CLOSE)
    assert client.ends_with(CLOSE)


def test_a_websocket_of_a_session_that_is_over_is_told_to_begin_anew(serve: Serve) -> None:
    running, app = serve()
    client = opened(running)
    client.send("0::")
    app.reason()
    client.poll()
    assert websocket_09(running, client.sid).receive() == "7:::1+0"


def test_of_a_foreign_page_the_handshake_fails_before_anything_is_told(serve: Serve) -> None:
    running, _ = serve()
    headers = {**UPGRADE, "Origin": "http://evil.test"}
    answer = running.http().get("/socket.io/1/websocket/nobody", headers)
    assert (answer.status, answer.body) == (403, b"handshake bad origin")


@pytest.mark.parametrize("query", ["EIO=4&", "EIO=3&", ""])
def test_other_generations_are_refused_by_the_status(serve: Serve, query: str) -> None:
    running, _ = serve()
    target = f"/socket.io/?{query}transport=websocket&sid=nobody"
    answer = running.http().get(target, UPGRADE)
    assert (answer.status, answer.json["name"]) == (400, "unknown-sid")
