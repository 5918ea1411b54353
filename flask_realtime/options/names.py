"""What options are called elsewhere, and those of other servers that are none here.

Each name of Socket.IO's servers (0.9, 1.x and 2.x, 4.8), of Flask-SocketIO and of python-engineio
is an option of ours, another name of one, asks for what is always so, or is refused with a reason.
The tables below are the only place that knows them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ..exceptions import OptionError
from . import checks as check

log = logging.getLogger("flask_realtime.server")


class Given(NamedTuple):
    """One option as somebody has given it.

    :param name: how he has called it.
    :param option: which one of ours he means.
    """

    name: str
    option: str
    value: Any


SAME: Mapping[str, str] = {
    "resource": "path",  # 0.9, Flask-SocketIO
    "browser_client": "serve_client",  # 0.9
    "browser_client_minification": "client_minified",  # 0.9
    "client_store_expiration": "store_expiration",  # 0.9
    "destroy_buffer_size": "max_http_buffer_size",  # 0.9
    "heartbeat_interval": "ping_interval",  # 0.9, gevent-socketio
    "heartbeat_timeout": "ping_timeout",  # 0.9, gevent-socketio
    "log": "logger",  # 0.9
    "max_backpressure": "max_outbox_size",  # 4.8 on uWebSockets
    "parser": "serializer",  # 2.x to 4.8
}
"""Other names, with the options that they mean."""


def _origins(name: str, value: Any) -> Iterator[Given]:
    """``origins`` of 0.9 to 2.x: patterns as they stood in one string, or a function."""
    if isinstance(value, str):
        value = value.split()
    if isinstance(value, list | tuple) and "*:*" in value:
        value = "*"
    yield Given(name, "cors_allowed_origins", value)


def _ping_interval(name: str, value: Any) -> Iterator[Given]:
    """Flask-SocketIO takes a tuple: the interval, and what clients are told on top of it."""
    if not isinstance(value, list | tuple):
        yield Given(name, name, value)
        return
    if len(value) != 2:
        raise OptionError(f"{name} is a time in seconds, or a pair (interval, grace), not {value}")
    yield Given(name, name, value[0])
    yield Given(f"{name}[1]", "ping_interval_grace", value[1])


def _http_compression(name: str, value: Any) -> Iterator[Given]:
    """Node's has the threshold inside."""
    if not isinstance(value, Mapping):
        yield Given(name, name, value)
        return
    for key in value:
        if key != "threshold":
            raise OptionError(f"{name} has no {key!r} here; it has: threshold")
    yield Given(name, name, True)
    if "threshold" in value:
        yield Given(f"{name}['threshold']", "compression_threshold", value["threshold"])


def _flash_policy_server(name: str, value: Any) -> Iterator[Given]:
    yield Given(name, "flash_policy_port", check.flag(name, value))


def _allow_eio3(name: str, value: Any) -> Iterator[Given]:
    allowed = check.flag(name, value)
    protocols = check.PROTOCOLS if allowed else ("0.9", "eio4")
    yield Given(name, "protocols", protocols)


_CORS = {
    "origin": "cors_allowed_origins",
    "credentials": "cors_credentials",
    "allowed_headers": "cors_allowed_headers",
    "max_age": "cors_max_age",
}
_CORS_REFUSED = {
    "exposed_headers": "answers of ours carry no headers that a page would read",
    "preflight_continue": "a preflight for our path is always answered by us",
}


def _cors(name: str, value: Any) -> Iterator[Given]:
    """Node's options of the package ``cors``, in snake case or as they are there."""
    if value is None or value is False:
        return
    if not isinstance(value, Mapping):
        raise OptionError(f"{name} is a dict such as {{'origin': 'https://a.org'}}, not {value!r}")
    for key, one in value.items():
        called, inner = f"{name}[{key!r}]", _snake(key)
        if inner in _CORS:
            yield Given(called, _CORS[inner], _cors_value(inner, one))
        elif inner == "methods":
            _cors_methods(called, one)
        elif inner in _CORS_REFUSED:
            if one:
                raise OptionError(f"{called} is not offered: {_CORS_REFUSED[inner]}")
        elif inner != "options_success_status":
            known = ", ".join((*_CORS, "methods"))
            raise OptionError(f"{name} has no {key!r}; it has: {known}")


def _cors_value(key: str, value: Any) -> Any:
    if key != "origin" or not isinstance(value, bool):
        return value
    return "*" if value else None  # there True means whichever asks


def _cors_methods(name: str, value: Any) -> None:
    methods = value.split(",") if isinstance(value, str) else list(value)
    if not {"GET", "POST"} <= {str(method).strip().upper() for method in methods}:
        raise OptionError(f"{name} has to contain GET and POST, by which clients poll")


def _snake(name: Any) -> str:
    return re.sub("([A-Z])", r"_\1", str(name)).lower()


SPLIT: Mapping[str, Callable[[str, Any], Iterator[Given]]] = {
    "allow_eio3": _allow_eio3,
    "cors": _cors,
    "flash_policy_server": _flash_policy_server,
    "http_compression": _http_compression,
    "origins": _origins,
    "ping_interval": _ping_interval,
}
"""Names whose values have to be taken apart, or read otherwise."""

MEANT: Mapping[str, str] = {
    **SAME,
    "allow_eio3": "protocols",
    "cookie_http_only": "cookie",
    "cookie_path": "cookie",
    "cors": "cors_allowed_origins",
    "flash_policy_server": "flash_policy_port",
    "origins": "cors_allowed_origins",
}
"""Every other name of an option, with that option."""


def _named(cookie: Mapping[str, Any]) -> dict[str, Any]:
    """Return a cookie as it is given: Werkzeug calls its name ``key``."""
    return {"name" if key == "key" else key: value for key, value in cookie.items()}


def _part_of_cookie(part: str) -> Callable[[Any], Any]:
    """What a cookie has, or would have."""
    default = check.cookie("cookie", True) or {}
    return lambda options: (options.cookie or default)[part]


READ: Mapping[str, Callable[[Any], Any]] = {
    "allow_eio3": lambda options: "eio3" in options.protocols,
    "cookie": lambda options: options.cookie and _named(options.cookie),
    "cookie_http_only": _part_of_cookie("httponly"),
    "cookie_path": _part_of_cookie("path"),
    "flash_policy_server": lambda options: options.flash_policy_port is not None,
}
"""Names whose values are not as they are kept: what they are, from the options."""


def _async_mode(name: str, value: Any) -> None:
    if value in (None, "gevent"):
        return
    if value == "threading":
        # Whoever has it did without patching, and may block.
        log.warning(
            "async_mode='threading' changes nothing: handlers run in greenlets here. Patch the "
            "standard library first, by gevent.monkey.patch_all(), if they call what blocks"
        )
        return
    raise OptionError(
        f"{name}={value!r} is not offered: this server runs on gevent; leave {name} out"
    )


def _heartbeats(name: str, value: Any) -> None:
    if not check.flag(name, value):
        raise OptionError(
            f"{name}=False is not offered: a client that is gone would stay for ever; a longer "
            "ping_interval makes them rarer"
        )


_DROPPED = frozenset(
    "connect connect_error connection disconnect disconnecting error "
    "newListener removeListener".split()
)


def _blacklist(name: str, value: Any) -> None:
    others = sorted(set(check.several(name, value)) - _DROPPED)
    if others:
        raise OptionError(
            f"{name} is not offered: an event without a handler does nothing; so register none "
            f"for {', '.join(map(str, others))}"
        )


def _any_number(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OptionError(f"{name} is a number, not {value!r}")


WITHOUT_EFFECT: Mapping[str, tuple[Callable[[str, Any], Any], Any, str]] = {
    "add_trailing_slash": (check.flag, True, "the path is answered with and without a slash"),
    "always_connect": (
        check.flag,
        True,
        "what a connect handler emits is kept, and comes behind the CONNECT packet",
    ),
    "async_mode": (_async_mode, "gevent", "the server runs on gevent"),
    "blacklist": (_blacklist, ["disconnect"], "clients cannot send reserved names"),
    "browser_client_cache": (check.flag, True, "client files are kept in memory"),
    "browser_client_etag": (check.flag, True, "client files have an ETag"),
    "browser_client_expires": (_any_number, 0, "browsers ask each time, and get a 304"),
    "browser_client_gzip": (check.flag, True, "client files are compressed for who takes gzip"),
    "destroy_upgrade": (check.flag, True, "other upgrades are the application's"),
    "destroy_upgrade_timeout": (_any_number, 0, "other upgrades are the application's"),
    "heartbeats": (_heartbeats, True, "every client is pinged"),
    "log_colors": (check.flag, False, "the application's logging decides how lines look"),
    "match_origin_protocol": (check.flag, True, "behind a proxy ProxyFix tells the scheme"),
    "monitor_clients": (check.flag, True, "every client has its deadline"),
}
"""Names that ask for what is so anyway: how they are checked, what they are, and why."""

_OF_A_QUEUE = "give it to SocketIO(…) or init_app(…)"
_USE_DEFLATE = "use per_message_deflate={'level': 1, …}"

REFUSED: Mapping[str, str] = {
    "browser_client_handler": (
        "serve a file of your own by a route of the application, with serve_client=False"
    ),
    "channel": _OF_A_QUEUE,
    "client_manager": _OF_A_QUEUE,
    "compression": f"it is uWebSockets' own; {_USE_DEFLATE}",
    "idle_timeout": "it is uWebSockets' own; use ping_interval and ping_timeout",
    "initial_packet": "emit what new clients are to get in a handler of 'connection'",
    "max_payload_length": "it is uWebSockets' own; use max_http_buffer_size",
    "message_queue": _OF_A_QUEUE,
    "send_pings_automatically": "it is uWebSockets' own; every client is pinged",
    "static": "serve files of your own by a route of the application",
    "ws_engine": "there is one WebSocket implementation, our own; leave it out",
}
"""Options of other servers that are none here, and what to do instead."""


def translate(changes: Mapping[str, Any], cookie: Mapping[str, Any] | None) -> Iterator[Given]:
    """Return given options as options of ours.

    :param cookie: the option of that name as it is, for those that change a part of it.
    :raises OptionError: for one that is refused.
    """
    for name, value in changes.items():
        if name in SPLIT:
            yield from SPLIT[name](name, value)
        elif name in REFUSED:
            if value is not None:
                raise OptionError(f"{name} is not offered: {REFUSED[name]}")
        elif name in WITHOUT_EFFECT:
            WITHOUT_EFFECT[name][0](name, value)
        elif name in _OF_COOKIE:
            continue  # below, together
        elif name != "cookie" or not changes.keys() & _OF_COOKIE.keys():
            yield Given(name, SAME.get(name, name), value)
    if changes.keys() & _OF_COOKIE.keys():
        yield _cookie(changes, cookie)


_OF_COOKIE = {"cookie_path": "path", "cookie_http_only": "httponly"}  # 1.x, 2.x


def _cookie(changes: Mapping[str, Any], before: Mapping[str, Any] | None) -> Given:
    """The option ``cookie`` with the parts that have names of their own."""
    if "cookie" in changes:
        before = check.cookie("cookie", changes["cookie"])
    parts = {part: changes[name] for name, part in _OF_COOKIE.items() if name in changes}
    if before is None:
        names = " and ".join(name for name in _OF_COOKIE if name in changes)
        raise OptionError(f"{names}: there is no cookie; give the option cookie, too")
    return Given("cookie", "cookie", {**_named(before), **parts})


ALL = frozenset((*MEANT, *SPLIT, *WITHOUT_EFFECT, *REFUSED))
"""Every name here."""
