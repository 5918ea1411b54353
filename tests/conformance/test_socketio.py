"""Revisions 5 and 4 of Socket.IO over a WebSocket: the clients 3.x and 4.x, and 1.x and 2.x.

Where the proposal for revision 4 has what a later server says, this one says what 2.x said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.conformance.sites import PING_INTERVAL, Site, socket_site
from tests.support.wire import Closed, WebSocketClient

BYTES = (b"\1\2\3", b"\4\5\6")
PLACES = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}'


@pytest.fixture
def site() -> Iterator[Site]:
    """For clients 3.x and 4.x."""
    with socket_site(4) as site:
        yield site


@pytest.fixture
def older() -> Iterator[Site]:
    """For clients 1.x and 2.x."""
    with socket_site(3) as site:
        yield site


class Client:
    """A client in the root namespace.

    :param mark: what a message of bytes begins with.
    """

    def __init__(self, websocket: WebSocketClient, mark: bytes) -> None:
        self.websocket = websocket
        self._mark = mark
        self.receive = websocket.receive
        self.send = websocket.send_text

    def send_bytes(self, packet: str) -> None:
        """Send a packet with both attachments."""
        self.send(packet)
        self.websocket.send_binary(*(self._mark + data for data in BYTES))

    def receive_bytes(self) -> str | bytes:
        """A packet, after which both attachments have come."""
        packet = self.receive()
        assert [self.receive(), self.receive()] == [self._mark + data for data in BYTES]
        return packet


@pytest.fixture(params=[5, 4], ids=["revision 5", "revision 4"])
def client(request: pytest.FixtureRequest) -> Client:
    if request.param == 4:
        site: Site = request.getfixturevalue("older")
        return Client(site.websocket("EIO=3"), b"\4")
    site = request.getfixturevalue("site")
    websocket = site.websocket()
    expect_joined(websocket, "40", "", "{}")
    return Client(websocket, b"")


def expect_joined(websocket: WebSocketClient, packet: str, where: str, auth: str) -> None:
    """Ask for a namespace; its answer has the socket's id, and then comes what was sent along."""
    websocket.send_text(packet)
    answer = websocket.receive()
    assert isinstance(answer, str)
    assert answer.startswith(f"40{where}{{")
    told = json.loads(answer[2 + len(where) :])
    assert told.keys() == {"sid"}
    assert type(told["sid"]) is str
    assert websocket.receive() == f'42{where}["auth",{auth}]'


# Joining


@pytest.mark.parametrize("auth", ["", '{"token":"123"}'], ids=["alone", "with auth"])
@pytest.mark.parametrize("where", ["", "/custom,"], ids=["/", "/custom"])
def test_a_client_joins_a_namespace(site: Site, where: str, auth: str) -> None:
    expect_joined(site.websocket(), f"40{where}{auth}", where, auth or "{}")


def test_a_client_may_not_join_what_there_is_not(site: Site) -> None:
    websocket = site.websocket()
    websocket.send_text("40/random")
    assert websocket.receive() == '44/random,{"message":"Invalid namespace"}'


def test_a_connection_that_begins_with_no_packet_is_closed(site: Site) -> None:
    websocket = site.websocket()
    websocket.send_text("4abc")
    with pytest.raises(Closed):
        websocket.receive()


def test_a_connection_without_a_namespace_is_closed() -> None:
    with socket_site(4, connect_timeout=10) as site:
        websocket = site.websocket()
        site.running.pass_by(9)
        assert site.hears(websocket)
        site.running.pass_by(1)
        with pytest.raises(Closed):
            websocket.receive()


def test_an_older_client_is_in_the_root_namespace(older: Site) -> None:
    websocket = older.websocket("EIO=3")
    websocket.send_text('42["message","to all"]')
    assert websocket.receive() == '42["message-back","to all"]'


def test_an_older_client_joins_another_namespace(older: Site) -> None:
    websocket = older.websocket("EIO=3")
    websocket.send_text("40/custom")
    assert websocket.receive() == "40/custom,"
    assert websocket.receive() == '42/custom,["auth",{}]'


def test_an_older_client_may_not_join_what_there_is_not(older: Site) -> None:
    websocket = older.websocket("EIO=3")
    websocket.send_text("40/random")
    assert websocket.receive() == '44/random,"Invalid namespace"'


def test_a_connection_of_an_older_client_that_begins_with_no_packet_is_closed(older: Site) -> None:
    websocket = older.websocket("EIO=3")
    websocket.send_text("4abc")
    with pytest.raises(Closed):
        websocket.receive()


# Leaving


def test_a_client_that_leaves_the_root_namespace_stays_connected(site: Site) -> None:
    websocket = site.websocket()
    expect_joined(websocket, "40", "", "{}")
    websocket.send_text("41")
    assert site.hears(websocket)
    site.running.pass_by(PING_INTERVAL)
    assert websocket.receive() == "2"


def test_an_older_client_that_leaves_the_root_namespace_stays_connected(older: Site) -> None:
    websocket = older.websocket("EIO=3")
    websocket.send_text("41", '42["message","from outside"]', "2")
    assert websocket.receive() == "3"


def test_a_client_that_leaves_one_namespace_is_in_the_others(client: Client) -> None:
    client.send("40/custom")
    joined = client.receive()
    assert isinstance(joined, str) and joined.startswith("40/custom")
    assert client.receive() == '42/custom,["auth",{}]'
    client.send("41/custom", '42["message","to the other one"]')
    assert client.receive() == '42["message-back","to the other one"]'


# Events


def test_an_event_comes_back(client: Client) -> None:
    client.send('42["message",1,"2",{"3":[true]}]')
    assert client.receive() == '42["message-back",1,"2",{"3":[true]}]'


def test_an_event_with_bytes_comes_back(client: Client) -> None:
    client.send_bytes(f'452-["message",{PLACES}]')
    assert client.receive_bytes() == f'452-["message-back",{PLACES}]'


def test_an_event_is_acknowledged(client: Client) -> None:
    client.send('42456["message-with-ack",1,"2",{"3":[false]}]')
    assert client.receive() == '43456[1,"2",{"3":[false]}]'


def test_an_event_with_bytes_is_acknowledged_by_bytes(client: Client) -> None:
    client.send_bytes(f'452-789["message-with-ack",{PLACES}]')
    assert client.receive_bytes() == f"462-789[{PLACES}]"


def test_an_answer_of_the_client_arrives(client: Client) -> None:
    client.send('42["emit-with-ack",1,"2",{"3":[true]}]')
    assert client.receive() == '420["ask",1,"2",{"3":[true]}]'
    client.send('430[1,"2",{"3":[false]}]')
    assert client.receive() == '42["answered",1,"2",{"3":[false]}]'


def test_an_answer_of_the_client_with_bytes_arrives(client: Client) -> None:
    client.send_bytes(f'452-["emit-with-ack",{PLACES}]')
    assert client.receive_bytes() == f'452-0["ask",{PLACES}]'
    client.send_bytes(f"462-0[{PLACES}]")
    assert client.receive_bytes() == f'452-["answered",{PLACES}]'


@pytest.mark.parametrize(
    "packet",
    ["4abc", "42{}", '42abc["message-with-ack",1,"2",{"3":[false]}]'],
    ids=["of no type", "without a list", "with letters for its id"],
)
def test_a_connection_on_which_comes_what_is_no_packet_is_closed(
    client: Client, packet: str
) -> None:
    client.send(packet)
    with pytest.raises(Closed):
        client.receive()
