"""What options are called elsewhere: each such name works, changes nothing, or is refused."""

from __future__ import annotations

import dataclasses
import logging
import re
from typing import Any

import pytest

from flask_realtime.exceptions import OptionError
from flask_realtime.options import Options, make_options, read_option
from flask_realtime.options.names import ALL, MEANT, REFUSED, SAME, SPLIT, WITHOUT_EFFECT

FIELDS = {field.name for field in dataclasses.fields(Options)}

# What the reference documents name, in snake case.
SOCKET_IO_4 = """path add_trailing_slash serve_client adapter connect_timeout cors ping_timeout
    ping_interval upgrade_timeout max_http_buffer_size allow_request transports allow_upgrades
    per_message_deflate http_compression ws_engine initial_packet cookie allow_eio3 destroy_upgrade
    destroy_upgrade_timeout compression idle_timeout max_backpressure
    connection_state_recovery cleanup_empty_child_namespaces parser"""
SOCKET_IO_2 = "origins cookie_path cookie_http_only"
SOCKET_IO_0_9 = """resource transports heartbeats heartbeat_interval heartbeat_timeout close_timeout
    polling_duration destroy_upgrade destroy_buffer_size origins static logger log log_level
    log_colors browser_client browser_client_cache browser_client_minification browser_client_etag
    browser_client_expires browser_client_gzip browser_client_handler blacklist flash_policy_server
    flash_policy_port match_origin_protocol client_store_expiration store"""
FLASK_SOCKETIO = """manage_session message_queue channel client_manager path resource logger
    json async_handlers always_connect namespaces async_mode ping_interval ping_timeout
    max_http_buffer_size allow_upgrades http_compression compression_threshold cookie
    cors_allowed_origins cors_credentials monitor_clients transports engineio_logger serializer"""
NAMES = sorted({*f"{SOCKET_IO_4} {SOCKET_IO_2} {SOCKET_IO_0_9} {FLASK_SOCKETIO}".split()})


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_reference_documents_is_known(name: str) -> None:
    assert name in FIELDS | ALL


def test_each_other_name_is_in_one_table_and_means_an_option() -> None:
    assert set(MEANT.values()) <= FIELDS
    assert not set(SAME) & FIELDS
    tables = [set(SAME), set(SPLIT), set(WITHOUT_EFFECT), set(REFUSED)]
    assert len(set().union(*tables)) == sum(map(len, tables))


# As somebody may have given it, and what it is.
MEANS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"resource": "chat"}, {"path": "/chat"}),
    ({"resource": "/a", "path": "/a/"}, {"path": "/a"}),
    ({"browser_client": False}, {"serve_client": False}),
    ({"browser_client_minification": True}, {"client_minified": True}),
    ({"client_store_expiration": 30}, {"store_expiration": 30.0}),
    ({"destroy_buffer_size": 10e7}, {"max_http_buffer_size": 100_000_000}),
    ({"heartbeat_interval": 20}, {"ping_interval": 20.0}),
    ({"heartbeat_timeout": 60}, {"ping_timeout": 60.0}),
    ({"log": True}, {"logger": True}),
    ({"max_backpressure": 65536}, {"max_outbox_size": 65536}),
    ({"parser": "msgpack"}, {"serializer": "msgpack"}),
    ({"ping_interval": (20, 5)}, {"ping_interval": 20.0, "ping_interval_grace": 5.0}),
    ({"ping_interval": [20, 0]}, {"ping_interval": 20.0}),
    ({"http_compression": {"threshold": 500}}, {"compression_threshold": 500}),
    ({"http_compression": {}}, {}),
    ({"http_compression": False}, {"http_compression": False}),
    ({"flash_policy_server": True}, {"flash_policy_port": 10843}),
    ({"flash_policy_server": False}, {}),
    ({"allow_eio3": False}, {"protocols": ("0.9", "eio4")}),
    ({"allow_eio3": True}, {}),
    ({"origins": "*:*"}, {"cors_allowed_origins": "*"}),
    ({"origins": "*"}, {"cors_allowed_origins": "*"}),
    ({"origins": ["a.org:80", "*:*"]}, {"cors_allowed_origins": "*"}),
    (
        {"origins": "A.org:* http://b.org:8080"},
        {"cors_allowed_origins": ("a.org:*", "http://b.org:8080")},
    ),
    ({"origins": str.isupper}, {"cors_allowed_origins": str.isupper}),
    (
        {"cors": {"origin": "https://a.org", "methods": ["GET", "POST"], "credentials": True}},
        {"cors_allowed_origins": ("https://a.org",), "cors_credentials": True},
    ),
    (
        {"cors": {"origin": True, "allowedHeaders": ["X-Token"], "maxAge": 60}},
        {"cors_allowed_origins": "*", "cors_allowed_headers": ("X-Token",), "cors_max_age": 60.0},
    ),
    ({"cors": {"origin": False, "optionsSuccessStatus": 200, "methods": "GET, POST,PUT"}}, {}),
    ({"cors": False}, {}),
    ({"cors": None}, {}),
    (
        {"cookie": "io", "cookie_path": "/a", "cookie_http_only": False},
        {"cookie": {"key": "io", "path": "/a", "httponly": False, "samesite": "Lax"}},
    ),
    *(({name: False}, {}) for name in ("add_trailing_slash", "always_connect", "destroy_upgrade")),
    *(({f"browser_client_{what}": True}, {}) for what in ("cache", "etag", "gzip")),
    ({"browser_client_expires": 315360000, "destroy_upgrade_timeout": 1000}, {}),
    ({"log_colors": True, "match_origin_protocol": True, "monitor_clients": True}, {}),
    ({"heartbeats": True}, {}),
    ({"blacklist": ["disconnect", "connect"]}, {}),
    ({"async_mode": "gevent"}, {}),
    ({"async_mode": None}, {}),
    ({"ws_engine": None, "initial_packet": None}, {}),
]


@pytest.mark.parametrize(("given", "meant"), MEANS, ids=lambda value: ",".join(value) or "default")
def test_a_name_means(given: dict[str, Any], meant: dict[str, Any]) -> None:
    assert make_options(**given) == dataclasses.replace(Options(), **meant)


def test_every_name_that_changes_something_has_its_example() -> None:
    tried = {name for given, _ in MEANS for name in given}
    assert tried >= {*SAME, *SPLIT, *WITHOUT_EFFECT}


def test_a_part_of_the_cookie_may_come_later() -> None:
    base = make_options(cookie={"name": "sid", "secure": True})
    assert make_options(base, cookie_path="/a").cookie == {
        "key": "sid", "path": "/a", "httponly": True, "samesite": "Lax", "secure": True
    }  # fmt: skip


BAD: list[tuple[dict[str, Any], str]] = [
    ({"ws_engine": "ws"}, "ws_engine is not offered: there is one WebSocket implementation"),
    ({"initial_packet": b"hi"}, "initial_packet is not offered: emit .* 'connection'"),
    ({"message_queue": "redis://"}, r"message_queue is not offered: give it to SocketIO\(…\)"),
    ({"client_manager": object()}, "client_manager is not offered: give it to SocketIO"),
    ({"channel": "a"}, "channel is not offered: give it to SocketIO"),
    ({"compression": 1}, "compression is not offered: it is uWebSockets' own; use per_message_def"),
    ({"idle_timeout": 120}, "idle_timeout is not offered: .*; use ping_interval and ping_timeout"),
    ({"max_payload_length": 1}, "max_payload_length is not offered: .*; use max_http_buffer_size"),
    ({"send_pings_automatically": True}, "send_pings_automatically is not offered: .* pinged"),
    ({"static": object()}, "static is not offered: serve files of your own by a route"),
    ({"browser_client_handler": print}, "browser_client_handler is not offered: serve .* by a rou"),
    ({"async_mode": "eventlet"}, "async_mode='eventlet' is not offered: .* runs on gevent; leave"),
    ({"async_mode": "gevent_uwsgi"}, "async_mode='gevent_uwsgi' is not offered"),
    ({"heartbeats": False}, "heartbeats=False is not offered: a client that is gone would stay"),
    ({"blacklist": ["disconnect", "evil"]}, "blacklist is not offered: .* register none for evil"),
    ({"resource": ""}, "resource is a path such as"),
    ({"resource": re.compile("/a|/b")}, "resource is a path such as"),
    ({"heartbeat_timeout": 60_000}, "heartbeat_timeout is a time in seconds.* did you mean 60?"),
    ({"ping_interval": (25000, 5000)}, "ping_interval is a time in seconds.* did you mean 25?"),
    ({"ping_interval": (25, 5000)}, r"ping_interval\[1\] is a time in seconds.* did you mean 5?"),
    ({"ping_interval": (25,)}, "ping_interval is a time in seconds, or a pair"),
    ({"http_compression": {"level": 1}}, "http_compression has no 'level' here; it has: threshold"),
    ({"http_compression": {"threshold": 0}}, r"http_compression\['threshold'\] is at least 1"),
    ({"flash_policy_server": 10843}, "flash_policy_server is True or False"),
    ({"allow_eio3": 1}, "allow_eio3 is True or False"),
    ({"monitor_clients": "yes"}, "monitor_clients is True or False"),
    ({"browser_client_expires": "never"}, "browser_client_expires is a number"),
    ({"origins": "example.org"}, "origins takes origins such as"),
    ({"cors": "https://a.org"}, "cors is a dict such as"),
    ({"cors": {"orign": "*"}}, "cors has no 'orign'; it has: origin, credentials, allowed_headers"),
    ({"cors": {"origin": "a"}}, r"cors\['origin'\] takes origins such as"),
    ({"cors": {"methods": ["GET"]}}, r"cors\['methods'\] has to contain GET and POST"),
    ({"cors": {"exposedHeaders": ["X"]}}, r"cors\['exposedHeaders'\] is not offered: answers of"),
    ({"cors": {"preflightContinue": True}}, r"cors\['preflightContinue'\] is not offered"),
    ({"cookie_path": "/"}, "cookie_path: there is no cookie; give the option cookie, too"),
    ({"cookie": False, "cookie_http_only": True}, "cookie_http_only: there is no cookie"),
    ({"path": "/a", "resource": "/b"}, "path and resource are the same option, path, and say diff"),
    (
        {"origins": "*", "cors": {"origin": "https://a.org"}},
        r"origins and cors\['origin'\] are the same option, cors_allowed_origins",
    ),
]


@pytest.mark.parametrize(("given", "told"), BAD, ids=lambda value: str(value)[:30])
def test_what_cannot_be_is_refused_by_the_name_that_was_given(
    given: dict[str, Any], told: str
) -> None:
    with pytest.raises(OptionError, match=f"^{told}"):
        make_options(**given)


def test_every_refused_name_has_its_example() -> None:
    assert {name for given, _ in BAD for name in given} >= set(REFUSED)


def test_a_name_that_is_nearest_to_one_of_elsewhere_is_told() -> None:
    with pytest.raises(OptionError, match="did you mean 'heartbeat_interval'?"):
        make_options(heartbeat_intervall=20)


def test_threads_that_were_asked_for_are_greenlets_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert make_options(async_mode="threading") == Options()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "handlers run in greenlets here" in record.message


READ: list[tuple[str, Any]] = [
    ("path", "/a"),
    ("resource", "/a"),
    ("heartbeat_interval", 25.0),
    ("origins", None),
    ("heartbeats", True),
    ("async_mode", "gevent"),
    ("ws_engine", None),
]


@pytest.mark.parametrize(("name", "value"), READ)
def test_an_option_is_read_by_each_of_its_names(name: str, value: Any) -> None:
    assert read_option(make_options(path="/a"), name) == value


def test_an_unknown_name_is_not_read() -> None:
    with pytest.raises(OptionError, match="did you mean 'resource'"):
        read_option(Options(), "ressource")
