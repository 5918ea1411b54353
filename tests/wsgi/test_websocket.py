"""`accept_websocket` on our own server, in this process."""

from __future__ import annotations

import gc
import io
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import gevent
import pytest
from gevent.event import AsyncResult, Event

from flask_realtime.exceptions import (
    Disconnected,
    EncodeError,
    HandshakeError,
    OptionError,
    UsageError,
)
from flask_realtime.wsgi import WebSocket, WSGIServer, accept_websocket
from tests.support.http import HTTPClient
from tests.support.waiting import TIMEOUT, let_run, wait_until
from tests.support.wire import PING, TEXT, Closed, WebSocketClient
from tests.websocket.masking import close, frame, text

Talk = Callable[[WebSocket], object]

BIG = "x" * 4_000_000  # more than the kernel takes for a client that does not read


class Site:
    """A server whose application talks to one WebSocket in a way of its own."""

    def __init__(self, talk: Talk, options: dict[str, Any]) -> None:
        self.talk = talk
        self.options = options
        self.outcome: AsyncResult[Any] = AsyncResult()
        #: What the application has written down of the connection, after the talk.
        self.closed: tuple[int | None, str] | None = None
        self.server = WSGIServer(("127.0.0.1", 0), self, log=None, error_log=io.StringIO())
        self.server.start()
        self.clients = ExitStack()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        websocket = accept_websocket(environ, **self.options)
        try:
            self.outcome.set(self.talk(websocket))
        except Exception as error:
            self.outcome.set_exception(error)
        response = websocket.response()
        self.closed = (websocket.close_code, websocket.close_reason)
        return response

    def client(self, **options: Any) -> WebSocketClient:
        assert self.server.server_port is not None
        client = WebSocketClient(self.server.server_port, path="/", **options)
        self.clients.callback(client.close)
        return client

    def result(self) -> Any:
        """What the talk has returned."""
        return self.outcome.get(timeout=TIMEOUT)

    def stop(self) -> None:
        self.clients.close()
        self.server.stop(5)
        assert not self.server.connections
        said = self.server.error_log.getvalue()  # type: ignore[attr-defined]
        assert not said, said


@pytest.fixture
def serve() -> Iterator[Callable[..., Site]]:
    """Starts a server for a talk; the options are those of `accept_websocket`."""
    with ExitStack() as stack:

        def start(talk: Talk, **options: Any) -> Site:
            site = Site(talk, options)
            stack.callback(site.stop)
            return site

        yield start


def echo(websocket: WebSocket) -> None:
    for message in websocket:
        websocket.send(message)


# Messages --------------------------------------------------------------------------------


def test_echo(serve: Callable[..., Site]) -> None:
    site = serve(echo)
    client = site.client()
    client.send_text("h\xe9", "", "x" * 70_000)
    client.send_binary(b"\xff\x00")
    assert [client.receive() for _ in range(4)] == ["h\xe9", "", "x" * 70_000, b"\xff\x00"]
    assert client.leave(4321) == 4321
    assert client.at_end()
    assert site.result() is None
    wait_until(lambda: site.closed == (4321, ""))


def test_message_behind_the_handshake(serve: Callable[..., Site]) -> None:
    site = serve(WebSocket.receive)
    site.client(behind=text("early") + text("dropped"))
    assert site.result() == "early"


def test_all_that_came_before_the_end_is_received(serve: Callable[..., Site]) -> None:
    start = Event()

    def talk(websocket: WebSocket) -> Any:
        start.wait()
        return list(websocket), websocket.receive(), websocket.receive(timeout=0)

    site = serve(talk)
    count = 1000
    messages = [f"{number}" for number in range(count)]
    site.client(behind=b"".join(map(text, messages)) + close(4000, b"done"))
    let_run()
    start.set()
    assert site.result() == (messages, None, None)
    wait_until(lambda: site.closed == (4000, "done"))


def test_a_client_that_vanishes(serve: Callable[..., Site]) -> None:
    site = serve(WebSocket.receive)
    site.client().reset()
    assert site.result() is None
    wait_until(lambda: site.closed == (1006, ""))


def test_a_message_that_is_too_large(serve: Callable[..., Site]) -> None:
    site = serve(list, max_size=10)
    client = site.client()
    client.send_text("x" * 10, "x" * 11)
    assert client.closed_with() == 1009
    client.close()  # else the server waits for that
    assert site.result() == ["x" * 10]
    wait_until(lambda: site.closed == (1009, ""))


def test_receive_gives_up_after_its_timeout(serve: Callable[..., Site]) -> None:
    def talk(websocket: WebSocket) -> Any:
        with pytest.raises(TimeoutError):
            websocket.receive(timeout=0.01)
        websocket.send("late")
        return websocket.receive(timeout=TIMEOUT)

    site = serve(talk)
    client = site.client()
    assert client.receive() == "late"
    client.send_text("in time")
    assert site.result() == "in time"


def test_several_greenlets_receive(serve: Callable[..., Site]) -> None:
    def talk(websocket: WebSocket) -> Any:
        greenlets = [gevent.spawn(websocket.receive) for _ in range(4)]
        return [greenlet.get(timeout=TIMEOUT) for greenlet in greenlets]

    site = serve(talk)
    client = site.client()
    client.send(text("a") + text("b"))
    client.leave()
    assert site.result() == ["a", "b", None, None]


def test_a_client_is_slowed_down_that_sends_more_than_is_received(
    serve: Callable[..., Site],
) -> None:
    start = Event()

    def talk(websocket: WebSocket) -> int:
        start.wait()
        return sum(1 for _ in websocket)

    site = serve(talk)
    client = site.client()
    one = frame(TEXT, b"x" * 500_000, key=bytes(4))
    client.sock.setblocking(False)
    unsent = memoryview(one * 200)

    def send() -> None:
        nonlocal unsent
        try:
            while unsent:
                unsent = unsent[client.sock._sock.send(unsent) :]
        except BlockingIOError:
            pass

    for _ in range(200):
        send()
        let_run(1)
    assert len(unsent) > 50_000_000
    start.set()
    wait_until(lambda: send() or not unsent)  # type: ignore[func-returns-value]
    client.send(close(1000))
    assert site.result() == 200


def test_pings_are_answered_while_nobody_receives(serve: Callable[..., Site]) -> None:
    start = Event()
    site = serve(lambda websocket: start.wait())
    client = site.client()
    client.send(frame(PING, b"1") + frame(PING, b"2"))
    wait_until(lambda: client.sock.recv(100) == b"\x8a\x011\x8a\x012")
    start.set()


# Sending ---------------------------------------------------------------------------------


def test_send_waits_for_a_slow_client_and_keeps_the_order(serve: Callable[..., Site]) -> None:
    sent: list[int] = []

    def talk(websocket: WebSocket) -> Any:
        def send(number: int) -> None:
            websocket.send(f"{number}{BIG}")
            sent.append(number)

        gevent.joinall([gevent.spawn(send, number) for number in range(5)], raise_error=True)

    site = serve(talk)
    client = site.client(receive_buffer=4096)
    wait_until(lambda: sent)
    let_run(20)
    assert sent == [0]
    for number in range(5):
        message = client.receive()
        assert message[:1] == str(number) and len(message) == len(BIG) + 1
    assert site.result() is None
    assert sent == [0, 1, 2, 3, 4]


def test_nobody_overtakes_those_who_wait_to_send(serve: Callable[..., Site]) -> None:
    waiting = Event()

    def talk(websocket: WebSocket) -> None:
        websocket.send(BIG)
        waits = gevent.spawn(websocket.send, "first")
        gevent.sleep(0)
        waiting.set()
        while websocket._connection.pending:
            gevent.sleep(0)  # sees the end of the tail before it who waits for that
        websocket.send("second")
        waits.get(timeout=TIMEOUT)

    site = serve(talk)
    client = site.client(receive_buffer=4096)
    assert waiting.wait(TIMEOUT)
    assert client.receive() == BIG
    assert [client.receive(), client.receive()] == ["first", "second"]
    assert site.result() is None


@pytest.mark.parametrize("leave", [WebSocketClient.reset, lambda client: client.send(close(1001))])
def test_send_that_waits_ends_when_the_client_leaves(
    serve: Callable[..., Site], leave: Callable[[WebSocketClient], None]
) -> None:
    waiting = Event()

    def talk(websocket: WebSocket) -> None:
        websocket.send(BIG)
        waiting.set()
        websocket.send("never")

    site = serve(talk)
    client = site.client(receive_buffer=4096)
    assert waiting.wait(TIMEOUT)
    let_run()
    leave(client)
    with pytest.raises(Disconnected):
        site.result()


def test_send_after_the_end(serve: Callable[..., Site]) -> None:
    def talk(websocket: WebSocket) -> None:
        assert websocket.receive() is None
        websocket.send("too late")

    site = serve(talk)
    site.client().leave()
    with pytest.raises(Disconnected):
        site.result()


@pytest.mark.parametrize("message", [None, 1, ["a"], {"a": 1}, memoryview(b"a")])
def test_what_cannot_be_sent(serve: Callable[..., Site], message: Any) -> None:
    site = serve(lambda websocket: websocket.send(message))
    client = site.client()
    with pytest.raises(EncodeError):
        site.result()
    assert client.closed_with() == 1000


# The end ---------------------------------------------------------------------------------


def test_close_tells_why_and_waits(serve: Callable[..., Site]) -> None:
    def talk(websocket: WebSocket) -> Any:
        websocket.close(4000, "enough")
        websocket.close(4001, "again")
        return websocket.receive(), websocket.close_code, websocket.close_reason

    site = serve(talk)
    client = site.client()
    with pytest.raises(Closed) as closed:
        client.receive()
    assert (closed.value.code, closed.value.reason) == (4000, "enough")
    let_run()
    assert not site.outcome.ready()
    client.send(close(4000))
    assert site.result() == (None, 4000, "enough")
    assert client.at_end()


def test_close_that_is_killed_does_not_leave_the_socket_to_the_host(
    serve: Callable[..., Site],
) -> None:
    def talk(websocket: WebSocket) -> bool:
        closing = gevent.spawn(websocket.close)
        gevent.sleep(0)
        assert websocket.close_code == 1000
        closing.kill()
        return websocket._closed.is_set()

    site = serve(talk)
    client = site.client()
    assert site.result()
    assert client.closed_with() == 1000
    assert client.at_end()


def test_close_without_a_code(serve: Callable[..., Site]) -> None:
    site = serve(lambda websocket: websocket.close(1005))
    assert site.client().closed_with() is None


@pytest.mark.parametrize("code", [0, 999, 1004, 1006, 1015, 2999, 5000])
def test_close_with_an_impossible_code(serve: Callable[..., Site], code: int) -> None:
    def talk(websocket: WebSocket) -> str | bytes | None:
        with pytest.raises(ValueError):
            websocket.close(code)
        websocket.send("still open")
        return websocket.receive()

    site = serve(talk)
    client = site.client()
    assert client.receive() == "still open"
    client.send_text("yes")
    assert site.result() == "yes"


def test_close_from_another_greenlet_ends_receive(serve: Callable[..., Site]) -> None:
    def talk(websocket: WebSocket) -> str | bytes | None:
        gevent.spawn(websocket.close)
        return websocket.receive()

    site = serve(talk)
    assert site.client().closed_with() == 1000
    assert site.result() is None


def test_returning_closes(serve: Callable[..., Site]) -> None:
    site = serve(lambda websocket: None)
    client = site.client()
    assert client.closed_with() == 1000
    client.send(close(1000))
    assert client.at_end()


def test_a_closed_websocket_leaves_nothing_behind(serve: Callable[..., Site]) -> None:
    site = serve(weakref.ref)
    gc.collect()
    gc.disable()
    try:
        client = site.client()
        reference = site.result()
        client.leave()
        assert client.at_end()
        wait_until(lambda: reference() is None)
    finally:
        gc.enable()


def test_a_server_that_stops_says_goodbye(serve: Callable[..., Site]) -> None:
    site = serve(WebSocket.receive)
    client = site.client()
    stopping = gevent.spawn(site.server.stop, TIMEOUT)
    assert client.closed_with() == 1001
    client.send(close(1001))
    assert site.result() is None
    stopping.get(timeout=TIMEOUT)


class Trouble(Exception):
    """What the application fails with."""


def test_the_context_manager_closes(serve: Callable[..., Site]) -> None:
    def talk(websocket: WebSocket) -> None:
        with websocket as same:
            assert same is websocket
        assert websocket.close_code == 1000

    site = serve(talk)
    assert site.client().leave() == 1000
    assert site.result() is None


def test_the_context_manager_closes_after_an_exception(serve: Callable[..., Site]) -> None:
    def talk(websocket: WebSocket) -> None:
        with websocket:
            raise Trouble

    site = serve(talk)
    client = site.client()
    assert client.closed_with() == 1011
    client.send(close(1011))
    with pytest.raises(Trouble):
        site.result()


def test_the_context_manager_is_quiet_when_the_client_has_left(
    serve: Callable[..., Site],
) -> None:
    def talk(websocket: WebSocket) -> str:
        with websocket:
            websocket.receive()
            websocket.send("too late")
        return "quiet"

    site = serve(talk)
    site.client().leave()
    assert site.result() == "quiet"


def test_the_context_manager_passes_on_the_troubles_of_others(serve: Callable[..., Site]) -> None:
    def talk(websocket: WebSocket) -> None:
        with websocket:
            raise Disconnected("somebody else")

    site = serve(talk)
    client = site.client()
    assert client.closed_with() == 1011
    client.send(close(1011))
    with pytest.raises(Disconnected):
        site.result()


def test_an_application_that_fails_leaves_no_connection_open() -> None:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        accept_websocket(environ)
        raise Trouble

    log = io.StringIO()
    server = WSGIServer(("127.0.0.1", 0), application, log=None, error_log=log)
    server.start()
    client = WebSocketClient(server.server_port, path="/")  # type: ignore[arg-type]
    assert client.closed_with() == 1011
    client.send(close(1011))
    assert client.at_end()
    client.close()
    server.stop(1)
    assert log.getvalue().count("Traceback") == 1
    assert "Trouble" in log.getvalue()


def test_a_greenlet_that_is_killed_says_goodbye() -> None:
    greenlets: list[Any] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        greenlets.append(gevent.getcurrent())
        with accept_websocket(environ) as websocket:
            websocket.receive()
        return websocket.response()

    server = WSGIServer(("127.0.0.1", 0), application, log=None, error_log=io.StringIO())
    server.start()
    client = WebSocketClient(server.server_port, path="/")  # type: ignore[arg-type]
    wait_until(lambda: greenlets)
    greenlets[0].kill(block=False)
    assert client.closed_with() == 1001
    client.send(close(1001))
    assert client.at_end()
    client.close()
    server.stop(1)


# Before it is accepted -------------------------------------------------------------------

HANDSHAKE = {
    "REQUEST_METHOD": "GET",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_UPGRADE": "websocket",
    "HTTP_CONNECTION": "Upgrade",
    "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
    "HTTP_SEC_WEBSOCKET_VERSION": "13",
}


@pytest.mark.parametrize(
    ("changed", "status", "headers"),
    [
        ({"HTTP_UPGRADE": ""}, "400 Bad Request", []),
        ({"REQUEST_METHOD": "POST"}, "405 Method Not Allowed", [("Allow", "GET")]),
        (
            {"HTTP_SEC_WEBSOCKET_VERSION": "6"},
            "426 Upgrade Required",
            [("Sec-WebSocket-Version", "13, 8, 7")],
        ),
    ],
)
def test_what_is_no_handshake(
    changed: dict[str, str], status: str, headers: list[tuple[str, str]]
) -> None:
    with pytest.raises(HandshakeError) as caught:
        accept_websocket(HANDSHAKE | changed)
    assert caught.value.http_status == status
    assert list(caught.value.headers) == headers


def test_a_server_that_cannot_do_it() -> None:
    with pytest.raises(UsageError, match="gunicorn -k gevent"):
        accept_websocket(dict(HANDSHAKE))


@pytest.mark.parametrize("version", ["8", "7"])
def test_the_drafts_that_have_the_same_frames(serve: Callable[..., Site], version: str) -> None:
    client = serve(echo).client(headers={"Sec-WebSocket-Version": version})
    client.send_text("hello")
    assert client.receive() == "hello"
    assert client.leave(1000) == 1000


def test_the_origin_of_a_page_whose_browser_speaks_a_draft() -> None:
    draft = {"HTTP_SEC_WEBSOCKET_VERSION": "8", "HTTP_SEC_WEBSOCKET_ORIGIN": "http://evil.example"}
    own = {"HTTP_HOST": "example.org", "wsgi.url_scheme": "http"}
    with pytest.raises(HandshakeError) as caught:
        accept_websocket(HANDSHAKE | own | draft, origins=None)
    assert caught.value.http_status == "403 Forbidden"


@pytest.mark.parametrize("keys", [{}, {"HTTP_SEC_WEBSOCKET_KEY1": "1 2", "HTTP_ORIGIN": "null"}])
def test_what_is_older_than_the_drafts_is_refused(keys: dict[str, str]) -> None:
    names = ("REQUEST_METHOD", "SERVER_PROTOCOL", "HTTP_UPGRADE", "HTTP_CONNECTION")
    with pytest.raises(HandshakeError) as caught:
        accept_websocket({name: HANDSHAKE[name] for name in names} | keys)
    assert caught.value.http_status == "400 Bad Request"


def test_a_refusal_is_answered_over_http() -> None:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            return accept_websocket(environ).response()
        except HandshakeError as error:
            start_response(error.http_status, [*error.headers, ("Content-Length", "0")])
            return []

    server = WSGIServer(("127.0.0.1", 0), application, log=None, error_log=None)
    server.start()
    assert server.server_port is not None
    client = HTTPClient(server.server_port)
    answer = client.get(
        "/",
        {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "6",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        },
    )
    assert answer.status == 426
    assert answer.headers["sec-websocket-version"] == "13, 8, 7"
    client.close()
    server.stop(1)


@pytest.mark.parametrize("compression", ["yes", 1, {"levle": 1}, {"level": 0}])
def test_a_compression_that_cannot_be(compression: Any) -> None:
    with pytest.raises(OptionError, match="compression"):
        accept_websocket(dict(HANDSHAKE), compression=compression)


# Subprotocols and origins ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "offered", "chosen"),
    [
        (["a", "b"], "b, a", "a"),
        (("b",), "a,b", "b"),
        (["a"], "A", None),  # RFC 6455 section 4.1: they are compared as they are
        (["a"], "", None),
        ([], "a", None),
    ],
)
def test_subprotocol(
    serve: Callable[..., Site], ours: Any, offered: str, chosen: str | None
) -> None:
    site = serve(lambda websocket: websocket.subprotocol, subprotocols=ours)
    client = site.client(headers={"Sec-WebSocket-Protocol": offered})
    assert site.result() == chosen
    assert ("Sec-WebSocket-Protocol: " in client.head) == (chosen is not None)


@pytest.mark.parametrize(
    "options",
    [
        {"subprotocols": "chat"},
        {"subprotocols": ["a b"]},
        {"subprotocols": ["a\r\nSet-Cookie: b"]},
        {"origins": ["example.org"]},
    ],
)
def test_options_that_cannot_be_used(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=next(iter(options))):
        accept_websocket(dict(HANDSHAKE), **options)


@pytest.mark.parametrize(
    ("allowed", "origin", "passes"),
    [
        ("*", "http://evil.example", True),
        (None, "http://evil.example", False),
        (None, "http://a", True),
        (None, None, True),
        ("https://good.example", "https://good.example", True),
        (["https://*.good.example"], "https://b.good.example", True),
        (["https://good.example"], "https://evil.example", False),
        (lambda origin: origin.endswith(".test"), "http://x.test", True),
        (lambda origin: origin.endswith(".test"), "http://x.example", False),
    ],
)
def test_origins(allowed: Any, origin: str | None, passes: bool) -> None:
    own = {"wsgi.url_scheme": "http", "HTTP_HOST": "a"}
    environ: dict[str, Any] = HANDSHAKE | own | ({} if origin is None else {"HTTP_ORIGIN": origin})
    # Who passes comes to the next obstacle: there is no host here that has a socket.
    with pytest.raises(UsageError if passes else HandshakeError) as raised:
        accept_websocket(environ, origins=allowed)
    if isinstance(raised.value, HandshakeError):
        assert raised.value.http_status == "403 Forbidden"


def test_a_page_says_by_fetch_metadata_too_that_it_is_of_another_site() -> None:
    with pytest.raises(HandshakeError):
        accept_websocket({**HANDSHAKE, "HTTP_SEC_FETCH_SITE": "cross-site"}, origins=None)
