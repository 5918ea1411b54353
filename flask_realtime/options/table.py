"""Every option of the server, with its default, its unit and its check.

Sizes are bytes, times are seconds. Whoever needs one value takes it as an argument; only the
server and the engine hold the whole.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ..exceptions import OptionError
from . import checks as check
from .checks import (
    CLIENT_VERSIONS,
    PROTOCOLS,
    TRANSPORTS,
    AllowedOrigins,
    unknown_option,
)
from .deflate import DeflateOptions, make_deflate_options
from .names import ALL, MEANT, READ, REFUSED, WITHOUT_EFFECT, translate
from .rates import RateLimit, make_handshake_rate, make_rate_limit
from .recovery import RecoveryOptions, make_recovery_options


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The server's options; make one with :func:`make_options`, which checks them."""

    path: str = "/socket.io"
    """Where the server answers below the application's root."""
    protocols: tuple[str, ...] = PROTOCOLS
    """The generations that may connect: ``"0.9"`` (0.7 to 0.9), ``"eio3"`` (1.x and 2.x),
    ``"eio4"`` (3.x and 4.x)."""
    serve_client: bool = True
    """Whether ``<path>/socket.io.js`` and its siblings are served."""
    client_version: str = CLIENT_VERSIONS[-1]
    """The generation of ``<path>/socket.io.js``: ``"0.9"``, ``"1"``, ``"2"`` or ``"4"``. Each has a
    URL of its own, too."""
    client_minified: bool = False
    """Whether ``<path>/socket.io.js`` is the minified build, as ``socket.io.min.js`` always is."""
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
    ping_interval_grace: float = 0.0
    """How much longer than ``ping_interval`` the clients 3.x and 4.x are told to wait for it
    (python-engineio: the second part of ``ping_interval``)."""
    ping_timeout: float = 20.0
    """How long a client may take to answer a ping (Node: 20 s)."""
    polling_duration: float | None = None
    """How long the clients 0.7 to 0.9 have a poll wait when there is nothing to say (Socket.IO
    0.9: 20 s); None: as long as ``ping_interval``."""
    close_timeout: float | None = None
    """How long the clients 0.7 to 0.9 may stay away between two polls (Socket.IO 0.9: 60 s); None:
    as long as ``ping_timeout``."""
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
    namespaces: tuple[str, ...] = ()
    """Namespaces that clients may join although nothing is registered with them; ``"*"``: whatever
    they ask for (python-socketio)."""
    cleanup_empty_child_namespaces: bool = True
    """Whether a namespace that a client has made, by a name that a pattern or a function takes,
    ends with its last client (Node: no)."""
    max_inbox: int = 1000
    """Packets that may wait for a client's handlers before reading from it stops; it stops as well
    when as many bytes wait as one message may have."""
    rate_limit: RateLimit | None = None
    """How many events each client may send, in all namespaces together: ``"100/second"``, or a dict
    of :class:`RateLimit`; None: as many as are handled. A handler may have a limit of its own,
    ``@io.on("message", rate="10/second")``."""
    handshake_rate_limit: RateLimit | None = None
    """How many sessions each address may begin: ``"20/minute"``, or a dict with ``rate`` and
    ``burst``; None: any number. Others are refused with status 429. Behind a proxy it needs
    werkzeug's ``ProxyFix``: all clients have the proxy's address otherwise."""
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
    """Foreign origins that may connect; None: the own only. ``"*"`` is all of them. One or several:
    ``"https://example.org"``, ``"https://*.example.org"``, a compiled pattern that has to match the
    whole origin, or as in Socket.IO 0.9 to 2.x ``"host:port"``, ``"host:*"``, ``"*:port"``. Or a
    function of the origin, of ``(origin, environ)``, or of ``(origin, callback)``, whose callback
    takes ``(error, allowed)``."""
    cors_allowed_headers: tuple[str, ...] = ()
    """Headers that foreign pages may send beside ``Content-Type``, as ``extraHeaders`` of a
    client."""
    cors_max_age: float = 600.0
    """How long a browser may keep what it was told of that."""
    cors_credentials: bool = False
    """Whether every page may use cookies under ``"*"``; without it, what comes from other sites has
    none. Named origins always may."""
    trusted_hosts: tuple[str, ...] | None = None
    """The hosts under which the server may be reached, ``".example.org"`` with all below it; in the
    extension Flask's ``TRUSTED_HOSTS`` is the default. None: any, as the request says."""
    json: Any = None
    """A module with ``dumps`` and ``loads``; ``"orjson"``, ``"flask"``; None: simplejson."""
    serializer: Any = "default"
    """What packets look like to clients 1.x to 4.x, which have to be told the same: ``"default"``
    is JSON with binary beside it, ``"msgpack"`` is socket.io-msgpack-parser; or a
    :class:`.protocol.parser.Parser`. Clients 0.7 to 0.9 have their own form."""
    async_handlers: bool = False
    """Whether each event has its own greenlet; otherwise a client's events run in order."""
    store: Any = None
    """What keeps the values of ``socket.set``: a :class:`.Store`, or a URL, ``"redis://host:6379"``
    for a :class:`.RedisStore`, ``"memory://"``; None: in memory."""
    store_expiration: float = 15.0
    """How long ``socket.set`` values outlive the session (Socket.IO 0.9: 15 s)."""
    manage_session: bool | None = None
    """Whether a connection keeps its own copy of ``flask.session``; None: yes for cookies only."""
    adapter: Callable[[Any], Any] | None = None
    """Makes the adapter of a namespace, such as a class; None: in memory."""
    allow_sid_rooms: bool = False
    """Whether a socket may join the room of another's id, and get what is meant for that one."""
    connection_state_recovery: RecoveryOptions | None = None
    """Whether clients 4.6 and later that lose their connection come back as who they were, and are
    sent what they have missed: True, False, or a dict of :class:`RecoveryOptions` (Node: off). Each
    event then has one argument more at its end, by which clients know how far they are."""
    logger: bool | logging.Logger = False
    """Whether each packet of Socket.IO is logged; a ``Logger`` gets the lines instead of standard
    error."""
    engineio_logger: bool | logging.Logger = False
    """The same for sessions and transports: handshakes, pings, upgrades."""
    log_level: int | None = None
    """From which level on anything is logged: ``"error"``, ``"warning"``, ``"info"`` or
    ``"debug"``, or 0 to 3 as in Socket.IO 0.9; None: as the application's logging says."""


def make_options(base: Options | None = None, /, **changes: Any) -> Options:
    """Return checked options: the defaults, or `base`, with the changes.

    :raises OptionError: for a name that does not exist (the nearest is named) or a bad value.
    """
    base = base or Options()
    return replace(base, **check_options(base, **changes))


def check_options(base: Options, /, **changes: Any) -> dict[str, Any]:
    """Return what changes in `base`, checked, by the names that the options have here.

    :raises OptionError: as :func:`make_options`.
    """
    for name in changes:
        if name not in NAMES:
            raise OptionError(unknown_option(name, _CHECKS, _OTHERS))
    checked: dict[str, Any] = {}
    names: dict[str, str] = {}
    for name, option, value in translate(changes, base.cookie):
        kept = _CHECKS[option](name, value)
        if option in checked and checked[option] != kept:
            raise OptionError(
                f"{names[option]} and {name} are the same option, {option}, and say different "
                "things; give one of them"
            )
        checked[option], names[option] = kept, name
    return checked


def read_option(options: Options, name: str) -> Any:
    """Return the value of an option by any of its names; the log level as 0 to 3.

    :raises OptionError: for a name that does not exist, or that is refused.
    """
    if name not in NAMES:
        raise OptionError(unknown_option(name, _CHECKS, _OTHERS))
    if name in WITHOUT_EFFECT:
        return WITHOUT_EFFECT[name][1]
    if name in READ:
        return READ[name](options)
    option = MEANT.get(name, name)
    if option == "log_level":
        return None if options.log_level is None else check.LEVELS.index(options.log_level)
    return getattr(options, option, None)


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "path": check.path,
    "protocols": check.protocols,
    "serve_client": check.flag,
    "client_version": check.client_version,
    "client_minified": check.flag,
    "flash_policy_port": check.flash_policy_port,
    "transports": check.transports,
    "allow_upgrades": check.flag,
    "upgrade_timeout": check.moment,
    "ping_interval": check.moment,
    "ping_interval_grace": check.duration,
    "ping_timeout": check.moment,
    "polling_duration": check.optional_moment,
    "close_timeout": check.optional_moment,
    "connect_timeout": check.moment,
    "max_http_buffer_size": check.count,
    "per_message_deflate": make_deflate_options,
    "max_payload_packets": check.count,
    "max_attachments": check.count,
    "max_namespaces": check.count,
    "namespaces": check.namespaces,
    "cleanup_empty_child_namespaces": check.flag,
    "max_inbox": check.count,
    "rate_limit": make_rate_limit,
    "handshake_rate_limit": make_handshake_rate,
    "max_outbox_size": check.count,
    "http_compression": check.flag,
    "compression_threshold": check.count,
    "cookie": check.cookie,
    "allow_request": check.function,
    "generate_id": check.function,
    "cors_allowed_origins": check.make_origins,
    "cors_allowed_headers": check.header_names,
    "cors_max_age": check.seconds,
    "cors_credentials": check.flag,
    "trusted_hosts": check.hosts,
    "json": check.json,
    "serializer": check.serializer,
    "async_handlers": check.flag,
    "store": check.store,
    "store_expiration": check.seconds,
    "manage_session": check.optional_flag,
    "adapter": check.function,
    "allow_sid_rooms": check.flag,
    "connection_state_recovery": make_recovery_options,
    "logger": check.logger,
    "engineio_logger": check.logger,
    "log_level": check.log_level,
}
assert set(_CHECKS) == {field.name for field in fields(Options)}
_OTHERS = ALL - REFUSED.keys()
NAMES = ALL | _CHECKS.keys()
"""Everything that may be given as an option, be it to be refused with a reason."""
