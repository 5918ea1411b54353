"""The documentation of Socket.IO 2.x, as it was in its repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import gevent
import pytest
from flask import Flask

from flask_realtime import Server, Socket, SocketIO, emit, listen
from flask_realtime.wsgi import WSGIServer
from tests.seeds.web import HOST, Web, get
from tests.support.waiting import wait_until

CLIENT = "2"
NEWS = """
    const socket = io(url);
    socket.on('news', (data) => {
      console.log(data);
      socket.emit('my other event', { my: 'data' });
    });
"""


@pytest.fixture
def io() -> Server:
    return listen(0, HOST)


@pytest.fixture
def url(web: Web, io: Server) -> str:
    return web.host(io)


def test_the_api_at_a_glance(web: Web, io: Server, url: str) -> None:
    said: list[str] = []

    @io.on("connection")
    def connection(socket: Socket) -> None:
        socket.emit("request", "to you")
        io.emit("broadcast", "to all")
        socket.on("reply", said.append)

    page = web.open(
        url,
        CLIENT,
        """
        const socket = io(url);
        socket.on('request', (text) => console.log('request', text));
        socket.on('broadcast', (text) => {
          console.log('broadcast', text);
          socket.emit('reply', 'yes');
        });
        """,
    )
    page.logs(["request", "to you"], ["broadcast", "to all"])
    wait_until(lambda: said, what="the page has replied")
    assert said == ["yes"]


def test_a_websocket_that_is_not_ours_cannot_connect_and_we_are_none(
    web: Web, url: str
) -> None:
    page = web.open(
        url,
        CLIENT,
        """
        const WebSocket = require('ws');
        const address = url.replace('http', 'ws');
        for (const path of ['/', '/socket.io/']) {
          const websocket = new WebSocket(address + path);
          websocket.on('message', (data) => console.log(String(data)));
          websocket.on('error', (error) => console.log(path, error.message));
        }
        """,
    )
    page.sees(
        ["/", "Unexpected server response: 404"],
        ["/socket.io/", "Unexpected server response: 400"],
    )


def handler(environ: Any, start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/html")])
    return [b"index.html"]


def test_with_an_http_server(web: Web) -> None:
    said: list[Any] = []
    app = WSGIServer((HOST, 0), handler, log=None)
    io = Server(app)

    @io.on("connection")
    def connection(socket: Socket) -> None:
        socket.emit("news", {"hello": "world"})
        socket.on("my other event", said.append)

    app.start()
    url = web.host(io, app)
    assert get(f"{url}/").body == b"index.html"
    web.open(url, CLIENT, NEWS).logs({"hello": "world"})
    wait_until(lambda: said, what="the page has answered")
    assert said == [{"my": "data"}]


def test_with_flask_as_with_express(web: Web) -> None:
    said: list[Any] = []
    app = Flask(__name__)
    io = SocketIO(app)

    @app.get("/")
    def index() -> str:
        return "index.html"

    @io.on("connection")
    def connection() -> None:
        emit("news", {"hello": "world"})

    io.on("my other event", said.append)
    url = web.host(io.listen(app, 0, HOST))
    assert get(f"{url}/").body == b"index.html"
    web.open(url, CLIENT, NEWS.replace("io(url)", "io.connect(url)")).logs({"hello": "world"})
    wait_until(lambda: said, what="the page has answered")
    assert said == [{"my": "data"}]


def test_sending_and_receiving_events(web: Web, io: Server, url: str) -> None:
    said: list[Any] = []

    @io.on("connection")
    def connection(socket: Socket) -> None:
        io.emit("this", {"will": "be received by everyone"})
        socket.on("private message", lambda sender, text: said.append((sender, text)))
        socket.on("disconnect", lambda: io.emit("user disconnected"))

    script = """
        const socket = io(url);
        socket.on('this', (data) => console.log(data.will));
        socket.on('user disconnected', () => console.log('user disconnected'));
        socket.emit('private message', 'tobi', 'woot');
    """
    first = web.open(url, CLIENT, script)
    first.logs("be received by everyone")
    second = web.open(url, CLIENT, script)
    second.logs("be received by everyone")
    second.close()
    first.logs("be received by everyone", "be received by everyone", "user disconnected")
    wait_until(lambda: len(said) == 2, what="both have written")
    assert said == [("tobi", "woot")] * 2


def test_restricting_yourself_to_a_namespace(web: Web, io: Server, url: str) -> None:
    said: list[str] = []

    def in_chat(socket: Socket) -> None:
        socket.emit("a message", {"that": "only", "/chat": "will get"})
        chat.emit("a message", {"everyone": "in", "/chat": "will get"})
        socket.on("hi!", lambda: said.append("hi!"))

    def in_news(socket: Socket) -> None:
        socket.emit("item", {"news": "item"})
        socket.on("woot", lambda: said.append("woot"))

    chat = io.of("/chat").on("connection", in_chat)
    io.of("/news").on("connection", in_news)
    page = web.open(
        url,
        CLIENT,
        """
        const chat = io.connect(url + '/chat'), news = io.connect(url + '/news');
        chat.on('connect', () => chat.emit('hi!'));
        chat.on('a message', (data) => console.log('chat', data));
        news.on('item', (data) => { console.log('news', data); news.emit('woot'); });
        news.on('a message', (data) => console.log('news', data));
        """,
    )
    page.sees(
        ["chat", {"that": "only", "/chat": "will get"}],
        ["chat", {"everyone": "in", "/chat": "will get"}],
        ["news", {"news": "item"}],
    )
    wait_until(lambda: len(said) == 2, what="both have answered")
    assert len(io.engine.sessions) == 1


def test_sending_volatile_messages(web: Web, io: Server, url: str) -> None:
    """Over polling: who is between two requests misses what is sent meanwhile."""
    ended: list[bool] = []
    connected: list[Socket] = []

    @io.on("connection")
    def connection(socket: Socket) -> None:
        connected.append(socket)
        tweets = gevent.spawn(tweet, socket)

        @socket.on("disconnect")
        def disconnect() -> None:
            tweets.kill()
            ended.append(True)

    def tweet(socket: Socket) -> None:
        while True:
            gevent.sleep(0.02)
            for word in ("baby", "baby", "oh"):
                socket.volatile.emit("bieber tweet", word)

    page = web.open(
        url,
        CLIENT,
        """
        const socket = io(url, { transports: ['polling'] });
        socket.on('bieber tweet', (tweet) => console.log(tweet));
        """,
    )
    wait_until(lambda: len(page.logged) > 2, what="tweets are there")
    assert {line[0] for line in page.logged} == {"baby"}
    page.close()
    wait_until(lambda: ended, what="the timer is cleared")


def test_sending_and_getting_data(web: Web, io: Server, url: str) -> None:
    def ferret(name: str, word: str, fn: Callable[..., None]) -> None:
        fn(name + " says " + word)

    io.on("connection", lambda socket: socket.on("ferret", ferret))
    page = web.open(
        url,
        CLIENT,
        """
        const socket = io(); // finds its own host
        socket.on('connect', () => {
          socket.emit('ferret', 'tobi', 'woot', (data) => console.log(data));
        });
        """,
    )
    page.logs("tobi says woot")


def test_the_answer_may_have_several_values_in_order(web: Web, io: Server, url: str) -> None:
    io.on("ferret", lambda name, word: (word, name))
    script = "io().emit('ferret', 'tobi', 'woot', (...values) => console.log(...values));"
    web.open(url, CLIENT, script).logs(["woot", "tobi"])


def test_broadcasting_messages(web: Web, io: Server, url: str) -> None:
    @io.on("connection")
    def connection(socket: Socket) -> None:
        socket.broadcast.emit("user connected")
        socket.broadcast.send("hello", "all")
        socket.emit("welcome")

    script = """
        const socket = io(url);
        for (const event of ['welcome', 'user connected', 'message']) {
          socket.on(event, (...args) => console.log(event, ...args));
        }
    """
    first = web.open(url, CLIENT, script)
    first.logs("welcome")
    second = web.open(url, CLIENT, script)
    first.logs("welcome", "user connected", ["message", "hello", "all"])
    second.logs("welcome")


def test_just_a_cross_browser_websocket(web: Web, io: Server, url: str) -> None:
    said: list[str] = []

    @io.on("connection")
    def connection(socket: Socket) -> None:
        @socket.on("message")
        def message(text: str) -> None:
            said.append(text)
            socket.send(f"{text} yourself")

        socket.on("disconnect", lambda: said.append("left"))

    page = web.open(
        url,
        CLIENT,
        """
        const socket = io(url + '/');
        socket.on('connect', () => {
          socket.send('hi');
          socket.on('message', (msg) => console.log(msg));
        });
        """,
    )
    page.logs("hi yourself")
    page.close()
    wait_until(lambda: len(said) > 1, what="it has left")
    assert said == ["hi", "left"]
