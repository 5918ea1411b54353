"""The home page of Socket.IO 0.9, in its own style: ``socket.on(…)`` when a socket comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
import pytest
from flask import Flask

from flask_realtime import Server, Socket, SocketIO, WSGIApp, listen
from flask_realtime.wsgi import WSGIServer
from tests.seeds.web import HOST, Web, get
from tests.support.waiting import wait_until

CLIENT = "0.9"
NEWS = """
    const socket = io.connect(url);
    socket.on('news', (data) => {
      console.log(data);
      socket.emit('my other event', { my: 'data' });
    });
"""
INDEX = b'<script src="/socket.io/socket.io.js"></script>'


class News:
    """The first server, which tells what it hears."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def __call__(self, socket: Socket) -> None:
        socket.emit("news", {"hello": "world"})
        socket.on("my other event", self.said.append)

    def visit(self, web: Web, url: str) -> None:
        web.open(url, CLIENT, NEWS).logs({"hello": "world"})
        wait_until(lambda: self.said, what="the page has answered")
        assert self.said == [{"my": "data"}]


def test_a_port_is_all_that_is_needed(web: Web) -> None:
    io = listen(0, HOST, client_version="0.9")
    url = web.host(io)
    news = News()
    io.sockets.on("connection", news)
    news.visit(web, url)
    assert b"Socket.IO.js build:0.9.17" in get(f"{url}/socket.io/socket.io.js").body


def handler(environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/html")])
    return [INDEX]


def test_with_an_http_server_of_ones_own_and_its_handler(web: Web) -> None:
    io = Server()
    app = WSGIServer((HOST, 0), WSGIApp(io, handler), log=None)
    app.start()
    url = web.host(io, app)
    news = News()
    io.sockets.on("connection", news)
    assert get(f"{url}/").body == INDEX
    news.visit(web, url)


def make_flask_app() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: INDEX)
    app.add_url_rule("/ajax", "ajax", lambda: {"answer": 42}, methods=["POST"])
    return app


def on_a_server(io: SocketIO, app: Flask) -> WSGIServer:
    """Express 3: a server is made for the application, and told to listen."""
    server = WSGIServer((HOST, 0), app, log=None)
    server.start()
    return server


def by_itself(io: SocketIO, app: Flask) -> WSGIServer:
    """Express 2: what is the application listens by itself."""
    io.listen(app, 0, HOST)
    assert io.wsgi_server is not None
    return io.wsgi_server


@pytest.mark.parametrize("start", [on_a_server, by_itself])
def test_with_a_framework_that_serves_pages_and_ajax(
    web: Web, start: Callable[[SocketIO, Flask], WSGIServer]
) -> None:
    app = make_flask_app()
    io = SocketIO(app)
    url = web.host(io, start(io, app))
    news = News()
    io.sockets.on("connection", news)
    assert get(f"{url}/").body == INDEX
    assert get(f"{url}/ajax", data=b"").body == b'{"answer":42}\n'
    news.visit(web, url)


def test_events_of_ones_own_beside_connect_message_and_disconnect(web: Web) -> None:
    said: list[Any] = []
    io = listen(0, HOST)
    url = web.host(io)

    def connection(socket: Socket) -> None:
        io.sockets.emit("this", {"will": "be received by everyone"})
        socket.on("private message", lambda sender, text: said.append((sender, text)))
        socket.on("disconnect", lambda: io.sockets.emit("user disconnected"))

    io.sockets.on("connection", connection)
    first = web.open(
        url,
        CLIENT,
        """
        const socket = io.connect(url);
        socket.on('this', (data) => console.log(data.will));
        socket.on('user disconnected', (...args) => console.log('gone', args.length));
        """,
    )
    first.logs("be received by everyone")
    second = web.open(
        url,
        CLIENT,
        """
        const socket = io.connect(url);
        socket.emit('private message', 'tobi', 'woot'); // before it is connected
        socket.on('this', (data) => console.log(data.will));
        """,
    )
    second.logs("be received by everyone")
    wait_until(lambda: said, what="the private message is here")
    assert said == [("tobi", "woot")]
    second.close()
    first.logs("be received by everyone", "be received by everyone", ["gone", 0])


def test_data_is_kept_for_the_duration_of_the_session(web: Web) -> None:
    said: list[Any] = []
    io = listen(0, HOST)
    url = web.host(io)

    def connection(socket: Socket) -> None:
        def set_nickname(name: str) -> None:
            socket.set("nickname", name, lambda: socket.emit("ready"))

        def message() -> None:
            socket.get("nickname", lambda error, name: said.append((error, name)))

        socket.on("set nickname", set_nickname)
        socket.on("msg", message)

    io.sockets.on("connection", connection)
    page = web.open(
        url,
        CLIENT,
        """
        const socket = io.connect(url);
        socket.on('ready', () => { console.log('ready'); socket.emit('msg'); });
        socket.emit('set nickname', 'tobi');
        """,
    )
    page.logs("ready")
    wait_until(lambda: said, what="the message is here")
    assert said == [(None, "tobi")]


def test_namespaces_share_one_connection_and_get_their_own(web: Web) -> None:
    said: list[str] = []
    io = listen(0, HOST)
    url = web.host(io)

    def in_chat(socket: Socket) -> None:
        socket.emit("a message", {"that": "only", "/chat": "will get"})
        chat.emit("a message", {"everyone": "in", "/chat": "will get"})
        socket.on("hi!", lambda: said.append("hi!"))

    def in_news(socket: Socket) -> None:
        socket.emit("item", {"news": "item"})
        socket.on("woot", lambda: said.append("woot"))

    chat = io.of("/chat").on("connection", in_chat)
    news = io.of("/news").on("connection", in_news)
    assert (chat, news) == (io.of("/chat"), io.of("/news"))
    page = web.open(
        url,
        CLIENT,
        """
        const chat = io.connect(url + '/chat'), news = io.connect(url + '/news');
        chat.on('connect', () => chat.emit('hi!'));
        news.on('item', (data) => { console.log('news', data); news.emit('woot'); });
        chat.on('a message', (data) => console.log('chat', data));
        news.on('a message', () => console.log('this is not for me'));
        """,
    )
    page.sees(
        ["chat", {"that": "only", "/chat": "will get"}],
        ["chat", {"everyone": "in", "/chat": "will get"}],
        ["news", {"news": "item"}],
    )
    wait_until(lambda: len(said) == 2, what="both have answered")
    assert sorted(said) == ["hi!", "woot"]
    assert len(io.engine.sessions) == 1


def test_volatile_messages_until_the_client_leaves(web: Web) -> None:
    ended: list[str] = []
    io = listen(0, HOST)
    url = web.host(io)

    def connection(socket: Socket) -> None:
        def tweet() -> None:
            for number in range(1_000_000):
                socket.volatile.emit("bieber tweet", number)
                gevent.sleep(0.01)

        def disconnect() -> None:
            tweets.kill()
            ended.append("cleared")

        tweets = gevent.spawn(tweet)
        socket.on("disconnect", disconnect)

    io.sockets.on("connection", connection)
    script = "io.connect(url).on('bieber tweet', (tweet) => console.log(tweet));"
    page = web.open(url, CLIENT, script)
    wait_until(lambda: len(page.logged) > 2, what="some tweets are there")
    numbers = [line[0] for line in page.logged]
    assert numbers == sorted(set(numbers))
    page.close()
    wait_until(lambda: ended, what="the timer is cleared")


def test_the_function_at_the_end_is_the_answer(web: Web) -> None:
    io = listen(0, HOST)
    url = web.host(io)

    def ferret(name: str, fn: Callable[..., None]) -> None:
        fn("woot")

    io.sockets.on("connection", lambda socket: socket.on("ferret", ferret))
    page = web.open(
        url,
        CLIENT,
        """
        const socket = io.connect(); // finds its own host
        socket.on('connect', () => {
          socket.emit('ferret', 'tobi', (data) => console.log(data));
        });
        """,
    )
    page.logs("woot")


def test_a_broadcast_reaches_everyone_else(web: Web) -> None:
    io = listen(0, HOST)
    url = web.host(io)

    def connection(socket: Socket) -> None:
        socket.broadcast.emit("user connected")
        socket.emit("welcome")

    io.sockets.on("connection", connection)
    script = """
        const socket = io.connect(url);
        for (const event of ['welcome', 'user connected']) {
          socket.on(event, () => console.log(event));
        }
    """
    first = web.open(url, CLIENT, script)
    first.logs("welcome")
    second = web.open(url, CLIENT, script)
    first.logs("welcome", "user connected")
    second.logs("welcome")


def test_just_a_websocket_that_every_browser_has(web: Web) -> None:
    said: list[Any] = []
    io = listen(0, HOST)
    url = web.host(io)

    def connection(socket: Socket) -> None:
        def message(text: str) -> None:
            said.append(text)
            socket.send(f"{text} yourself")

        socket.on("message", message)
        socket.on("disconnect", lambda: said.append("left"))

    io.sockets.on("connection", connection)
    page = web.open(
        url,
        CLIENT,
        """
        const socket = io.connect(url + '/');
        socket.on('connect', () => {
          socket.send('hi', () => console.log('received'));
          socket.on('message', (msg) => console.log(msg));
        });
        """,
    )
    page.sees("received", "hi yourself")
    page.close()
    wait_until(lambda: len(said) > 1, what="it has left")
    assert said == ["hi", "left"]
