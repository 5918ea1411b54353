"""Messages over long polling, as a well-behaved client sees it."""

from __future__ import annotations

import base64

import gevent

from tests.support.app import Serve
from tests.support.waiting import let_run, wait_until


def test_the_handshake_tells_the_terms(serve: Serve) -> None:
    running, _ = serve(ping_interval=3, ping_timeout=1.5, max_http_buffer_size=1234)
    client = running.polling()
    assert client.terms == {
        "sid": running.session().sid,
        "upgrades": ["websocket"],
        "pingInterval": 3000,
        "pingTimeout": 1500,
        "maxPayload": 1234,
    }


def test_answers_are_plain_text_that_nobody_may_keep(serve: Serve) -> None:
    running, _ = serve()
    answer = running.http().get("/socket.io/?EIO=4&transport=polling")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; charset=UTF-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers
    assert "set-cookie" not in answer.headers


def test_a_post_is_answered_when_its_packets_were_taken(serve: Serve) -> None:
    running, _ = serve()
    client = running.polling()
    answer = client.post(b"40")
    assert (answer.status, answer.body) == (200, b"ok")
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["content-length"] == "2"


def test_a_poll_waits_and_is_answered_by_the_next_message(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    running.ask(client)
    let_run()
    assert not client.polls.data
    app.socket.emit("news", 1)
    assert client.answer().packets == ['42["news",1]']


def test_all_that_is_sent_at_once_comes_with_one_answer(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    running.ask(client)
    for number in range(3):
        app.socket.emit("n", number)
    assert client.answer().packets == ['42["n",0]', '42["n",1]', '42["n",2]']


def test_what_is_sent_between_polls_waits_for_the_next(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    for number in range(100):
        app.socket.emit("n", number)
    assert client.get() == [f'42["n",{number}]' for number in range(100)]


def test_text_is_utf_8_and_binary_is_base64_both_ways(serve: Serve) -> None:
    running, _ = serve()
    client = running.polling()
    client.connect()
    client.send('42["say","é😀 \u2028"]')
    assert client.receive() == '42["said","é😀 \u2028"]'
    data = bytes(range(256))
    client.send('451-["say",{"_placeholder":true,"num":0}]', "b" + base64.b64encode(data).decode())
    assert client.receive() == '451-["said",{"_placeholder":true,"num":0}]'
    assert client.receive() == "b" + base64.b64encode(data).decode()


def test_many_packets_in_one_post_keep_their_order(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    client.send(*[f'42["note",{number}]' for number in range(950)])
    wait_until(lambda: len(app.noted) == 950)
    assert app.noted == list(range(950))


def test_more_packets_than_the_inbox_holds_all_arrive(serve: Serve) -> None:
    """The post waits with its answer until the handlers have made room."""
    running, app = serve(max_inbox=10)
    client = running.polling()
    client.connect()
    client.send(*[f'42["note",{number}]' for number in range(1000)])
    wait_until(lambda: len(app.noted) == 1000)
    assert app.noted == list(range(1000))


def test_a_volatile_message_needs_an_open_poll(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    app.socket.volatile.emit("lost")
    running.ask(client)
    app.socket.volatile.emit("now")
    app.socket.volatile.emit("behind it")  # that poll is taken
    assert client.answer().packets == ['42["now"]']
    app.socket.emit("kept")
    assert client.receive() == '42["kept"]'


def test_the_servers_ping_comes_with_a_poll_and_the_answer_with_a_post(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    for _ in range(3):
        running.ask(client)
        running.pass_by(25)
        assert client.answer().packets == ["2"]
        running.pass_by(19)
        client.send("3")
    assert app.reasons == []


def test_a_client_that_does_not_answer_pings_is_gone(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    running.pass_by(25)
    assert client.get() == ["2"]
    running.ask(client)
    running.pass_by(20)
    assert client.answer().packets == ["1"]
    assert app.reason() == "ping timeout"
    assert not running.sessions


def test_drain_waits_for_the_poll_that_takes_all(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    app.socket.emit("news")
    assert app.socket.drain(timeout=0.01) is False
    drained = gevent.spawn(app.socket.drain)
    let_run()
    assert not drained.ready()
    client.get()
    assert drained.get(timeout=5) is True


# The end


def test_a_client_that_says_goodbye_gets_a_noop_for_its_poll(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    running.ask(client)
    client.send("1")
    assert client.answer().packets == ["6"]
    assert app.reason() == "transport close"
    assert not running.sessions


def test_packets_behind_the_goodbye_are_not_taken(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    client.send('42["note",1]', "1", '42["note",2]')
    assert app.reason() == "transport close"
    let_run()
    assert app.noted == [1]


def test_when_the_server_closes_the_goodbye_comes_with_a_poll_of_its_own(serve: Serve) -> None:
    """Clients 4.x that find it behind a DISCONNECT do not look at that any more."""
    running, app = serve()
    client = running.polling()
    client.connect()
    running.ask(client)
    app.socket.disconnect(close=True)
    assert client.answer().packets == ["41"]
    assert client.get() == ["1"]
    assert app.reason() == "server namespace disconnect"
    assert not running.sessions


def test_without_an_open_poll_what_waits_and_the_goodbye_are_fetched(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    app.socket.emit("last words")
    app.socket.disconnect(close=True)
    let_run()
    assert app.reasons == ["server namespace disconnect"]
    client.send('42["note",1]')  # answered, and not handled any more
    assert client.get() == ['42["last words"]', "41"]
    assert client.get() == ["1"]
    assert not running.sessions
    client.ask()
    assert client.answer().json["name"] == "expired"
    assert app.noted == []


def test_a_session_that_we_closed_takes_no_upgrade(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    app.socket.disconnect(close=True)
    assert running.probe(client).closed_with() == 1000
    assert client.get() == ["41"]
    assert client.get() == ["1"]


def test_a_client_that_drops_its_poll_is_gone_at_once(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    running.ask(client)
    client.polls.close()
    wait_until(lambda: app.reasons, timeout=1)
    assert app.reasons == ["transport error"]
    assert not running.sessions


def test_a_poll_that_breaks_off_with_a_reset_is_gone_too(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    running.ask(client)
    client.polls.reset()
    wait_until(lambda: app.reasons, timeout=1)
    assert app.reasons == ["transport error"]


def test_a_poll_that_is_followed_by_another_request_is_not_broken_off(serve: Serve) -> None:
    """A client may send its next request before it has the answer (RFC 9112 section 9.3.2)."""
    running, app = serve()
    client = running.polling()
    client.connect()
    client.ask()
    client.polls.ask("GET", "/elsewhere")
    let_run()
    app.socket.emit("news")
    assert client.answer().packets == ['42["news"]']
    assert client.answer().status == 404
    assert app.reasons == []
