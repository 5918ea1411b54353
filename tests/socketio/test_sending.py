"""Events to clients: what can be carried, what cannot, and what is dropped."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from flask_realtime import emit, socket
from flask_realtime.exceptions import EventError
from tests.support.application import Site
from tests.support.waiting import wait_until


@pytest.mark.parametrize(
    ("args", "packet"),
    [
        ((), '42["x"]'),
        ((None,), '42["x",null]'),
        ((1, "two", [3], {"4": 5.5}), '42["x",1,"two",[3],{"4":5.5}]'),
        ((Decimal("0.10"),), '42["x",0.10]'),
        (("ü€😀",), '42["x","ü€😀"]'),
    ],
)
def test_values_go_out_as_json(site: Site, args: tuple[Any, ...], packet: str) -> None:
    client = site.client()
    assert site.socket(client).emit("x", *args)
    assert client.receive() == packet


def test_bytes_go_out_as_attachments_wherever_they_are(site: Site) -> None:
    client, other = site.client(), site.client()
    site.io.emit("x", {"a": b"1"}, [b"2", "text"])
    for each in (client, other):
        assert each.receive() == (
            '452-["x",{"a":{"_placeholder":true,"num":0}},[{"_placeholder":true,"num":1},"text"]]'
        )
        assert [each.receive(), each.receive()] == [b"1", b"2"]


def test_send_is_the_event_message(site: Site) -> None:
    client = site.client()
    assert site.socket(client).send("hello", 1)
    site.io.sockets.send("all")
    assert client.receive() == '42["message","hello",1]'
    assert client.receive() == '42["message","all"]'


@pytest.mark.parametrize(
    "emits",
    [
        lambda site, sock, value: sock.emit("x", value),
        lambda site, sock, value: sock.volatile.emit("x", value),
        lambda site, sock, value: site.io.emit("x", value),
        lambda site, sock, value: site.io.to(sock.id).emit("x", value),
        lambda site, sock, value: site.io.of("/nobody").emit("x", value),
    ],
)
def test_what_json_cannot_carry_fails_at_the_call_and_names_the_path(
    site: Site, emits: Callable[[Site, Any, Any], None]
) -> None:
    client = site.client()
    with pytest.raises(TypeError, match="when"):
        emits(site, site.socket(client), {"list": [1, {"when": object()}]})
    assert client.got_nothing()


@pytest.mark.parametrize("name", ["connect", "disconnect", "disconnecting", "connect_error"])
def test_reserved_names_cannot_be_emitted(site: Site, name: str) -> None:
    sock = site.socket(site.client())
    for emits in (sock.emit, sock.call, site.io.emit, site.io.to("room").emit):
        with pytest.raises(ValueError, match="reserved"):
            emits(name)


def test_an_event_s_name_is_text(site: Site) -> None:
    with pytest.raises(ValueError, match="is a str"):
        site.io.emit(5)  # type: ignore[arg-type]


def test_an_event_s_name_is_not_empty(site: Site) -> None:
    sock = site.socket(site.client())
    for emits in (sock.emit, sock.call, site.io.emit, site.io.to("room").emit):
        with pytest.raises(EventError, match="is empty"):
            emits("")


def test_what_is_emitted_is_what_it_was_at_the_call(site: Site) -> None:
    value = [1]

    @site.io.on("connect")
    def connect() -> None:
        emit("x", value)
        value.append(2)

    assert site.client().receive() == '42["x",[1]]'


def test_volatile_reaches_who_reads(site: Site) -> None:
    client = site.client()
    assert site.socket(client).volatile.emit("x")
    assert client.receive() == '42["x"]'


def test_volatile_is_not_dropped_for_an_answer_that_is_held_back(site: Site) -> None:
    site.io.on("x", lambda: socket.volatile.emit("y"))
    client = site.client()
    client.send('421["sync"]', '42["x"]')
    assert [client.receive(), client.receive()] == ["431[]", '42["y"]']


def test_volatile_is_dropped_where_no_poll_waits(site: Site) -> None:
    polling = site.running.polling()
    sock = site.io.sockets.sockets[polling.connect()]
    assert not sock.volatile.emit("lost")
    assert sock.emit("kept")
    site.io.volatile.emit("lost too")
    assert polling.receive() == '42["kept"]'
    polling.ask()
    wait_until(lambda: sock.conn.transport.ready)
    assert sock.volatile.emit("in time")
    assert polling.answer().packets == ['42["in time"]']


def test_drain_waits_until_all_has_left(site: Site) -> None:
    polling = site.running.polling()
    sock = site.io.sockets.sockets[polling.connect()]
    assert sock.drain(0.01)
    sock.emit("x")
    assert not sock.drain(0.01)
    assert polling.receive() == '42["x"]'
    assert sock.drain(5)


def test_one_packet_s_answers_go_out_together(site: Site) -> None:
    polling = site.running.polling()
    polling.connect()
    polling.ask()
    polling.send('421["sync"]', '422["sync"]')
    assert polling.answer().packets == ["431[]", "432[]"]


def test_a_client_that_does_not_read_is_closed_and_the_others_are_not(
    serve: Callable[..., Site],
) -> None:
    site = serve(max_outbox_size=1000)
    left: list[str] = []
    site.io.on("disconnect", left.append)
    polling, client = site.running.polling(), site.client()
    sock = site.io.sockets.sockets[polling.connect()]
    for _ in range(3):
        site.io.emit("x", "." * 400)
    wait_until(lambda: left)
    assert left == ["outbox full"]
    assert not sock.emit("x")
    assert [client.receive() for _ in range(3)] == [f'42["x","{"." * 400}"]'] * 3
    assert client.got_nothing()


def test_too_much_sent_inside_connect_closes_the_client(serve: Callable[..., Site]) -> None:
    site = serve()

    @site.io.on("connect")
    def connect() -> None:
        taken = [socket.emit("x", n) for n in range(1001)]
        assert taken == [True] * 1000 + [False]

    client = site.outsider()
    client.join()
    client.wire.closed_with()
    site.wait_empty()
