"""The end of a socket: once, in order, with its reason, whatever way it comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flask_realtime import Disconnected, Reason, disconnect, emit, join_room, rooms, socket
from tests.support.application import Client, Site
from tests.support.waiting import outcome, wait_until


class Ends:
    """What the handlers of the end have seen."""

    def __init__(self, site: Site, namespace: str = "/") -> None:
        self.seen: list[tuple[str, str, bool, list[str]]] = []
        there = site.io.of(namespace)
        there.on("connect", lambda: join_room("lobby"))
        there.on("disconnecting", lambda reason: self._note("disconnecting", reason))
        there.on("disconnect", lambda reason: self._note("disconnect", reason))

    def _note(self, event: str, reason: str) -> None:
        own = socket.namespace.adapter.rooms_of(socket.id) - {socket.id}
        self.seen.append((event, reason, socket.connected, sorted(own)))

    def were(self, reason: str) -> bool:
        assert self.seen == [
            ("disconnecting", reason, False, ["lobby"]),
            ("disconnect", reason, False, []),
        ]
        return True


def _close_frame(client: Client, site: Site) -> None:
    client.wire.leave()


def _vanish(client: Client, site: Site) -> None:
    client.wire.reset()


def _leave_namespace(client: Client, site: Site) -> None:
    client.send("41")


def _engine_close(client: Client, site: Site) -> None:
    client.send("1")


def _nonsense(client: Client, site: Site) -> None:
    client.send("4nonsense")


def _server_disconnect(client: Client, site: Site) -> None:
    site.socket(client).disconnect()
    assert client.receive() == "41"


def _server_close(client: Client, site: Site) -> None:
    site.socket(client).disconnect(close=True)
    assert client.receive() == "41"
    assert client.wire.closed_with() == 1000


def _by_selection(client: Client, site: Site) -> None:
    site.io.to("lobby").disconnect_sockets()
    assert client.receive() == "41"


def _shut_down(client: Client, site: Site) -> None:
    site.io.close()
    assert client.wire.closed_with() == 1001


@pytest.mark.parametrize(
    ("leave", "reason"),
    [
        (_close_frame, "transport close"),
        (_vanish, "transport close"),
        (_engine_close, "transport close"),
        (_leave_namespace, "client namespace disconnect"),
        (_nonsense, "parse error"),
        (_server_disconnect, "server namespace disconnect"),
        (_server_close, "server namespace disconnect"),
        (_by_selection, "server namespace disconnect"),
        (_shut_down, "server shutting down"),
    ],
)
def test_each_way_to_leave_has_its_reason_and_ends_once(
    site: Site, leave: Callable[[Client, Site], None], reason: str
) -> None:
    ends = Ends(site)
    client = site.client()
    leave(client, site)
    site.wait_empty()
    client.wire.close()
    wait_until(lambda: not site.running.sessions)
    assert ends.were(reason)


def test_a_client_that_does_not_answer_pings_is_timed_out(site: Site) -> None:
    wait = site.stop_time()
    ends = Ends(site)
    client = site.client()
    wait(26)
    assert client.receive() == "2"
    wait(21)
    site.wait_empty()
    assert ends.were("ping timeout")


def test_the_reasons_have_names(site: Site) -> None:
    assert site.io.reason is Reason
    assert Reason.PING_TIMEOUT == "ping timeout"


def test_a_broken_connection_leaves_every_namespace(site: Site) -> None:
    root, chat = Ends(site), Ends(site, "/chat")
    client = site.client()
    client.wire.connect("/chat")
    client.wire.leave()
    site.wait_empty()
    site.wait_empty("/chat")
    assert root.were("transport close")
    assert chat.were("transport close")


def test_closing_the_connection_sends_away_from_every_namespace(site: Site) -> None:
    chat = Ends(site, "/chat")
    client = site.client()
    client.wire.connect("/chat")
    site.socket(client).disconnect(close=True)
    assert [client.receive(), client.receive()] == ["41", "41/chat,"]
    assert client.wire.closed_with() == 1000
    site.wait_empty("/chat")
    assert chat.were("server namespace disconnect")


def test_leaving_one_namespace_leaves_the_others_alone(site: Site) -> None:
    site.io.of("/chat").on("x", lambda: "here")
    client = site.client()
    client.wire.connect("/chat")
    client.send("41")
    site.wait_empty()
    assert client.ask('42/chat,1["x"]') == '43/chat,1["here"]'


@pytest.mark.parametrize("handlers", [(lambda: None), (lambda reason: None), (lambda *a: None)])
def test_handlers_of_the_end_may_take_the_reason_or_nothing(
    site: Site, handlers: Callable[..., None]
) -> None:
    done: list[str] = []
    site.io.on("disconnecting", handlers)
    site.io.on("disconnect", lambda: done.append("done"))
    client = site.client()
    client.wire.leave()
    site.wait_empty()
    assert done == ["done"]


def test_a_handler_of_the_end_that_fails_stops_nothing(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []

    def fail(reason: str) -> None:
        seen.append(reason)
        raise ValueError(reason)

    site.io.on("disconnecting", fail)
    site.io.on("disconnect", fail)
    client = site.client()
    client.wire.leave()
    wait_until(lambda: not site.running.sessions)
    site.wait_empty()
    assert seen == ["transport close"] * 2
    assert "handler of 'disconnecting' in / failed" in caplog.text
    assert "handler of 'disconnect' in / failed" in caplog.text


def test_a_type_error_inside_the_handler_does_not_run_it_twice(site: Site) -> None:
    seen: list[str] = []

    def handler(reason: str = "") -> None:
        seen.append(reason)
        raise TypeError

    site.io.on("disconnect", handler)
    client = site.client()
    client.wire.leave()
    site.wait_empty()
    assert seen == ["transport close"]


def test_rooms_are_known_to_the_end(site: Site) -> None:
    seen: list[list[str]] = []

    @site.io.on("connection")
    def connection() -> None:
        join_room("a")
        join_room("b")

    site.io.on("disconnecting", lambda: seen.append(rooms()))
    site.io.on("disconnect", lambda: seen.append(rooms()))
    client = site.client()
    client.wire.leave()
    site.wait_empty()
    assert seen == [sorted(["a", "b", client.id])] * 2


def test_others_can_be_told_in_the_handlers_of_the_end(site: Site) -> None:
    site.io.on("connect", lambda: join_room("lobby"))
    site.io.on("disconnecting", lambda: socket.to(*socket.rooms).emit("leaves", socket.id))
    site.io.on("disconnect", lambda: emit("left", socket.id, broadcast=True))
    staying, leaving = site.client(), site.client()
    leaving.wire.leave()
    assert staying.receive() == f'42["leaves","{leaving.id}"]'
    assert staying.receive() == f'42["left","{leaving.id}"]'


def test_a_gone_socket_drops_what_it_is_given(site: Site) -> None:
    client = site.client()
    sock = site.socket(client)
    client.wire.leave()
    site.wait_empty()
    assert not sock.connected
    assert not sock.emit("x")
    assert not sock.volatile.emit("x")
    assert not sock.emit("x", callback=print)
    sock.join("lobby")
    sock.leave("lobby")
    sock.disconnect()
    assert sock.namespace.adapter.rooms_of(sock.id) == set()
    with pytest.raises(Disconnected):
        sock.call("x")


@pytest.mark.parametrize("leave", [_close_frame, _leave_namespace, _server_disconnect])
def test_a_call_that_waits_ends_as_soon_as_the_client_leaves(
    site: Site, leave: Callable[[Client, Site], None]
) -> None:
    client = site.client()
    calling = outcome(site.socket(client).call, "question", timeout=5)
    assert client.receive() == '420["question"]'
    leave(client, site)
    assert isinstance(calling.get(timeout=5), Disconnected)


def test_disconnect_acts_on_the_current_client_or_the_one_named(site: Site) -> None:
    site.io.on("kick", lambda id: disconnect(id))
    site.io.on("leave", disconnect)
    first, second = site.client(), site.client()
    first.send(f'42["kick","{second.id}"]')
    assert second.receive() == "41"
    assert first.ask('42["leave"]') == "41"
    site.wait_empty()


def test_who_asks_for_it_hears_which_rule_the_client_has_broken(site: Site) -> None:
    seen: list[Any] = []
    site.io.on("disconnecting", lambda reason, description: seen.append((reason, description)))
    site.io.on("disconnect", lambda reason, description=None: seen.append((reason, description)))
    broken, well = site.client(), site.client()
    broken.send("garbage")
    wait_until(lambda: len(seen) == 2)
    assert seen[0] == seen[1]
    reason, description = seen.pop()
    assert reason == "parse error" and isinstance(description, str) and description
    well.send("41")
    wait_until(lambda: len(seen) == 3)
    assert seen[1:] == [("client namespace disconnect", None)] * 2


def test_who_takes_any_number_hears_the_reason_alone(site: Site) -> None:
    seen: list[Any] = []
    site.io.on("disconnect", lambda *args: seen.append(args))
    site.client().send("garbage")
    wait_until(lambda: seen)
    assert seen == [("parse error",)]
