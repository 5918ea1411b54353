"""The introduction of Socket.IO 2.x, from the site of its documentation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

import gevent

from flask_realtime import Server, Socket, listen
from flask_realtime.wsgi import WSGIServer
from tests.seeds.web import HOST, Web, get
from tests.support.waiting import wait_until

CLIENT = "2"
CONTENT = b'<ul id="events"></ul><script src="/socket.io/socket.io.js"></script>'


def test_both_sides_have_the_same_words(web: Web) -> None:
    """A lone Uint8Array, as the document has it, is an object of numbers to client 2.5 (has-binary2
    looks for ArrayBuffers): the page sends the ArrayBuffer of one.
    """
    said: list[Any] = []
    io = listen(0, HOST)
    url = web.host(io)

    @io.on("connection")
    def connection(socket: Socket) -> None:
        socket.send("Hello!")
        socket.emit("greetings", "Hey!", {"ms": "jane"}, bytes([4, 3, 3, 1]))
        socket.on("message", said.append)
        socket.on("salutations", lambda *elements: said.append(elements))

    page = web.open(
        url,
        CLIENT,
        """
        const socket = io(url.replace('http', 'ws'));
        socket.on('connect', () => {
          socket.send('Hello!');
          socket.emit('salutations', 'Hello!', { mr: 'john' }, Uint8Array.of(1, 2, 3, 4).buffer);
        });
        socket.on('message', (data) => console.log(data));
        socket.on('greetings', (elem1, elem2, elem3) => console.log(elem1, elem2, elem3));
        """,
    )
    page.logs("Hello!", ["Hey!", {"ms": "jane"}, {"bytes": [4, 3, 3, 1]}])
    wait_until(lambda: len(said) == 2, what="the page has sent both")
    assert said == ["Hello!", ("Hello!", {"mr": "john"}, bytes([1, 2, 3, 4]))]


def content(environ: Any, start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/html")])
    return [CONTENT]


class Example:
    """The minimal working example, with what a test adds to it."""

    def __init__(self, web: Web, connection: Callable[[Socket], Any]) -> None:
        http_server = WSGIServer((HOST, 0), content, log=None)
        self.io = Server(http_server, client_version="2")
        self.io.on("connection", connection)
        http_server.start()
        self.url = web.host(self.io, http_server)


def test_minimal_working_example(web: Web) -> None:
    said: list[str] = []
    example = Example(web, lambda socket: said.append("connect"))
    assert get(f"{example.url}/").body == CONTENT
    script = get(f"{example.url}/socket.io/socket.io.js")
    assert b"Socket.IO v2.5.0" in script.body
    page = web.open(
        example.url,
        CLIENT,
        "const socket = io(); socket.on('connect', () => console.log('connect'));",
    )
    page.logs("connect")
    wait_until(lambda: said == ["connect"], what="the server knows it")


def test_an_event_from_the_server_to_the_client(web: Web) -> None:
    def connection(socket: Socket) -> None:
        def hello() -> None:
            for counter in count(1):
                gevent.sleep(0.01)
                socket.emit("hello", counter)

        timer = gevent.spawn(hello)
        socket.on("disconnect", lambda: timer.kill())

    example = Example(web, connection)
    page = web.open(
        example.url,
        CLIENT,
        """
        const socket = io();
        socket.on('connect', () => console.log('connect'));
        socket.on('hello', (counter) => { if (counter < 4) console.log(`hello - ${counter}`); });
        """,
    )
    page.logs("connect", "hello - 1", "hello - 2", "hello - 3")


def test_a_message_from_the_client_to_the_server(web: Web) -> None:
    said: list[Any] = []
    example = Example(web, lambda socket: socket.on("hey", said.append))
    page = web.open(
        example.url,
        CLIENT,
        """
        const socket = io();
        let counter = 0;
        const timer = setInterval(() => {
          socket.emit('hey', { counter: ++counter });
          if (counter === 3) clearInterval(timer);
        }, 5);
        socket.on('connect', () => console.log('connect'));
        """,
    )
    page.logs("connect")
    wait_until(lambda: len(said) == 3, what="the messages are here")
    assert said == [{"counter": 1}, {"counter": 2}, {"counter": 3}]


def test_polling_comes_first_and_the_upgrade_is_tried_on_the_side(web: Web) -> None:
    seen: list[str] = []
    io = listen(0, HOST)
    io.on("connection", lambda socket: seen.append(socket.transport))
    page = web.open(
        web.host(io),
        CLIENT,
        """
        const socket = io();
        socket.on('connect', () => {
          console.log(socket.io.engine.transport.name);
          socket.io.engine.on('upgrade', (transport) => console.log(transport.name));
        });
        """,
    )
    page.logs("polling", "websocket")
    assert seen == ["polling"]
    (session,) = io.engine.sessions.values()
    assert session.transport.name == "websocket"


def test_the_pace_of_the_heartbeat_is_told_in_the_handshake(web: Web) -> None:
    io = listen(0, HOST, ping_interval=0.1, ping_timeout=7)
    page = web.open(
        web.host(io),
        CLIENT,
        """
        const socket = io();
        socket.on('connect', () => {
          const { engine } = socket.io;
          console.log(engine.pingInterval, engine.pingTimeout);
          engine.once('pong', () => console.log('pong'));
        });
        """,
    )
    page.logs([100, 7000], "pong")


def test_a_client_comes_back_until_the_server_is_there_again(web: Web) -> None:
    io = listen(0, HOST)
    assert io.http_server is not None
    port = io.http_server.server_port
    page = web.open(
        web.host(io),
        CLIENT,
        """
        const socket = io(url, { reconnectionDelay: 10, reconnectionDelayMax: 20 });
        socket.on('connect', () => console.log('connect'));
        socket.on('disconnect', () => console.log('disconnect'));
        """,
    )
    page.logs("connect")
    io.close()
    page.logs("connect", "disconnect")
    again = listen(port, HOST)
    web.host(again)
    page.logs("connect", "disconnect", "connect")
