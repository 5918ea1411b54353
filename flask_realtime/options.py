"""Every option of the server, with its default, its unit and its check.

Sizes are bytes, times are seconds. Whoever needs one value takes it as an argument; only the
server and the engine hold the whole.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from .exceptions import OptionError

TRANSPORTS = ("websocket", "htmlfile", "polling", "jsonp-polling")
"""Those that are on unless others are named, in the order in which clients 0.9 try them."""
_MORE_TRANSPORTS = ("flashsocket", "xhr-multipart")
_TRANSPORT_ALIASES = {"xhr-polling": "polling"}
CLIENT_VERSIONS = ("0.9", "1", "2", "4")
FLASH_POLICY_PORT = 10843
MAX_WINDOW_BITS = 15

AllowedOrigins = str | Iterable[str] | Callable[[str], bool] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeflateOptions:
    """How WebSocket messages may be compressed; :func:`make_deflate_options` checks them."""

    threshold: int = 1024
    """Bytes from which on a message is compressed (ws: 1024)."""
    level: int = 6
    """From 1, the fastest, to 9, the smallest (zlib: 6)."""
    mem_level: int = 5
    """From 1 to 9: a compressor takes 2 ** (window bits + 2) + 2 ** (mem_level + 9) bytes (zlib: 8;
    for JSON that makes it slower, and no smaller)."""
    server_context_takeover: bool = False
    """Whether we keep a compressor per connection, if the client agrees: smaller messages, but
    144 KiB each, and every client of a broadcast has its message compressed anew."""
    client_context_takeover: bool = False
    """Whether clients may do so: up to 40 KiB per connection here."""
    server_max_window_bits: int = MAX_WINDOW_BITS
    """From 9 to 15: how far back, 2 ** bits bytes, our compressors look."""
    client_max_window_bits: int = MAX_WINDOW_BITS
    """From 9 to 15: the same for clients; those that cannot be limited go uncompressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The server's options; make one with :func:`make_options`, which checks them."""

    path: str = "/socket.io"
    """Where the server answers below the application's root."""
    serve_client: bool = True
    """Whether ``<path>/socket.io.js`` and its siblings are served."""
    client_version: str = CLIENT_VERSIONS[-1]
    """The generation of ``<path>/socket.io.js``: ``"0.9"``, ``"1"``, ``"2"`` or ``"4"``. Each has a
    URL of its own, too."""
    flash_policy_port: int | None = None
    """Where Flash may ask whether it may connect: a port, True for 10843, the one of Socket.IO 0.9;
    None or False: the server's own port only, if ``flashsocket`` is among the transports."""
    transports: tuple[str, ...] = TRANSPORTS
    """The transports offered, in the order of preference: ``websocket``, ``polling`` (or
    ``xhr-polling``), and for the clients before 3.x ``jsonp-polling``; for 0.7 to 0.9 ``htmlfile``
    too, and where they are named ``flashsocket`` and ``xhr-multipart``."""
    allow_upgrades: bool = True
    """Whether a polling session may go on over WebSocket."""
    upgrade_timeout: float = 10.0
    """How long an upgrade may take before its WebSocket is closed (Node: 10 s)."""
    ping_interval: float = 25.0
    """Time between a client's answer and the next ping (Node: 25 s)."""
    ping_timeout: float = 20.0
    """How long a client may take to answer a ping (Node: 20 s)."""
    connect_timeout: float = 45.0
    """How long a session may live without having joined a namespace (Node: 45 s)."""
    max_http_buffer_size: int = 1_000_000
    """The largest message, request body, or event with its attachments (Node: 1e6)."""
    per_message_deflate: DeflateOptions | None = None
    """Whether WebSocket messages may be compressed: True, False, or a dict of
    :class:`DeflateOptions` (Node: off)."""
    max_payload_packets: int = 100_000
    """The most packets in one polling body; the real bound is its size (python-engineio: 16)."""
    max_attachments: int = 10
    """The most binary attachments of one packet (socket.io-parser 4.2.6: 10)."""
    max_namespaces: int = 100
    """The most namespaces one client may be in at a time."""
    max_inbox: int = 1000
    """Packets that may wait for a client's handlers before reading from it stops; it stops as well
    when as many bytes wait as one message may have."""
    max_outbox_size: int = 4 * 1024 * 1024
    """Bytes that may wait for a client that does not read before it is closed."""
    http_compression: bool = True
    """Whether answers to polls are compressed for clients that take gzip (Node: yes)."""
    compression_threshold: int = 1024
    """The smallest answer to a poll that is compressed (Node: 1 KiB)."""
    cookie: Mapping[str, Any] | None = None
    """A cookie with the sid, for load balancers: its name, True for ``io``, or a dict with
    ``name``, ``path``, ``domain``, ``max_age``, ``secure``, ``httponly``, ``samesite``."""
    allow_request: Callable[[Mapping[str, Any]], Any] | None = None
    """Decides on each handshake: called with the request's environ, returns whether it may go on,
    or a text that says why not."""
    generate_id: Callable[[Mapping[str, Any]], str] | None = None
    """Makes the sid of a session from the handshake's environ: exactly 20 characters of
    ``A-Z a-z 0-9 _ -`` that nobody can guess."""
    cors_allowed_origins: AllowedOrigins = None
    """Foreign origins that may connect: one, several, a function, ``"*"``; None: the own only."""
    cors_credentials: bool = False
    """Whether every page may use cookies under ``"*"``; without it, what comes from other sites has
    none. Named origins always may."""
    trusted_hosts: tuple[str, ...] | None = None
    """The hosts under which the server may be reached, ``".example.org"`` with all below it; in the
    extension Flask's ``TRUSTED_HOSTS`` is the default. None: any, as the request says."""
    json: Any = None
    """A module with ``dumps`` and ``loads``; ``"orjson"``, ``"flask"``; None: simplejson."""
    async_handlers: bool = False
    """Whether each event has its own greenlet; otherwise a client's events run in order."""
    store_expiration: float = 15.0
    """How long ``socket.set`` values outlive the session (Socket.IO 0.9: 15 s)."""
    manage_session: bool | None = None
    """Whether a connection keeps its own copy of ``flask.session``; None: yes for cookies only."""


def make_options(base: Options | None = None, /, **changes: Any) -> Options:
    """Return checked options: the defaults, or `base`, with the changes.

    :raises OptionError: for a name that does not exist (the nearest is named) or a bad value.
    """
    for name in changes:
        if name not in _CHECKS:
            raise OptionError(unknown_option(name, _CHECKS))
    checked = {name: _CHECKS[name](name, value) for name, value in changes.items()}
    return replace(base or Options(), **checked)


def make_deflate_options(name: str, value: Any) -> DeflateOptions | None:
    """Return checked options, ``None`` where nothing is to be compressed.

    :param name: of the option that has this value.
    :param value: True, False, None, or a mapping of :class:`DeflateOptions`.
    :raises OptionError: for anything else, for a name that does not exist, or a bad value.
    """
    if isinstance(value, DeflateOptions):
        return value
    if value is None or value is False:
        return None
    if value is True:
        return DeflateOptions()
    if not isinstance(value, Mapping):
        raise OptionError(f"{name} is True, False or a dict, not {value!r}")
    for key in value:
        if key not in _DEFLATE_CHECKS:
            raise OptionError(f"{name}: {unknown_option(key, _DEFLATE_CHECKS)}")
    checks = _DEFLATE_CHECKS.items()
    return DeflateOptions(
        **{key: check(f"{name}[{key!r}]", value[key]) for key, check in checks if key in value}
    )


def unknown_option(name: Any, known: Iterable[str]) -> str:
    """Say that there is no option of that name, and which may have been meant."""
    near = difflib.get_close_matches(str(name), known, n=1)
    advice = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(sorted(known))}"
    return f"unknown option {name!r}; {advice}"


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise OptionError(f"{name} is True or False, not {value!r}")
    return value


def _optional_flag(name: str, value: Any) -> bool | None:
    return None if value is None else _flag(name, value)


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise OptionError(f"{name} is a time in seconds, more than 0, not {value!r}")
    return float(value)


def _count(name: str, value: Any) -> int:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole:
        raise OptionError(f"{name} is a whole number, not {value!r}")
    if value < 1:
        raise OptionError(f"{name} is at least 1, not {value!r}")
    return int(value)


def _between(least: int, most: int) -> Callable[[str, Any], int]:
    def check(name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise OptionError(f"{name} is a whole number from {least} to {most}, not {value!r}")
        return value

    return check


def _path(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip("/"):
        raise OptionError(f"{name} is a path such as '/socket.io', not {value!r}")
    return "/" + value.strip("/")


def _client_version(name: str, value: Any) -> str:
    version = str(value)
    if version not in CLIENT_VERSIONS:
        raise OptionError(f"{name} is one of {', '.join(CLIENT_VERSIONS)}, not {value!r}")
    return version


def _flash_policy_port(name: str, value: Any) -> int | None:
    if value is None or value is False:
        return None
    return FLASH_POLICY_PORT if value is True else _between(0, 65535)(name, value)


def _several(name: str, value: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Iterable):
        raise OptionError(f"{name} takes one string or several, not {value!r}")
    return tuple(value)


def _transports(name: str, value: Any) -> tuple[str, ...]:
    known_names = (*TRANSPORTS, *_MORE_TRANSPORTS, *_TRANSPORT_ALIASES)
    transports = _several(name, value)
    for transport in transports:
        if transport not in known_names:
            known = ", ".join(known_names)
            raise OptionError(f"unknown transport {transport!r}; known are: {known}")
    if not transports:
        raise OptionError("transports names at least one transport")
    return tuple(dict.fromkeys(_TRANSPORT_ALIASES.get(item, item) for item in transports))


def make_origins(name: str, value: Any) -> AllowedOrigins:
    """Return checked origins.

    :param name: of the option that has this value.
    :raises OptionError: for what is no origin.
    """
    if value is None or callable(value):
        checked: AllowedOrigins = value
        return checked
    origins = _several(name, value)
    if "*" in origins:
        return "*"
    for origin in origins:
        if not isinstance(origin, str) or (origin != "null" and "://" not in origin):
            raise OptionError(
                f"{name} takes origins such as 'https://example.org' or '*', not {origin!r}"
            )
    return tuple(origin.rstrip("/").lower() for origin in origins)


_COOKIE = {
    "name": "key",
    "path": "path",
    "domain": "domain",
    "max_age": "max_age",
    "secure": "secure",
    "httponly": "httponly",
    "samesite": "samesite",
}


def _cookie(name: str, value: Any) -> Mapping[str, Any] | None:
    """The arguments of the cookie's header, by the names that Werkzeug gives them."""
    if value is None or value is False:
        return None
    given = {} if value is True else value
    if isinstance(value, str):
        given = {"name": value}
    if not isinstance(given, Mapping):
        raise OptionError(f"{name} is a name or a dict, not {value!r}")
    attributes: dict[str, Any] = {"key": "io", "path": "/", "httponly": True, "samesite": "Lax"}
    for attribute, setting in given.items():
        # Node and Flask-SocketIO spell them HttpOnly, httpOnly, SameSite, maxAge.
        key = _COOKIE.get({"maxage": "max_age"}.get(attribute.lower(), attribute.lower()))
        if key is None:
            raise OptionError(f"{name} has no {attribute!r}; it has: {', '.join(_COOKIE)}")
        attributes[key] = setting
    return attributes


def _function(name: str, value: Any) -> Any:
    if value is not None and not callable(value):
        raise OptionError(f"{name} is a function, not {value!r}")
    return value


def _hosts(name: str, value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, str) or not all(isinstance(host, str) and host for host in value):
        raise OptionError(f"{name} is a list such as ['a.org', '.b.org'], not {value!r}")
    return tuple(value)


def _json(name: str, value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if not (callable(getattr(value, "dumps", None)) and callable(getattr(value, "loads", None))):
        raise OptionError(f"{name} is a module with dumps and loads, not {value!r}")
    return value


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "path": _path,
    "serve_client": _flag,
    "client_version": _client_version,
    "flash_policy_port": _flash_policy_port,
    "transports": _transports,
    "allow_upgrades": _flag,
    "upgrade_timeout": _seconds,
    "ping_interval": _seconds,
    "ping_timeout": _seconds,
    "connect_timeout": _seconds,
    "max_http_buffer_size": _count,
    "per_message_deflate": make_deflate_options,
    "max_payload_packets": _count,
    "max_attachments": _count,
    "max_namespaces": _count,
    "max_inbox": _count,
    "max_outbox_size": _count,
    "http_compression": _flag,
    "compression_threshold": _count,
    "cookie": _cookie,
    "allow_request": _function,
    "generate_id": _function,
    "cors_allowed_origins": make_origins,
    "cors_credentials": _flag,
    "trusted_hosts": _hosts,
    "json": _json,
    "async_handlers": _flag,
    "store_expiration": _seconds,
    "manage_session": _optional_flag,
}
assert set(_CHECKS) == {field.name for field in fields(Options)}

_DEFLATE_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "threshold": _between(0, 2**31),
    "level": _between(1, 9),
    "mem_level": _between(1, 9),
    "server_context_takeover": _flag,
    "client_context_takeover": _flag,
    # RFC 7692 has windows of 8 bits too, for which zlib has no compressor.
    "server_max_window_bits": _between(9, MAX_WINDOW_BITS),
    "client_max_window_bits": _between(9, MAX_WINDOW_BITS),
}
assert set(_DEFLATE_CHECKS) == {field.name for field in fields(DeflateOptions)}
