"""What no client should send, on every host: an answer that says so; others lose nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.clients.conftest import Open
from tests.clients.hosts import HOSTS, Running
from tests.support.http import HTTPClient
from tests.support.wire import SEPARATOR, Closed, PollingClient, WebSocketClient
from tests.websocket.masking import close, frame, text

pytestmark = pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)

BAD_FRAMES = {
    "reserved bit 1": (b"\xc1" + text("2")[1:], 1002),
    "reserved bit 2": (b"\xa1" + text("2")[1:], 1002),
    "reserved bit 3": (b"\x91" + text("2")[1:], 1002),
    "unmasked": (b"\x81\x012", 1002),
    "reserved opcode": (frame(0x3, b"2"), 1002),
    "reserved control opcode": (frame(0xB), 1002),
    "continuation of nothing": (frame(0x0, b"2"), 1002),
    "message in a message": (frame(0x1, b"2", fin=False) + text("2"), 1002),
    "control frame in fragments": (frame(0x9, fin=False), 1002),
    "control frame too long": (frame(0x9, b"x" * 126), 1002),
    "text that is no UTF-8": (frame(0x1, b"\xff"), 1007),
    "a message too large": (b"\x81\xff" + (1_000_001).to_bytes(8, "big") + bytes(4), 1009),
    "close frame of one byte": (frame(0x8, b"\x03"), 1002),
    "close reason that is no UTF-8": (close(1000, b"\xff"), 1007),
}
BAD_CLOSE_CODES = (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)
BAD_MESSAGES = {
    "unknown type": "9",
    "a ping of the client": "2",
    "unknown Socket.IO type": "49",
    "bad JSON": "42[",
    "data that is no list": '42{"a":1}',
    "event without a name": "42[]",
    "reserved event": '42["disconnect"]',
    "eleven attachments": '4511-["x"]',
    "no attachments": '450-["x"]',
    "an attachment of nothing": "bAAAA",
    "deep JSON": "42" + "[" * 100_000,
    "joined twice": "40",
    "a namespace never joined": '42/chat,["echo",1]',
    "refused by a client": "44",
}


@pytest.fixture
def bystander(server: Running) -> Iterator[WebSocketClient]:
    """Another client, which must not notice."""
    websocket = WebSocketClient(server.port)
    websocket.handshake()
    websocket.connect()
    yield websocket
    websocket.send_text('427["echo","unharmed"]')
    while (answer := websocket.receive()) == "2":
        websocket.send_text("3")
    assert answer == '437["unharmed"]'
    websocket.close()


@pytest.mark.parametrize("case", BAD_FRAMES)
def test_a_broken_frame_closes_with_its_code(
    bystander: WebSocketClient, open_websocket: Open, case: str
) -> None:
    data, code = BAD_FRAMES[case]
    websocket = open_websocket()
    websocket.connect()
    websocket.send(data)
    assert websocket.closed_with() == code


@pytest.mark.parametrize("code", BAD_CLOSE_CODES)
def test_a_close_code_that_must_not_be_sent(
    bystander: WebSocketClient, open_websocket: Open, code: int
) -> None:
    websocket = open_websocket()
    websocket.connect()
    websocket.send(close(code))
    assert websocket.closed_with() == 1002


@pytest.mark.parametrize("case", BAD_MESSAGES)
def test_a_broken_message_ends_its_websocket(
    bystander: WebSocketClient, open_websocket: Open, case: str
) -> None:
    websocket = open_websocket()
    websocket.connect()
    websocket.send_text(BAD_MESSAGES[case])
    assert websocket.closed_with() in (1000, 1002, 1008)


@pytest.mark.parametrize("case", BAD_MESSAGES)
def test_a_broken_message_ends_its_session_over_polling(
    bystander: WebSocketClient, polling: PollingClient, case: str
) -> None:
    polling.connect()
    polling.post(BAD_MESSAGES[case].encode())
    polling.ask()
    while (answer := polling.answer()).status == 200 and "1" not in answer.packets:
        assert set(answer.packets) <= {"2", "6", "41"}, answer
        polling.ask()
    polling.ask()
    assert polling.answer().json["name"] == "expired"


def test_too_many_packets_in_one_body(bystander: WebSocketClient, polling: PollingClient) -> None:
    polling.connect()
    answer = polling.post(SEPARATOR.join(["3"] * 100_001).encode())
    assert (answer.status, answer.json["name"]) == (400, "bad-packet")


def test_too_many_namespaces(bystander: WebSocketClient, open_websocket: Open) -> None:
    """One message for each, and the session goes on."""
    websocket = open_websocket()
    websocket.connect()
    websocket.send_text(*(f"40/no{number}," for number in range(200)))
    refused = 0
    while refused < 200:
        packet = websocket.receive()
        refused += str(packet).startswith("44/no")
    websocket.send_text('421["echo",1]')
    while (answer := websocket.receive()) == "2":
        websocket.send_text("3")
    assert answer == "431[1]"


@pytest.mark.parametrize("sid", ["", "x", "00AAAAAAAAAAAAAAAAAA", "../../etc/passwd", "%00" * 20])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_foreign_sid(
    server: Running, bystander: WebSocketClient, sid: str, method: str
) -> None:
    http = HTTPClient(server.port)
    body = b"40" if method == "POST" else b""
    answer = http.request(method, f"/socket.io/?EIO=4&transport=polling&sid={sid}", {}, body)
    opens = not sid and method == "GET"
    assert answer.status == (200 if opens else 400)
    http.close()


def test_a_second_websocket_leaves_the_session_as_it_is(
    server: Running, polling: PollingClient, open_websocket: Open
) -> None:
    websocket = open_websocket()
    websocket.connect()
    second = WebSocketClient(server.port, f"sid={websocket.sid}")
    with pytest.raises(Closed):
        second.receive()
    second.close()
    websocket.send_text('421["echo",1]')
    while (answer := websocket.receive()) == "2":
        websocket.send_text("3")
    assert answer == "431[1]"


def test_half_an_upgrade_leaves_the_session_on_polling(
    server: Running, polling: PollingClient
) -> None:
    polling.connect()
    probing = WebSocketClient(server.port, f"sid={polling.sid}")
    probing.send_text("2probe")
    assert probing.receive() == "3probe"
    probing.close()
    polling.send('421["echo",1]')
    while (packet := polling.receive()) in ("2", "6"):
        if packet == "2":
            polling.send("3")
    assert packet == "431[1]"


def flood_foreign_sids(port: int, http: HTTPClient) -> None:
    answer = http.get("/socket.io/?EIO=4&transport=polling&sid=00AAAAAAAAAAAAAAAAAA")
    assert answer.json["code"] == 1


def flood_posts_without_sid(port: int, http: HTTPClient) -> None:
    answer = http.request("POST", "/socket.io/?EIO=4&transport=polling", {}, b"40")
    assert answer.json["code"] == 2


def flood_handshakes(port: int, http: HTTPClient) -> None:
    assert http.get("/socket.io/?EIO=4&transport=polling").status == 200


def flood_half_upgrades(port: int, http: HTTPClient) -> None:
    polling = PollingClient(port)
    polling.handshake()
    probing = WebSocketClient(port, f"sid={polling.sid}")
    probing.send_text("2probe")
    probing.close()
    polling.reset()


def flood_connections(port: int, http: HTTPClient) -> None:
    HTTPClient(port).reset()


FLOODS = (
    flood_foreign_sids,
    flood_posts_without_sid,
    flood_handshakes,
    flood_half_upgrades,
    flood_connections,
)


@pytest.mark.parametrize("flood", FLOODS, ids=lambda flood: flood.__name__)
def test_a_flood_harms_nobody_else(
    server: Running,
    bystander: WebSocketClient,
    flood: Callable[[int, HTTPClient], None],
) -> None:
    http = HTTPClient(server.port)
    for _ in range(60):
        flood(server.port, http)
    http.close()
