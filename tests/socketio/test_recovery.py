"""Clients that lose their connection and come back as who they were."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent.event import Event

from flask_realtime import ConnectionRefusedError, emit, socket
from flask_realtime.exceptions import OptionError
from tests.support.application import Site
from tests.support.waiting import let_run, wait_until

Serve = Callable[..., Site]


class Returning:
    """A client that knows how to come back, as client 4.8 does it."""

    def __init__(self, site: Site, namespace: str = "/") -> None:
        self.site = site
        self.namespace = namespace
        self.id = self.pid = ""
        self.offset: str | None = None
        #: What came before the answer to the CONNECT, and what that said.
        self.missed: list[Any] = []
        self.told: dict[str, Any] = {}
        self.client = site.outsider()

    def join(self, auth: Any = None) -> Returning:
        """Join, as who it was if it has been here; what was missed comes first."""
        if self.pid:
            auth = {"pid": self.pid, **(auth or {})}
            if self.offset is not None:
                auth["offset"] = self.offset
        self.client.join(self.namespace, auth)
        self.missed = []
        while not (packet := str(self.client.receive())).startswith("40"):
            self.missed.append(self._event(packet))
        self.told = json.loads(packet[packet.index("{") :])
        self.id, self.pid = self.told["sid"], self.told.get("pid", "")
        return self

    def _event(self, packet: str) -> Any:
        *event, offset = json.loads(packet[packet.index("[") :])
        assert isinstance(offset, str)
        self.offset = offset
        return event

    def receive(self) -> Any:
        """The next event, without its offset."""
        return self._event(str(self.client.receive()))

    @property
    def socket(self) -> Any:
        return self.site.io.of(self.namespace).sockets[self.id]

    def lose(self) -> None:
        """Lose the connection, and wait until the server knows it."""
        there = self.socket
        self.client.wire.reset()
        wait_until(lambda: not there.connected and self.id not in self._here())

    def _here(self) -> Any:
        return self.site.io.of(self.namespace).sockets

    def again(self, auth: Any = None) -> Returning:
        """Come back on another connection."""
        self.client = self.site.outsider()
        return self.join(auth)


@pytest.fixture
def site(serve: Serve) -> Site:
    return serve(connection_state_recovery=True)


def test_without_the_option_there_is_nothing_of_it(serve: Serve) -> None:
    site = serve()
    client = Returning(site).join()
    assert "pid" not in client.told
    assert client.socket.ticket is None
    client.socket.emit("x", 1)
    assert client.client.receive() == '42["x",1]'


def test_a_client_comes_back_as_who_it_was(site: Site) -> None:
    client = Returning(site).join()
    id, pid = client.id, client.pid
    assert len(pid) == 20 and pid != id
    assert not client.socket.recovered
    client.socket.join("red", "blue")
    client.socket.data["name"] = "Ann"
    site.io.emit("before", 1)
    assert client.receive() == ["before", 1]
    client.lose()
    client.again()
    assert (client.id, client.pid) == (id, pid)
    assert client.missed == []
    assert client.socket.recovered
    assert client.socket.rooms == {id, "red", "blue"}
    assert client.socket.data == {"name": "Ann"}
    site.io.to("red").emit("after", 2)
    assert client.receive() == ["after", 2]


def test_what_was_missed_comes_once_and_in_order(site: Site) -> None:
    client, other = Returning(site).join(), Returning(site).join()
    client.socket.join("red")
    site.io.emit("before")
    assert client.receive() == ["before"]
    client.lose()
    site.io.to("red").emit("a", 1)
    site.io.emit("b", {"bytes": None})
    site.io.to(client.id).emit("c")
    site.io.to("blue").emit("not for it")
    site.io.except_("red").emit("not for it")
    other.socket.emit("not for it")
    other.socket.to("red").emit("d")
    site.io.to("red").except_(other.id).emit("e")
    client.again()
    assert client.missed == [["a", 1], ["b", {"bytes": None}], ["c"], ["d"], ["e"]]
    client.lose()
    client.again()
    assert client.missed == []


def test_what_was_on_its_way_is_missed_as_well(site: Site) -> None:
    client = Returning(site).join()
    client.socket.emit("one", "text")
    client.socket.emit("two")
    assert client.receive() == ["one", "text"]
    client.socket.send("three")  # lies in its kernel, and is lost with the connection
    client.lose()
    client.again()
    assert client.missed == [["two"], ["message", "three"]]


def test_who_has_received_nothing_yet_comes_back_too(site: Site) -> None:
    site.io.emit("before it came")
    client = Returning(site).join()
    client.lose()
    site.io.emit("missed")
    client.again()
    assert client.socket.recovered
    assert client.missed == [["missed"]]


def test_bytes_are_sent_again(site: Site) -> None:
    client = Returning(site).join()
    client.lose()
    site.io.emit("picture", b"\x01\x02")
    client.client = site.outsider()
    client.client.join(auth={"pid": client.pid})
    head = client.client.receive()
    assert head == '451-["picture",{"_placeholder":true,"num":0},"1"]'
    assert client.client.receive() == b"\x01\x02"
    assert str(client.client.receive()).startswith('40{"sid":')


def test_what_is_emitted_is_what_it_was(site: Site) -> None:
    client = Returning(site).join()
    client.lose()
    value = [1]
    site.io.emit("x", value)
    value.append(2)
    client.again()
    assert client.missed == [["x", [1]]]


def test_what_cannot_be_carried_is_not_kept(site: Site) -> None:
    client = Returning(site).join()
    with pytest.raises(TypeError):
        client.socket.emit("x", object())
    client.lose()
    with pytest.raises(TypeError):
        site.io.emit("x", object())
    client.again()
    assert client.missed == []


def test_volatile_events_and_questions_are_never_sent_again(site: Site) -> None:
    client = Returning(site).join()
    client.socket.emit("known")
    assert client.receive() == ["known"]
    client.lose()
    site.io.volatile.emit("lost")
    site.io.timeout(0.01).emit("question", callback=lambda error, answers: None)
    client.again()
    assert client.missed == []


def test_a_text_at_the_end_of_a_volatile_event_is_taken_for_no_offset(site: Site) -> None:
    client = Returning(site).join()
    client.socket.emit("known")
    client.receive()
    # Clients take the last text of any event for the offset.
    client.socket.volatile.emit("fleeting", "text")
    site.io.volatile.emit("fleeting", "text")
    assert [client.receive(), client.receive()] == [["fleeting", "text"]] * 2
    client.lose()
    site.io.emit("missed")
    client.again()
    assert client.missed == [["missed"]]


def test_a_question_has_no_offset(site: Site) -> None:
    client = Returning(site).join()
    client.socket.emit("question", 1, callback=print)
    assert client.client.receive() == '420["question",1]'
    asked = gevent.spawn(client.socket.call, "question", timeout=1)
    assert client.client.receive() == '421["question"]'
    client.client.send('431["answer"]')
    assert asked.get() == "answer"


def test_only_what_it_was_meant_for_when_it_was_sent(site: Site) -> None:
    client = Returning(site).join()
    client.socket.emit("known")
    client.receive()
    site.io.to("red").emit("before it was in the room")
    site.io.to("blue").emit("before it was in the room")
    client.socket.join("red")
    site.io.to("red").emit("one")
    client.lose()
    site.io.to("red").emit("two")
    client.again()
    assert client.missed == [["one"], ["two"]]


def test_the_room_of_its_id_is_its_own_alone(serve: Serve) -> None:
    site = serve(connection_state_recovery=True, allow_sid_rooms=True)
    client, other = Returning(site).join(), Returning(site).join()
    other.socket.join(client.id)
    other.lose()
    client.socket.emit("private")
    site.io.to(client.id).emit("to the room")
    other.again()
    assert other.missed == [["to the room"]]


def test_another_pid_or_a_used_one_is_somebody_new(site: Site) -> None:
    client = Returning(site).join()
    id, pid = client.id, client.pid
    client.lose()
    stranger = Returning(site)
    stranger.pid = "A" * 20
    assert stranger.join().id != id
    assert client.again().id == id
    client.lose()
    site.io.emit("x")
    first, second = Returning(site), Returning(site)
    first.pid = second.pid = pid
    assert first.join().id == id
    assert first.missed == [["x"]]
    first.client.send("41")
    wait_until(lambda: id not in site.io.sockets.sockets)
    assert second.join().id != id
    assert not second.socket.recovered


@pytest.mark.parametrize(
    "auth",
    [
        {"pid": 7},
        {"pid": None, "offset": "1"},
        {"pid": "?", "offset": 7},
        {"pid": "?", "offset": "-1"},
        {"pid": "?", "offset": "x" * 1000},
        {"pid": "?", "offset": "²"},
        {"pid": "?", "offset": "99"},
        {"pid": "?", "offset": {}},
        {"pid": ["?"]},
    ],
)
def test_what_is_no_offset_or_no_pid_is_somebody_new(site: Site, auth: dict[str, Any]) -> None:
    client = Returning(site).join()
    client.lose()
    if auth["pid"] == "?":
        auth = {**auth, "pid": client.pid}
    again = site.outsider()
    again.join(auth=auth)
    told = json.loads(str(again.receive())[2:])
    assert told["sid"] != client.id
    assert told["pid"] != client.pid


def test_the_handlers_see_what_the_client_says_and_nothing_of_it(site: Site) -> None:
    seen: list[Any] = []
    site.io.on("connect", lambda auth: seen.append(auth))
    client = Returning(site).join({"token": 1})
    client.lose()
    client.again({"token": 2})
    assert client.socket.auth == {"token": 2}
    client.lose()
    client.again()
    assert seen == [{"token": 1}, {"token": 2}, None]


def test_the_handlers_of_both_ends_run_in_order(site: Site) -> None:
    seen: list[Any] = []
    site.io.on("connect", lambda: seen.append(("connect", socket.recovered, len(socket.rooms))))
    site.io.on("connection", lambda: seen.append("connection"))
    site.io.on("disconnecting", lambda reason: seen.append(("disconnecting", len(socket.rooms))))
    site.io.on("disconnect", lambda reason: seen.append(reason))
    client = Returning(site).join()
    client.socket.join("red")
    client.lose()
    client.again()
    wait_until(lambda: len(seen) == 6)
    assert seen[:2] == [("connect", False, 1), "connection"]
    assert seen[2] == ("disconnecting", 2)
    assert seen[3].startswith("transport ")
    assert seen[4:] == [("connect", True, 2), "connection"]


def test_the_connect_handler_may_refuse_who_comes_back(site: Site) -> None:
    client = Returning(site).join()
    client.socket.join("red")

    @site.io.on("connect")
    def connect() -> None:
        if socket.recovered:
            raise ConnectionRefusedError("not again")

    client.lose()
    client.client = site.outsider()
    client.client.join(auth={"pid": client.pid})
    assert client.client.receive() == '44{"message":"not again"}'
    assert site.io.sockets.adapter.rooms_of(client.id) == set()
    assert not site.io.sockets.sockets
    assert Returning(site).join().id != client.id
    client.client = site.outsider()
    id = client.id
    assert client.join().id != id


def test_what_a_connect_handler_emits_comes_behind_what_was_missed(site: Site) -> None:
    client = Returning(site).join()
    client.lose()
    site.io.on("connect", lambda: emit("welcome"))
    site.io.emit("missed")
    client.again()
    assert client.missed == [["missed"]]
    assert client.receive() == ["welcome"]


def test_what_is_sent_while_it_comes_back_is_not_lost(site: Site) -> None:
    passing, waiting = Event(), Event()

    @site.io.sockets.use
    def slow(there: Any) -> None:
        if there.recovered:
            waiting.set()
            passing.wait()

    client = Returning(site).join()
    client.socket.join("red")
    client.lose()
    site.io.emit("one")
    again = gevent.spawn(client.again)
    waiting.wait()
    site.io.to("red").emit("two")
    passing.set()
    again.get()
    assert client.missed == [["one"]]
    assert client.receive() == ["two"]
    client.lose()
    client.again()
    assert client.missed == []


@pytest.mark.parametrize("skips", [False, True])
def test_middlewares_run_unless_they_are_to_be_skipped(serve: Serve, skips: bool) -> None:
    site = serve(connection_state_recovery={"skip_middlewares": skips})
    asked: list[bool] = []
    site.io.sockets.use(lambda there: asked.append(there.recovered))
    client = Returning(site).join()
    client.lose()
    client.again()
    assert client.socket.recovered
    assert asked == ([False] if skips else [False, True])


def test_a_middleware_may_refuse_who_comes_back(site: Site) -> None:
    site.io.sockets.use(lambda there: not there.recovered)
    client = Returning(site).join()
    client.lose()
    client.client = site.outsider()
    client.client.join(auth={"pid": client.pid})
    assert str(client.client.receive()).startswith("44")
    assert site.io.sockets.adapter.rooms_of(client.id) == set()
    site.wait_empty()


@pytest.mark.parametrize("how", ["client", "server", "close"])
def test_who_was_to_leave_does_not_come_back(site: Site, how: str) -> None:
    client = Returning(site).join()
    id = client.id
    if how == "client":
        client.client.send("41")
    else:
        client.socket.disconnect(close=how == "close")
    site.wait_empty()
    assert client.again().id != id


def test_a_connection_whose_loss_was_not_noticed_ends_when_its_client_is_back(site: Site) -> None:
    ended: list[str] = []
    site.io.on("disconnect", lambda reason: (gevent.sleep(0.01), ended.append(reason)))
    client = Returning(site).join()
    client.socket.join("red")
    client.socket.emit("known")
    client.receive()
    before, id = client.socket, client.id
    client.client = site.outsider()  # the first one is still open
    site.io.to("red").emit("not read by it any more")
    client.join()
    assert client.id == id
    assert client.missed == [["not read by it any more"]]
    assert client.socket is not before
    assert client.socket.rooms == {id, "red"}
    assert ended == ["transport close"]
    site.io.to("red").emit("x")
    assert client.receive() == ["x"]


def test_who_leaves_while_that_ends_is_forgotten(site: Site) -> None:
    ending = Event()
    site.io.on("disconnect", lambda reason: ending.wait())
    client = Returning(site).join()
    before, pid = client.socket, client.pid
    again = site.outsider()
    again.join(auth={"pid": pid})
    wait_until(lambda: not before.connected)
    again.wire.reset()
    wait_until(lambda: not site.running.sessions)
    ending.set()
    let_run(20)
    site.wait_empty()
    recovery = site.io.sockets.recovery
    assert recovery is not None
    assert not recovery._here
    client.again()
    assert client.socket.recovered


def test_who_is_away_too_long_is_somebody_new(serve: Serve) -> None:
    site = serve(connection_state_recovery={"max_disconnection_duration": 60})
    pass_by = site.stop_time()
    client = Returning(site).join()
    client.lose()
    pass_by(59)
    assert client.again().socket.recovered
    client.lose()
    pass_by(61)
    id = client.id
    assert client.again().id != id


def test_who_has_missed_more_than_is_kept_is_somebody_new(serve: Serve) -> None:
    site = serve(connection_state_recovery={"max_packets": 3})
    client, other = Returning(site).join(), Returning(site).join()
    client.lose()
    other.lose()
    for number in range(3):
        site.io.emit("x", number)
    assert client.again().missed == [["x", 0], ["x", 1], ["x", 2]]
    site.io.emit("x", 3)
    id = other.id
    other.again()
    assert (other.missed, other.id == id) == ([], False)


def test_nothing_is_kept_for_ever(serve: Serve) -> None:
    site = serve(connection_state_recovery={"max_disconnection_duration": 60})
    pass_by = site.stop_time()
    adapter: Any = site.io.sockets.adapter
    client = Returning(site).join()
    client.socket.join("red")
    site.io.emit("x")
    client.lose()
    assert (len(adapter._sent), len(adapter._away), adapter._entered) == (1, 1, {})
    for _ in range(4):
        pass_by(60)
    assert not adapter._sent
    assert not adapter._away
    assert not adapter._sweeping


def test_what_was_stored_is_there_again(site: Site) -> None:
    pass_by = site.stop_time()
    client = Returning(site).join()
    client.socket.set("name", "Ann")
    client.lose()
    pass_by(100)
    client.again()
    assert client.socket.get("name") == "Ann"
    client.socket.set("age", 7)
    client.lose()
    client.again()
    pass_by(200)
    assert (client.socket.get("name"), client.socket.get("age")) == ("Ann", 7)


def test_each_namespace_has_its_own(site: Site) -> None:
    site.io.of("/chat")
    client = Returning(site, "/chat").join()
    id = client.id
    client.socket.join("red")
    client.lose()
    site.io.of("/chat").to("red").emit("missed")
    site.io.to("red").emit("elsewhere")
    stranger = Returning(site)
    stranger.pid = client.pid
    assert not stranger.join().socket.recovered
    client.again()
    assert (client.id, client.missed) == (id, [["missed"]])


def test_old_clients_come_back_as_somebody_new(site: Site) -> None:
    old = site.running.client_09()
    assert old.receive() == "1::"
    eio3 = site.running.eio3()
    assert eio3.receive() == "40"
    assert all(not there.ticket for there in site.io.sockets.sockets.values())
    site.io.emit("x", "text")
    assert old.receive() == '5:::{"name":"x","args":["text"]}'
    assert eio3.receive() == '42["x","text"]'


def test_from_another_thread(site: Site) -> None:
    client = Returning(site).join()
    pool = gevent.get_hub().threadpool
    pool.spawn(client.socket.emit, "one").get()
    pool.spawn(site.io.emit, "two").get()
    assert [client.receive(), client.receive()] == [["one"], ["two"]]
    client.lose()
    pool.spawn(site.io.emit, "three").get()
    let_run()
    assert client.again().missed == [["three"]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1, "True, False or a dict"),
        ({"max_disconection_duration": 1}, "did you mean 'max_disconnection_duration'"),
        ({"max_disconnection_duration": 0}, r"\['max_disconnection_duration'\] is a time"),
        ({"skip_middlewares": 1}, "True or False"),
        ({"max_packets": 0}, "at least 1"),
    ],
)
def test_wrong_options_are_refused(serve: Serve, value: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        serve(connection_state_recovery=value)


def test_true_false_and_none_are_enough(serve: Serve) -> None:
    assert serve(connection_state_recovery=False).io.sockets.recovery is None


def test_a_namespace_of_a_pattern_stays_as_long_as_somebody_may_come_back(site: Site) -> None:
    pass_by = site.stop_time()
    site.io.of(re.compile("^/game-"))
    client = Returning(site, "/game-1").join()
    id = client.id
    client.lose()
    site.io.of("/game-1").emit("missed")
    pass_by(100)
    client.again()
    assert (client.id, client.missed) == (id, [["missed"]])
    client.lose()
    pass_by(100)
    assert "/game-1" in site.io.server.namespaces
    pass_by(21)
    pass_by(100)
    assert "/game-1" not in site.io.server.namespaces
    assert client.again().id != id


def test_who_left_the_namespace_and_is_back_on_the_same_connection_is_new(site: Site) -> None:
    client = Returning(site).join()
    id = client.id
    client.client.send("41")
    assert client.join().id != id


@pytest.mark.parametrize("user", ["bob", None])
def test_who_comes_back_as_another_user_gets_nothing_of_the_former(site: Site, user: Any) -> None:
    site.io.user_loader(lambda socket: socket.auth and socket.auth.get("user"))
    client = Returning(site).join({"user": "ada"})
    site.io.to_user("ada").emit("x")
    client.receive()
    client.lose()
    site.io.to_user("ada").emit("secret")
    client.again({"user": user})
    site.io.to_user("ada").emit("secret")
    client.socket.emit("y")
    assert (client.missed, client.receive()) == ([], ["y"])
    assert client.socket.user_id == user


@pytest.mark.parametrize("skips", [True, False])
def test_who_comes_back_as_another_user_is_new(serve: Serve, skips: bool) -> None:
    site = serve(connection_state_recovery={"skip_middlewares": skips})
    site.io.user_loader(lambda socket: socket.auth["user"])
    passed: list[Any] = []
    site.io.use(lambda socket: passed.append(socket.id))
    connected: list[Any] = []
    site.io.on("connect", lambda: connected.append((socket.id, socket.recovered)))
    client = Returning(site).join({"user": "ada"})
    before, pid = client.socket, client.pid
    before.join("hers")
    before.data["name"] = "Ada"
    before.set("secret", 1)
    client.lose()
    client.again({"user": "bob"})
    after = client.socket
    assert client.id != before.id and client.pid != pid
    assert (after.recovered, after.data, after.all()) == (False, {}, {})
    assert after.rooms == {client.id, "@user:bob"}
    assert connected == [(before.id, False), (client.id, False)]
    assert passed[-1] == client.id
    assert site.io.sockets.sockets == {client.id: after}
    after.set("own", 2)
    client.lose()
    client.again({"user": "bob"})
    assert client.socket.recovered
    assert client.socket.all() == {"own": 2}


def test_who_keeps_the_own_values_when_another_comes_back_in_its_connection(site: Site) -> None:
    site.io.user_loader(lambda socket: socket.auth["user"])
    there = site.io.of("/chat")
    client = Returning(site, "/chat").join({"user": "ada"})
    client.socket.set("secret", 1)
    client.lose()
    client.client = site.outsider()
    client.client.join("/", {"user": "bob"})
    root = json.loads(str(client.client.receive())[2:])["sid"]
    site.io.sockets.sockets[root].set("own", 2)
    client.join({"user": "bob"})
    assert there.sockets[client.id].all() == {"own": 2}


def test_who_leaves_while_it_is_told_apart_is_gone(site: Site) -> None:
    asked, go_on = Event(), Event()

    @site.io.user_loader
    def user(socket: Any) -> Any:
        if socket.recovered:
            asked.set()
            assert go_on.wait(10)
        return socket.auth["user"]

    ended: list[str] = []
    client = Returning(site).join({"user": "ada"})
    client.lose()
    site.io.on("disconnect", ended.append)
    again = site.outsider()
    again.join("/", {"pid": client.pid, "user": "bob"})
    assert asked.wait(10)
    again.wire.reset()
    wait_until(lambda: not site.io.engine.clients_count)
    go_on.set()
    site.wait_empty()
    assert ended == []


def test_who_was_nobody_and_comes_back_as_a_user_is_who_it_was(site: Site) -> None:
    site.io.user_loader(lambda socket: socket.auth and socket.auth.get("user"))
    client = Returning(site).join()
    id = client.id
    client.lose()
    client.again({"user": "bob"})
    assert (client.id, client.socket.user_id) == (id, "bob")


def test_who_comes_back_as_the_same_user_gets_what_was_missed(site: Site) -> None:
    site.io.user_loader(lambda socket: socket.auth["user"])
    client = Returning(site).join({"user": "ada"})
    site.io.to_user("ada").emit("x")
    client.receive()
    client.lose()
    site.io.to_user("ada").emit("y")
    client.again({"user": "ada"})
    assert client.missed == [["y"]]
    assert client.socket.user_id == "ada"


def test_nor_when_that_one_comes_back_once_more(site: Site) -> None:
    site.io.user_loader(lambda socket: socket.auth and socket.auth.get("user"))
    client = Returning(site).join({"user": "ada"})
    client.socket.join("hers")
    site.io.emit("x")
    client.receive()
    client.lose()
    for chosen in (site.io.to_user("ada"), site.io.to("hers"), site.io.to(client.id)):
        chosen.emit("secret")
    client.again({"user": "bob"})
    client.lose()
    site.io.to(client.id).emit("y")
    client.again({"user": "bob"})
    assert client.missed == [["y"]]
    assert client.socket.rooms == {client.id, "@user:bob"}


def test_who_is_lost_again_in_the_connect_handler_has_lost_nothing(site: Site) -> None:
    inside, go_on = Event(), Event()

    @site.io.on("connect")
    def connect() -> None:
        inside.set()
        assert go_on.wait(10)

    go_on.set()
    client = Returning(site).join()
    client.socket.data["name"] = "Ann"
    site.io.emit("x")
    client.receive()
    client.lose()
    site.io.emit("a")
    go_on.clear()
    inside.clear()
    again = site.outsider()
    again.join("/", {"pid": client.pid, "offset": client.offset})
    assert inside.wait(10)
    sock = client.socket
    site.io.emit("b")
    again.wire.reset()
    wait_until(lambda: not sock.connected)
    go_on.set()
    site.wait_empty()
    client.again()
    assert client.missed == [["a"], ["b"]]
    assert (client.socket.recovered, client.socket.data) == (True, {"name": "Ann"})
