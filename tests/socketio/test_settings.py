"""Settings by the names of Socket.IO 0.9 to 2.x: each is an option, and takes effect as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_realtime import SocketIO
from flask_realtime.adapters.memory import MemoryAdapter
from flask_realtime.exceptions import OptionError
from flask_realtime.options import NAMES, make_options
from flask_realtime.options.names import REFUSED
from flask_realtime.socketio.older.settings import environment
from flask_realtime.socketio.server import Server
from tests.support.app import serving_apps
from tests.support.documents import code_block

# What the manual of 0.9 tells people to write for production.
OF_THE_MANUAL = {
    "browser client minification": True,
    "browser client etag": True,
    "browser client gzip": True,
    "log level": 1,
    "transports": ["websocket", "htmlfile", "xhr-polling", "jsonp-polling"],
}

SETTINGS: list[tuple[str, Any, str, Any]] = [
    ("resource", "/chat", "path", "/chat"),
    ("transports", ["xhr-polling"], "transports", ("polling",)),
    ("heartbeat interval", 20, "ping_interval", 20.0),
    ("heartbeat timeout", 60, "ping_timeout", 60.0),
    ("close timeout", 60, "close_timeout", 60.0),
    ("polling duration", 20, "polling_duration", 20.0),
    ("destroy buffer size", 10e7, "max_http_buffer_size", 100_000_000),
    ("client store expiration", 30, "store_expiration", 30.0),
    ("origins", "a.org:*", "cors_allowed_origins", ("a.org:*",)),
    ("browser client", False, "serve_client", False),
    ("flash policy server", True, "flash_policy_port", 10843),
    ("flash policy port", 843, "flash_policy_port", 843),
    ("log", True, "logger", True),
    ("ping_interval", 5, "ping_interval", 5.0),
    ("max inbox", 10, "max_inbox", 10),
]


@pytest.fixture(params=["server", "extension"])
def io(request: pytest.FixtureRequest) -> Any:
    """A server, and the extension: what is set on it is the server's."""
    return Server() if request.param == "server" else SocketIO()


def options_of(io: Any) -> Any:
    return io.options if isinstance(io, Server) else io.server.options


@pytest.mark.parametrize(("key", "value", "option", "kept"), SETTINGS)
def test_a_setting_is_an_option(
    io: Any, key: str, value: Any, option: str, kept: Any, quiet_loggers: None
) -> None:
    assert io.set(key, value) is io
    assert getattr(options_of(io), option) == kept
    assert io.get(key) == io.set(key)
    assert io.get(option) == kept
    if key != "flash policy server":
        assert io.get(key) == kept


@pytest.mark.parametrize("name", sorted(NAMES - REFUSED.keys()))
def test_what_is_there_can_be_set(io: Any, name: str, quiet_loggers: None) -> None:
    io.set("cookie", "io")
    before = options_of(io)
    io.set(name, io.get(name))
    assert options_of(io) == before


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("allow_eio3", False),
        ("allow_eio3", True),
        ("cookie_path", "/chat"),
        ("cookie_http_only", False),
        ("flash policy server", True),
        ("flash policy server", False),
    ],
)
def test_what_was_set_is_there(io: Any, key: str, value: Any) -> None:
    io.set("cookie", "io").set(key, value)
    assert io.get(key) is value
    assert io.set(key, io.get(key)).get(key) is value


def test_parts_of_a_cookie_are_there_without_one(io: Any) -> None:
    assert (io.get("cookie_path"), io.get("cookie_http_only")) == ("/", True)


@pytest.mark.parametrize(
    ("value", "kept", "told"),
    [(0, 40, 0), (1, 30, 1), (2, 20, 2), ("debug", 10, 3), (20, 20, 2), (None, None, None)],
)
def test_the_log_level_is_told_as_in_09(
    io: Any, value: Any, kept: int | None, told: int | None, quiet_loggers: None
) -> None:
    io.set("log level", value)
    assert options_of(io).log_level == kept
    assert io.get("log level") == io.set("log_level") == told


def test_what_the_manual_of_09_says_can_be_written(io: Any, quiet_loggers: None) -> None:
    for key, value in OF_THE_MANUAL.items():
        io.enable(key) if value is True else io.set(key, value)
    assert options_of(io).client_minified is True
    assert io.enabled("browser client etag")


def test_settings_are_switched(io: Any) -> None:
    assert io.disable("browser client").disabled("browser client")
    assert options_of(io).serve_client is False
    assert io.enable("browser client").enabled("browser client")
    assert options_of(io).serve_client is True
    assert io.disabled("origins") and not io.enabled("origins")


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("heartbeat intervall", "unknown setting 'heartbeat intervall'; did you mean 'heartbeat"),
        ("transport", "unknown setting 'transport'; did you mean 'transports'"),
        ("close timout", "did you mean 'close timeout'"),
        (5, "unknown setting 5"),
    ],
)
def test_an_unknown_setting_is_refused_with_the_nearest(io: Any, key: Any, told: str) -> None:
    with pytest.raises(OptionError, match=told):
        io.set(key, 1)
    with pytest.raises(OptionError, match=told):
        io.get(key)


def test_a_setting_is_checked_as_its_option_and_changes_nothing_then(io: Any) -> None:
    before = options_of(io)
    with pytest.raises(OptionError, match="heartbeat_interval is a time in seconds.*mean 25?"):
        io.set("heartbeat interval", 25000)
    with pytest.raises(OptionError, match="ws_engine is not offered"):
        io.set("ws engine", "ws")
    assert options_of(io) == before


def test_an_option_set_by_one_name_may_be_set_by_another(io: Any) -> None:
    io.set("resource", "/a").set("path", "/b").set("resource", "/c")
    assert options_of(io).path == "/c"


def test_what_is_set_counts_more_than_what_init_app_says() -> None:
    app = Flask(__name__)
    app.config["SOCKETIO_PING_TIMEOUT"] = 7
    io = SocketIO(path="/a", max_inbox=5)
    io.set("resource", "/b")
    io.init_app(app, max_attachments=3)
    options = io.server.options
    assert (options.path, options.max_inbox, options.max_attachments) == ("/b", 5, 3)
    assert options.ping_timeout == 7.0


def test_a_keyword_counts_more_than_the_configuration_whatever_they_are_called() -> None:
    app = Flask(__name__)
    app.config["SOCKETIO_PATH"] = "/a"
    app.config["SOCKETIO_HEARTBEAT_TIMEOUT"] = 60
    options = SocketIO(app, resource="/b", ping_timeout=7).server.options
    assert (options.path, options.ping_timeout) == ("/b", 7.0)


@pytest.mark.parametrize("allowed", [True, False])
def test_authorization_is_a_setting_too(allowed: bool) -> None:
    with serving_apps() as serve:
        running, _ = serve()
        assert running.server.set("authorization", lambda handshake: allowed) is running.server
        assert running.http().get("/socket.io/1/").status == (200 if allowed else 403)
        with pytest.raises(OptionError, match="authorization can only be set"):
            running.server.get("authorization")


# Where configure() runs what it is given

ENVIRONMENTS: list[tuple[dict[str, str], str]] = [
    ({}, "development"),
    ({"NODE_ENV": "production"}, "production"),
    ({"FLASK_ENV": "testing", "NODE_ENV": "production"}, "testing"),
]


@pytest.mark.parametrize(("variables", "name"), ENVIRONMENTS)
def test_the_environment_has_a_name(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], name: str
) -> None:
    for variable in ("FLASK_ENV", "NODE_ENV"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    assert environment() == name


@pytest.fixture
def in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLASK_ENV", raising=False)
    monkeypatch.setenv("NODE_ENV", "production")


def test_configure_runs_a_function_at_once(io: Any) -> None:
    ran: list[Any] = []

    def without() -> None:
        ran.append("without")

    assert io.configure(without) is without
    assert io.configure(ran.append) == ran.append
    assert ran == ["without", io]


def test_configure_runs_what_is_for_this_environment(io: Any, in_production: None) -> None:
    ran: list[Any] = []
    assert io.configure("production", ran.append) is io
    assert io.configure("development", lambda: ran.append("development")) is io
    assert ran == [io]


def test_configure_decorates(io: Any, in_production: None) -> None:
    @io.configure("production")
    def production(one: Any) -> None:
        one.set("close timeout", 30)

    @io.configure("development")
    def development(one: Any) -> None:
        one.set("close timeout", 10)

    @io.configure
    def always() -> None:
        io.set("polling duration", 15)

    assert callable(production) and callable(development) and callable(always)
    assert (io.get("close timeout"), io.get("polling duration")) == (30.0, 15.0)


@pytest.mark.parametrize("call", [lambda io: io.configure(5), lambda io: io.configure("x", 5)])
def test_configure_takes_functions(io: Any, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_ENV", "x")
    with pytest.raises(TypeError, match="configure takes a function that sets things, not 5"):
        call(io)


def test_the_documentation_can_be_written(
    io: Any, root: Path, in_production: None, quiet_loggers: None
) -> None:
    exec(code_block(root / "docs" / "options.rst", "python", "io.configure"), {"io": io})
    options = options_of(io)
    assert (options.ping_interval, options.transports) == (20.0, ("websocket", "polling"))
    assert (options.client_minified, options.log_level) == (True, 30)


# The methods of 1.x and 2.x

METHODS: list[tuple[str, Any, Any, Any]] = [
    ("serve_client", True, False, False),
    ("path", "/socket.io", "chat/", "/chat"),
    ("origins", None, "https://a.org", ("https://a.org",)),
    ("connect_timeout", 45.0, 10, 10.0),
]


@pytest.mark.parametrize(("name", "default", "value", "kept"), METHODS)
def test_a_method_sets_and_returns(io: Any, name: str, default: Any, value: Any, kept: Any) -> None:
    method = getattr(io, name)
    assert method() == default
    assert method(value) is io
    assert method() == kept


class OwnAdapter(MemoryAdapter):
    """Another one."""


def test_the_adapter_is_set_for_every_namespace(io: Any) -> None:
    before = io.of("/before")
    assert io.adapter()(before).__class__ is MemoryAdapter
    assert io.adapter(OwnAdapter) is io
    assert io.adapter() is OwnAdapter
    assert isinstance(before.adapter, OwnAdapter)
    assert isinstance(io.of("/after").adapter, OwnAdapter)


def test_the_option_adapter_makes_the_adapters() -> None:
    assert isinstance(Server({"adapter": OwnAdapter}).of("/").adapter, OwnAdapter)
    io = SocketIO(Flask(__name__), adapter=OwnAdapter)
    assert isinstance(io.of("/").adapter, OwnAdapter)


def test_options_are_given_as_a_mapping_or_checked() -> None:
    assert Server({"resource": "/a"}).options.path == "/a"
    assert Server(make_options(path="/a")).options.path == "/a"
    with pytest.raises(OptionError, match="did you mean 'path'"):
        Server({"pathh": "/a"})


# While clients are here

POLL = "/socket.io/?EIO=4&transport=polling"


def test_transports_change_for_those_who_come_later() -> None:
    with serving_apps() as serve:
        running, app = serve()
        early = running.websocket()
        early.connect()
        running.server.set("transports", ["websocket"])
        assert running.http().get(POLL).json["name"] == "unknown-transport"
        running.server.set("transports", ["xhr-polling"])
        assert running.polling().terms["upgrades"] == []
        early.send_text('42["say",1]')
        assert early.receive() == '42["said",1]'


def test_origins_change_for_those_who_come_later() -> None:
    with serving_apps() as serve:
        running, _ = serve()
        page = {"Origin": "https://a.org"}
        assert running.http().get(POLL, page).status == 403
        running.server.origins("https://a.org")
        assert running.http().get(POLL, page).status == 200
        running.server.origins(None)
        assert running.http().get(POLL, page).status == 403


def test_client_files_change() -> None:
    with serving_apps() as serve:
        running, _ = serve()
        running.server.serve_client(False)
        assert running.http().get("/socket.io/socket.io.js").status == 400
        running.server.enable("browser client").enable("browser client minification")
        readable = running.http().get("/socket.io/v4/socket.io.js").body
        small = running.http().get("/socket.io/socket.io.js").body
        assert len(small) * 2 < len(readable)
        assert running.http().get("/socket.io/v4/socket.io.min.js").body == small


@pytest.mark.parametrize(
    ("key", "value"),
    [("path", "/a"), ("heartbeat interval", 7), ("adapter", MemoryAdapter), ("protocols", "0.9")],
)
def test_the_rest_can_change_no_more(key: str, value: Any) -> None:
    with serving_apps() as serve:
        running, _ = serve()
        assert running.http().get(POLL).status == 200
        before = running.server.options
        with pytest.raises(OptionError, match="cannot change any more: the server has clients"):
            running.server.set(key, value)
        assert running.server.options is before
