"""What an application sees of the engine: its clients, its listeners, a session by Node's names."""

from __future__ import annotations

from typing import Any

import pytest
from gevent.event import AsyncResult

from flask_realtime import Reason
from flask_realtime.exceptions import EventError
from tests.support.application import Site, app, serve, site
from tests.support.http import Wire
from tests.support.waiting import wait_until
from tests.support.wire import Closed, PollingClient

__all__ = ["app", "serve", "site"]


def test_the_clients_are_there_while_they_are(site: Site) -> None:
    engine = site.io.engine
    assert (engine.clients_count, dict(engine.clients)) == (0, {})
    client = site.client()
    conn = site.socket(client).conn
    assert engine.clients_count == 1
    assert dict(engine.clients) == {conn.id: conn}
    with pytest.raises(TypeError):
        engine.clients["x"] = conn  # type: ignore[index]
    client.wire.close()
    wait_until(lambda: engine.clients_count == 0, what="the session is over")


def test_ids_are_made_as_those_of_sessions(site: Site) -> None:
    ids = {site.io.engine.generate_id() for _ in range(3)}
    assert len(ids) == 3 and {len(each) for each in ids} == {20}


def test_a_session_by_the_names_of_node(site: Site) -> None:
    client = site.client()
    conn = site.socket(client).conn
    assert conn.id == conn.sid
    assert (conn.protocol, conn.transport.name, conn.ready_state) == (4, "websocket", "open")
    assert conn.remote_address == "127.0.0.1"
    reason: AsyncResult[str] = AsyncResult()
    site.io.on("disconnect", lambda why: reason.set(why))
    conn.close()
    with pytest.raises(Closed):
        client.receive()
    assert reason.get(timeout=5) == Reason.FORCED_CLOSE
    wait_until(lambda: conn.ready_state == "closed", what="it is closed")


def test_who_listens_hears_of_sessions(site: Site) -> None:
    begun: AsyncResult[Any] = AsyncResult()
    site.io.engine.on("connection", begun.set)
    client = site.outsider()
    assert begun.get(timeout=5).id in site.io.engine.clients
    for _ in range(2):
        site.io.engine.off("connection", begun.set)
    assert not any(site.io.engine.listeners.values())
    client.wire.close()


def test_who_listens_hears_of_refusals(site: Site) -> None:
    failed: AsyncResult[Any] = AsyncResult()

    @site.io.engine.on("connection_error")
    def listen(failure: Any) -> None:
        failed.set(failure)

    client = PollingClient(site.running.port, "sid=nobody")
    client.ask()
    assert client.answer().status == 400
    client.close()
    failure = failed.get(timeout=5)
    assert (failure.code, failure.message) == (1, "Session ID unknown")
    assert failure.context["name"] == "unknown-sid"
    assert "sid=nobody" in failure.environ["QUERY_STRING"]


def test_headers_are_added_to_answers(site: Site) -> None:
    @site.io.engine.on("initial_headers")
    def first(headers: Any, environ: Any) -> None:
        headers.add("X-First", environ["REMOTE_ADDR"])

    @site.io.engine.on("headers")
    def each(headers: Any, environ: Any) -> None:
        headers.add("X-Each", "1")

    client = PollingClient(site.running.port)
    client.ask()
    begin = client.answer()
    client.target += f"&sid={begin.packets[0].split(chr(34))[3]}"
    posted = client.post(b"40")
    client.close()
    assert begin.headers["x-first"] == "127.0.0.1" and "x-first" not in posted.headers
    assert begin.headers["x-each"] == posted.headers["x-each"] == "1"


def test_headers_that_the_server_writes_itself_are_there_once(site: Site) -> None:
    @site.io.engine.on("headers")
    def each(headers: Any, environ: Any) -> None:
        headers["Connection"] = "close"
        headers["Transfer-Encoding"] = "chunked"
        headers["Date"] = "Thu, 01 Jan 1970 00:00:00 GMT"

    wire = Wire(site.running.port)
    wire.send(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n")
    lines = wire.read_head().decode().lower().split("\r\n")[1:]
    names = [line.partition(":")[0] for line in lines]
    assert "date: thu, 01 jan 1970 00:00:00 gmt" in lines and names.count("date") == 1
    assert "connection: close" in lines and "transfer-encoding" not in names
    size = next(int(line[15:]) for line in lines if line.startswith("content-length:"))
    assert wire.read(size).startswith(b"0{")
    assert wire.at_end()
    wire.sock.close()


def test_headers_are_added_to_a_websocket(site: Site) -> None:
    site.io.engine.on("headers", lambda headers, environ: headers.add("X-Each", "1"))
    assert "X-Each: 1\r\n" in site.outsider().wire.head


@pytest.mark.parametrize("event", ["upgrade", "conection"])
def test_other_events_are_refused(site: Site, event: str) -> None:
    with pytest.raises(EventError, match="they are connection, connection_error"):
        site.io.engine.on(event, print)
