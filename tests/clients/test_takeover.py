"""What hosts do with the socket of a WebSocket, and of a poll that waits.

A host that has handed over a socket says nothing more on it, nor to its log.
"""

from __future__ import annotations

from contextlib import suppress
from urllib.request import urlopen

import pytest

from tests.clients.conftest import Open
from tests.clients.hosts import (
    GEVENT_WEBSOCKET,
    GEVENT_WEBSOCKET_WORKER,
    HOSTS,
    Host,
    Running,
)
from tests.support.wire import (
    CLOSE,
    TEXT,
    Closed,
    PollingClient,
    WebSocketClient,
    socket_id,
)
from tests.websocket.masking import frame

pytestmark = pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)

NORMAL = (1000).to_bytes(2, "big")
LARGE = frame(TEXT, b'42["send back","%s"]' % (b"x" * 500_000), key=bytes(4))
A_REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

def reason(server: Running, id: str) -> str:
    with urlopen(f"{server.url}/reason?id={id}", timeout=10) as response:
        return str(response.read().decode())


def test_frames_in_the_segment_of_the_request_are_read(open_websocket: Open) -> None:
    websocket = open_websocket(behind=frame(TEXT, b"40") + frame(TEXT, b'420["echo",1]'))
    assert socket_id(websocket.receive(), "/")
    assert websocket.receive() == "430[1]"


def test_nothing_follows_the_echo_of_a_close_frame(server: Running, open_websocket: Open) -> None:
    websocket = open_websocket()
    id = websocket.connect()
    websocket.send(frame(CLOSE, NORMAL))
    assert websocket.closed_with() == 1000
    assert websocket.at_end()
    assert reason(server, id) == "transport close"


def test_nothing_follows_the_close_frame_of_the_server(open_websocket: Open) -> None:
    websocket = open_websocket()
    websocket.connect()
    websocket.send_text('42["go away",true]')
    assert websocket.receive() == "41"
    assert websocket.closed_with() == 1000
    websocket.send(frame(CLOSE, NORMAL))
    assert websocket.at_end()


def test_a_request_behind_a_close_frame_is_not_answered(open_websocket: Open) -> None:
    websocket = open_websocket()
    websocket.send(frame(CLOSE, NORMAL) + A_REQUEST)
    assert websocket.closed_with() == 1000
    assert websocket.at_end()


def test_a_request_behind_a_close_frame_in_the_first_segment_is_not_answered(
    open_websocket: Open,
) -> None:
    websocket = open_websocket(behind=frame(CLOSE, NORMAL) + A_REQUEST)
    assert websocket.closed_with() == 1000
    assert websocket.at_end()


def test_a_request_instead_of_frames_breaks_the_rules(open_websocket: Open) -> None:
    websocket = open_websocket()
    websocket.connect()
    websocket.send(A_REQUEST * 100)
    assert websocket.closed_with() == 1002
    assert websocket.at_end()


def test_a_client_that_says_it_has_finished(server: Running, open_websocket: Open) -> None:
    websocket = open_websocket()
    id = websocket.connect()
    websocket.finish()
    assert websocket.at_end()
    assert reason(server, id) == "transport close"


def test_a_client_that_vanishes(server: Running, open_websocket: Open) -> None:
    websocket = open_websocket()
    id = websocket.connect()
    websocket.reset()
    assert reason(server, id) == "transport close"


def test_a_client_that_vanishes_with_much_unread(server: Running, open_websocket: Open) -> None:
    websocket = open_websocket()
    id = websocket.connect()
    websocket.send(LARGE * 6)
    websocket.reset()
    assert reason(server, id) in ("transport close", "outbox full")


def test_a_client_that_does_not_read_is_cut_off(server: Running, open_websocket: Open) -> None:
    websocket = open_websocket()
    id = websocket.connect()
    with suppress(ConnectionError):
        websocket.send(LARGE * 60)
    assert reason(server, id) == "outbox full"


def test_a_poll_that_is_dropped_is_the_end_of_its_session(
    server: Running, polling: PollingClient
) -> None:
    id = polling.connect()
    polling.ask()
    polling.polls.finish()
    assert reason(server, id) == "transport error"


def test_a_client_that_vanishes_while_it_polls(server: Running, polling: PollingClient) -> None:
    id = polling.connect()
    polling.ask()
    polling.reset()
    assert reason(server, id) == "transport error"


def test_a_request_behind_a_poll_is_answered_after_it(polling: PollingClient) -> None:
    polling.connect()
    polling.ask()
    polling.polls.ask("GET", "/tell/nobody/anything")
    polling.send('42["send back",1]')
    assert polling.answer().packets == ['42["sent back",1]']
    assert polling.answer().body == b"sent"


def test_after_a_refusal_the_connection_goes_on(polling: PollingClient) -> None:
    answer = polling.polls.get("/socket.io/?EIO=4&transport=pigeon")
    assert (answer.status, answer.json["message"]) == (400, "Transport unknown")
    assert polling.polls.get("/tell/nobody/anything").body == b"sent"


def test_a_websocket_that_is_refused_is_told_so(
    host: Host, server: Running, polling: PollingClient
) -> None:
    if host in (GEVENT_WEBSOCKET, GEVENT_WEBSOCKET_WORKER):
        # That package has sent its 101 before anybody could refuse.
        refused = WebSocketClient(server.port, headers={"Origin": "http://elsewhere.example"})
        with pytest.raises(Closed) as closed:
            refused.receive()
        assert (closed.value.code, closed.value.reason) == (1008, "bad-origin: Forbidden")
        refused.close()
        return
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Origin": "http://elsewhere.example",
    }
    answer = polling.polls.get("/socket.io/?EIO=4&transport=websocket", upgrade)
    assert (answer.status, answer.json["message"]) == (403, "Forbidden")
