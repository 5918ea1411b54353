"""A client on its way from polling to a WebSocket."""

from __future__ import annotations

from typing import Any

from tests.support.server import Running
from tests.support.waiting import wait_until
from tests.support.wire import PollingClient, WebSocketClient


def joined(running: Running) -> PollingClient:
    client = running.polling()
    client.connect()
    return client


def upgraded(running: Running, client: PollingClient) -> WebSocketClient:
    websocket = running.probe(client)
    websocket.send_text("2probe")
    assert websocket.receive() == "3probe"
    websocket.send_text("5")
    wait_until(lambda: running.sessions[client.sid].transport.name == "websocket")
    return websocket


def still_polls(running: Running, client: PollingClient) -> None:
    """The session lives, and polls wait as they did before."""
    transport: Any = running.sessions[client.sid].transport
    assert not transport.upgrading
    client.send('421["echo",1]')
    assert client.receive() == "431[1]"
    running.ask(client)
    client.send('422["echo",2]')
    assert client.answer().packets == ["432[2]"]
