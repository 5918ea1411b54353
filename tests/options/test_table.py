from __future__ import annotations

import dataclasses
import json
import logging
import math
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flask_realtime.adapters.memory import MemoryAdapter
from flask_realtime.exceptions import OptionError
from flask_realtime.options import Options, make_options
from flask_realtime.store.memory import MemoryStore

DEFAULTS = {
    "path": "/socket.io",
    "protocols": ("0.9", "eio3", "eio4"),
    "serve_client": True,
    "client_version": "4",
    "client_minified": False,
    "flash_policy_port": None,
    "transports": ("websocket", "htmlfile", "polling", "jsonp-polling"),
    "allow_upgrades": True,
    "upgrade_timeout": 10.0,
    "ping_interval": 25.0,
    "ping_interval_grace": 0.0,
    "ping_timeout": 20.0,
    "polling_duration": None,
    "close_timeout": None,
    "connect_timeout": 45.0,
    "max_http_buffer_size": 1_000_000,
    "per_message_deflate": None,
    "max_payload_packets": 100_000,
    "max_attachments": 10,
    "max_namespaces": 100,
    "namespaces": (),
    "cleanup_empty_child_namespaces": True,
    "max_inbox": 1000,
    "rate_limit": None,
    "handshake_rate_limit": None,
    "max_outbox_size": 4_194_304,
    "http_compression": True,
    "compression_threshold": 1024,
    "cookie": None,
    "allow_request": None,
    "generate_id": None,
    "cors_allowed_origins": None,
    "cors_allowed_headers": (),
    "cors_max_age": 600.0,
    "cors_credentials": False,
    "trusted_hosts": None,
    "json": None,
    "serializer": "default",
    "async_handlers": False,
    "store": None,
    "store_expiration": 15.0,
    "manage_session": None,
    "adapter": None,
    "allow_sid_rooms": False,
    "connection_state_recovery": None,
    "logger": False,
    "engineio_logger": False,
    "log_level": None,
}
FLAGS = [
    "serve_client",
    "client_minified",
    "cleanup_empty_child_namespaces",
    "allow_upgrades",
    "http_compression",
    "cors_credentials",
    "async_handlers",
]
SHORT_TIMES = ["upgrade_timeout", "ping_interval", "ping_timeout", "connect_timeout"]
OPTIONAL_TIMES = ["polling_duration", "close_timeout"]
TIMES = [*SHORT_TIMES, "store_expiration", "cors_max_age"]
COUNTS = [
    "compression_threshold",
    "max_http_buffer_size",
    "max_payload_packets",
    "max_attachments",
    "max_namespaces",
    "max_inbox",
    "max_outbox_size",
]


def test_every_option_has_its_default() -> None:
    assert dataclasses.asdict(make_options()) == DEFAULTS


def test_every_default_would_be_accepted() -> None:
    assert make_options(**DEFAULTS) == make_options()


def test_every_option_is_documented() -> None:
    import flask_realtime.options.table as module

    lines = Path(str(module.__file__)).read_text().splitlines()
    for name in DEFAULTS:
        (at,) = (i for i, line in enumerate(lines) if line.startswith(f"    {name}: "))
        assert lines[at + 1].startswith('    """'), name


def test_options_are_frozen() -> None:
    options = make_options()
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.path = "/other"  # type: ignore[misc]


def test_changes_leave_the_base_as_it_was() -> None:
    base = make_options(path="/a", max_inbox=5)
    changed = make_options(base, max_inbox=6)
    assert (changed.path, changed.max_inbox, base.max_inbox) == ("/a", 6, 5)


def test_options_are_given_by_name() -> None:
    with pytest.raises(TypeError):
        Options("/a")  # type: ignore[misc]


PATTERN = re.compile(r"https://[ab]\.org")
LOGGER = logging.getLogger("tests.options")
STORE = MemoryStore()

GOOD: list[tuple[str, Any, Any]] = [
    *((flag, False, False) for flag in FLAGS),
    *((time, 1, 1.0) for time in TIMES),
    *((time, 0.001, 0.001) for time in TIMES),
    *((count, 1, 1) for count in COUNTS),
    *((count, 1e6, 1_000_000) for count in COUNTS),
    *((time, 3600, 3600.0) for time in SHORT_TIMES),
    *((time, value, value) for time in OPTIONAL_TIMES for value in (None, 0.5, 60.0)),
    ("ping_interval_grace", 0, 0.0),
    ("ping_interval_grace", 5, 5.0),
    ("store_expiration", 86400, 86400.0),
    ("protocols", "0.9", ("0.9",)),
    ("protocols", ["eio4", "eio3", "eio4"], ("eio4", "eio3")),
    ("protocols", ("0.9", 3, 4), ("0.9", "eio3", "eio4")),
    ("protocols", 4, ("eio4",)),
    ("cors_allowed_headers", "X-Token", ("X-Token",)),
    ("cors_allowed_headers", "X-Token, X-Other", ("X-Token", "X-Other")),
    ("cors_allowed_headers", ["X-Token"], ("X-Token",)),
    ("logger", True, True),
    ("logger", LOGGER, LOGGER),
    ("engineio_logger", LOGGER, LOGGER),
    ("log_level", None, None),
    *(("log_level", value, 40) for value in (0, "error", "ERROR", 40)),
    *(("log_level", value, 30) for value in (1, "warn", "warning")),
    *(("log_level", value, 20) for value in (2, "info", 20)),
    *(("log_level", value, 10) for value in (3, "debug", 10)),
    ("adapter", MemoryAdapter, MemoryAdapter),
    *(("store", value, value) for value in (None, "memory://", "redis://a.org/1", STORE)),
    ("manage_session", True, True),
    ("manage_session", False, False),
    ("path", "socket.io", "/socket.io"),
    ("path", "/ws/socket.io/", "/ws/socket.io"),
    ("transports", "websocket", ("websocket",)),
    ("transports", ["websocket", "polling"], ("websocket", "polling")),
    ("transports", ("polling", "polling"), ("polling",)),
    ("transports", ["xhr-polling", "polling", "jsonp-polling"], ("polling", "jsonp-polling")),
    ("transports", "flashsocket", ("flashsocket",)),
    ("transports", None, DEFAULTS["transports"]),
    ("transports", ["htmlfile", "xhr-multipart"], ("htmlfile", "xhr-multipart")),
    *(("client_version", value, str(value)) for value in ("0.9", 0.9, "1", 1, "2", 2, "4", 4)),
    ("flash_policy_port", True, 10843),
    ("flash_policy_port", False, None),
    ("flash_policy_port", None, None),
    ("flash_policy_port", 843, 843),
    ("flash_policy_port", 0, 0),
    ("cors_allowed_origins", "*", "*"),
    ("cors_allowed_origins", ["https://a.org", "*"], "*"),
    ("cors_allowed_origins", "https://A.org/", ("https://a.org",)),
    ("cors_allowed_origins", ["https://a.org", "null"], ("https://a.org", "null")),
    ("cors_allowed_origins", ("https://*.a.org",), ("https://*.a.org",)),
    ("cors_allowed_origins", iter(["https://a.org"]), ("https://a.org",)),
    ("cors_allowed_origins", [], ()),
    ("cors_allowed_origins", PATTERN, (PATTERN,)),
    ("cors_allowed_origins", ["https://a.org", PATTERN], ("https://a.org", PATTERN)),
    ("cors_allowed_origins", ["A.org:8080", "b.org:*", "*:80"], ("a.org:8080", "b.org:*", "*:80")),
    ("cors_allowed_origins", str.isupper, str.isupper),
    ("json", json, json),
    ("json", "orjson", "orjson"),
]


@pytest.mark.parametrize(("name", "value", "kept"), GOOD)
def test_a_good_value_is_kept_in_one_form(name: str, value: Any, kept: Any) -> None:
    got = getattr(make_options(**{name: value}), name)
    assert got == kept and type(got) is type(kept)


BAD: list[tuple[str, Any]] = [
    *((flag, value) for flag in FLAGS for value in (None, 0, 1, "true", "")),
    *(
        (time, value)
        for time in TIMES
        for value in (None, 0, -1, True, "25", math.nan, math.inf, 1e9, 10**400)
    ),
    *((time, value) for time in OPTIONAL_TIMES for value in (0, -1, True, "25", 20_000)),
    *(("ping_interval_grace", value) for value in (-1, None, True, False, "5", 5000)),
    *(("protocols", value) for value in (None, [], "", "eio5", "3.x", ["eio4", 5], [[]])),
    *(("cors_allowed_headers", value) for value in (None, 5, "a b", ["X-Token", ""], ["a:b"], [5])),
    *(("logger", value) for value in (None, 1, "debug", "true")),
    *(("engineio_logger", value) for value in (None, 0, "on")),
    *(("log_level", value) for value in (4, -1, True, "loud", "", 15, 2.0, [3])),
    *(("store", value) for value in ("", "redis", "http://a.org", 5, {}, MemoryStore)),
    *(("adapter", value) for value in ("redis://localhost", 5, object())),
    *(
        (count, value)
        for count in COUNTS
        for value in (None, 0, -1, 1.5, True, "10", math.nan, math.inf, -math.inf)
    ),
    *(("manage_session", value) for value in (0, 1, "yes")),
    *(("path", value) for value in (None, "", "/", "//", 5, b"/socket.io")),
    *(("transports", value) for value in (5, [], "", "pigeon", ["polling", 1], [[]])),
    *(
        ("cors_allowed_origins", value)
        for value in (5, True, "", "example.org", ["https://a.org", None], [b"https://a.org"], [""])
    ),
    *(
        ("cors_allowed_origins", value)
        for value in ("a.org:", ":80", "a.org:https", "*.a.org:80", "a org:80", re.compile(b"x"))
    ),
    *(("client_version", value) for value in (None, True, "", "3", 3, 1.0, "v4", "4.8.3", [4])),
    *(("flash_policy_port", value) for value in (-1, 65536, "10843", 843.0, [843])),
    *(("trusted_hosts", value) for value in (5, True, "a.org", ["a.org", 5], [""])),
    *(("json", value) for value in (5, object(), SimpleNamespace(dumps=json.dumps))),
    ("json", SimpleNamespace(dumps=1, loads=2)),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(OptionError, match=rf"^({name}|unknown transport)"):
        make_options(**{name: value})


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("ping_intervall", "ping_interval"),
        ("cors_alowed_origins", "cors_allowed_origins"),
        ("max_http_buffersize", "max_http_buffer_size"),
        ("transport", "transports"),
        ("Path", "path"),
    ],
)
def test_an_unknown_option_is_refused_with_the_nearest(wrong: str, right: str) -> None:
    with pytest.raises(OptionError, match=f"unknown option '{wrong}'; did you mean '{right}'"):
        make_options(**{wrong: 1})


@pytest.mark.parametrize("name", SHORT_TIMES)
def test_milliseconds_are_taken_for_what_they_are(name: str) -> None:
    told = f"{name} is a time in seconds, of an hour at most, .*: did you mean 25?"
    with pytest.raises(OptionError, match=told):
        make_options(**{name: 25000})


def test_where_none_is_near_all_are_named() -> None:
    with pytest.raises(OptionError, match="known are: .*allow_request, .*upgrade_"):
        make_options(xyz=1)


def test_an_error_in_one_option_changes_none() -> None:
    base = make_options()
    with pytest.raises(OptionError):
        make_options(base, path="/a", max_inbox=0)
    assert base == make_options()
