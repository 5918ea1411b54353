"""The README of Socket.IO 0.9, as a Flask application has it: ``@io.on(…)``, and ``socket``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_realtime import Socket, SocketIO, emit, join_room, listen, socket
from tests.seeds.web import HOST, Web
from tests.support.waiting import wait_until

CLIENT = "0.9"
NEWS = """
    const socket = io.connect(url);
    socket.on('news', (data) => {
      console.log(data);
      socket.emit('my other event', { my: 'data' });
    });
"""


@pytest.fixture
def app() -> Flask:
    return Flask(__name__)


@pytest.fixture
def io(app: Flask) -> SocketIO:
    """Of the application, which :func:`url` serves; handlers may be added later."""
    return SocketIO(app)


@pytest.fixture
def url(app: Flask, io: SocketIO, web: Web) -> str:
    return web.host(io.listen(app, 0, HOST))


def test_the_first_events(web: Web, io: SocketIO, url: str) -> None:
    said: list[Any] = []
    io.on("my other event", said.append)

    @io.on("connection")
    def connection() -> None:
        emit("news", {"hello": "world"})

    web.open(url, CLIENT, NEWS).logs({"hello": "world"})
    wait_until(lambda: said, what="the page has answered")
    assert said == [{"my": "data"}]


def test_over_https(secure_web: Web, app: Flask, io: SocketIO, tls: Path) -> None:
    transports: list[str] = []
    io.on("my other event", lambda data: transports.append(socket.transport))
    io.on("connection", lambda: emit("news", {"hello": "world"}))
    url = secure_web.host(io.listen(app, 0, HOST, certfile=tls))
    assert url.startswith("https:")
    secure_web.open(url, CLIENT, NEWS).logs({"hello": "world"})
    wait_until(lambda: transports, what="the page has answered")
    assert transports == ["websocket"]


def test_sending_and_receiving_events(web: Web, io: SocketIO, url: str) -> None:
    said: list[Any] = []

    @io.on("connection")
    def connection() -> None:
        io.emit("this", {"will": "be received by everyone"})

    @io.on("private message")
    def private_message(sender: str, text: str) -> None:
        said.append(f"{sender} says {text}")

    @io.on("disconnect")
    def disconnect() -> None:
        io.emit("user disconnected")

    script = """
        const socket = io.connect(url);
        socket.on('this', (data) => console.log(data));
        socket.on('user disconnected', () => console.log('user disconnected'));
        socket.emit('private message', 'tobi', 'woot');
    """
    this = {"will": "be received by everyone"}
    first = web.open(url, CLIENT, script)
    first.logs(this)
    second = web.open(url, CLIENT, script)
    second.logs(this)
    wait_until(lambda: len(said) == 2, what="both have written")
    assert said == ["tobi says woot"] * 2
    second.close()
    first.logs(this, this, "user disconnected")


def test_storing_data_of_a_client(web: Web, io: SocketIO, url: str) -> None:
    said: list[Any] = []

    @io.on("set nickname")
    def set_nickname(name: str) -> None:
        socket.set("nickname", name)
        emit("ready")

    @io.on("msg")
    def message(text: str) -> None:
        said.append((socket.get("nickname"), text))

    page = """
        const socket = io.connect(url);
        socket.on('connect', () => {
          socket.emit('set nickname', '%s');
          socket.on('ready', () => {
            console.log('Connected !');
            socket.emit('msg', 'woot');
          });
        });
    """
    for name in ("tobi", "loki"):
        web.open(url, CLIENT, page % name).logs("Connected !")
    wait_until(lambda: len(said) == 2, what="both have written")
    assert sorted(said) == [("loki", "woot"), ("tobi", "woot")]


def test_restricting_yourself_to_a_namespace(web: Web, io: SocketIO, url: str) -> None:
    said: list[str] = []
    chat, news = io.of("/chat"), io.of("/news")

    @chat.on("connection")
    def in_chat() -> None:
        socket.emit("a message", {"that": "only", "/chat": "will get"})
        chat.emit("a message", {"everyone": "in", "/chat": "will get"})

    @news.on("connection")
    def in_news() -> None:
        emit("item", {"news": "item"})

    chat.on("hi!", lambda: said.append("hi!"))
    news.on("woot", lambda: said.append("woot"))
    page = web.open(
        url,
        CLIENT,
        """
        const chat = io.connect(url + '/chat'), news = io.connect(url + '/news');
        for (const [name, socket] of Object.entries({ chat, news })) {
          socket.on('a message', (data) => console.log(name, data));
          socket.on('item', (data) => console.log(name, data));
        }
        chat.on('connect', () => chat.emit('hi!'));
        news.on('connect', () => news.emit('woot'));
        """,
    )
    page.sees(
        ["chat", {"that": "only", "/chat": "will get"}],
        ["chat", {"everyone": "in", "/chat": "will get"}],
        ["news", {"news": "item"}],
    )
    wait_until(lambda: len(said) == 2, what="both have written")
    assert len(io.server.engine.sessions) == 1


def test_a_volatile_message_waits_for_nobody(web: Web, io: SocketIO, url: str) -> None:
    """The client polls, and is not ready between an answer and its next request."""
    connected: list[Socket] = []
    io.on("connection", connected.append)
    page = web.open(
        url,
        CLIENT,
        """
        io.transports = ['xhr-polling'];
        const socket = io.connect(url);
        socket.on('bieber tweet', (tweet) => console.log(tweet));
        """,
    )
    wait_until(lambda: connected and connected[0].conn.transport.ready, what="a poll is open")
    for tweet in ("first", "second", "third"):
        connected[0].volatile.emit("bieber tweet", tweet)
    connected[0].emit("bieber tweet", "not volatile")
    page.logs("first", "not volatile")


def test_tweets_end_with_the_client(web: Web, io: SocketIO, url: str) -> None:
    ended: list[Socket] = []

    def tweets(client: Socket) -> None:
        while client.connected:
            client.volatile.emit("bieber tweet", "baby")
            io.sleep(0.01)
        ended.append(client)

    io.on("connection", lambda client: io.start_background_task(tweets, client))
    script = "io.connect(url).on('bieber tweet', (tweet) => console.log(tweet));"
    page = web.open(url, CLIENT, script)
    wait_until(lambda: page.logged, what="a tweet is there")
    page.close()
    wait_until(lambda: ended, what="the tweets have ended")


def test_getting_acknowledgements(web: Web, io: SocketIO, url: str) -> None:
    """The answer to ``emit`` is what the handler returns, that to ``send`` comes by itself."""

    @io.on("ferret")
    def ferret(name: str) -> str:
        return "woot"

    @io.on("message")
    def message(text: str) -> str:
        return "nobody reads this"

    page = web.open(
        url,
        CLIENT,
        """
        const socket = io.connect();
        socket.on('connect', () => {
          socket.emit('ferret', 'tobi', (data) => {
            console.log(data);
            socket.send('hi', (...args) => console.log('received', args.length));
          });
        });
        """,
    )
    page.logs("woot", ["received", 0])


def test_broadcasting_messages(web: Web, io: SocketIO, url: str) -> None:
    @io.on("connection")
    def connection() -> None:
        socket.broadcast.emit("user connected")
        socket.broadcast.json.send({"a": "message"})
        emit("welcome")

    script = """
        const socket = io.connect(url);
        socket.on('user connected', (...args) => console.log('user connected', args.length));
        socket.on('message', (data) => console.log(data));
        socket.on('welcome', () => console.log('welcome'));
    """
    first = web.open(url, CLIENT, script)
    first.logs("welcome")
    second = web.open(url, CLIENT, script)
    first.logs("welcome", ["user connected", 0], {"a": "message"})
    second.logs("welcome")


def test_rooms(web: Web, io: SocketIO, url: str) -> None:
    @io.on("connection")
    def connection() -> None:
        join_room("justin bieber fans")
        socket.broadcast.to("justin bieber fans").emit("new fan")
        io.sockets.in_("rammstein fans").emit("new non-fan")
        emit("welcome")

    @io.on("change")
    def change() -> str:
        socket.leave("justin bieber fans")
        socket.join("rammstein fans")
        return "changed"

    script = """
        const socket = io.connect(url);
        for (const event of ['welcome', 'new fan', 'new non-fan']) {
          socket.on(event, () => console.log(event));
        }
    """
    fan = web.open(url, CLIENT, script)
    fan.logs("welcome")
    changed = web.open(url, CLIENT, script + "socket.emit('change', (done) => console.log(done));")
    changed.logs("welcome", "changed")
    newcomer = web.open(url, CLIENT, script)
    newcomer.logs("welcome")
    fan.logs("welcome", "new fan", "new fan")
    changed.logs("welcome", "changed", "new non-fan")


def test_just_a_websocket(web: Web, io: SocketIO, url: str) -> None:
    said: list[Any] = []
    io.on("message", lambda text: socket.send([text, "yourself"]))
    io.on("disconnect", lambda: said.append("left"))
    page = web.open(
        url,
        CLIENT,
        """
        const socket = io.connect(url + '/');
        socket.on('connect', () => {
          socket.send('hi');
          socket.on('message', (msg) => console.log(msg));
        });
        """,
    )
    page.logs([["hi", "yourself"]])
    page.close()
    wait_until(lambda: said, what="it has left")


@pytest.mark.parametrize(
    ("environment", "transports"),
    [
        ("development", ["websocket", "xhr-polling"]),
        ("production", ["websocket", "flashsocket", "xhr-polling"]),
    ],
)
def test_changing_configuration(
    web: Web, monkeypatch: pytest.MonkeyPatch, environment: str, transports: list[str]
) -> None:
    monkeypatch.setenv("FLASK_ENV", environment)
    io = listen(0, HOST)
    url = web.host(io)
    quiet = logging.getLogger("flask_realtime").level

    def configure() -> None:
        io.set("transports", ["websocket", "flashsocket", "xhr-polling"])

    def in_development() -> None:
        io.set("transports", ["websocket", "xhr-polling"])
        io.enable("log")

    try:
        io.configure(configure)
        io.configure("development", in_development)
        assert io.enabled("log") is (environment == "development")
        io.sockets.on("connection", lambda socket: socket.emit("news"))
        script = """
            io.transports = ['htmlfile', 'flashsocket', 'xhr-polling'];
            const socket = io.connect(url);
            socket.on('news', () => console.log(socket.socket.transports.sort()));
        """
        page = web.open(url, CLIENT, script)
        page.logs([[each for each in transports if each != "websocket"]])
    finally:
        io.disable("log")
    assert logging.getLogger("flask_realtime").level == quiet
