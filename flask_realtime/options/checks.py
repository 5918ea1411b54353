"""What an option's value may be: each check returns it in one form, or says what is wrong."""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from ..exceptions import OptionError

TRANSPORTS = ("websocket", "htmlfile", "polling", "jsonp-polling")
"""Those that are on unless others are named, in the order in which clients 0.9 try them."""
_MORE_TRANSPORTS = ("flashsocket", "xhr-multipart")
_TRANSPORT_ALIASES = {"xhr-polling": "polling"}
CLIENT_VERSIONS = ("0.9", "1", "2", "4")
PROTOCOLS = ("0.9", "eio3", "eio4")
"""What clients speak: 0.7 to 0.9; 1.x and 2.x; 3.x and 4.x."""
FLASH_POLICY_PORT = 10843
STORE_SCHEMES = ("memory://", "redis://", "rediss://", "unix://")

G = TypeVar("G")

AllowedOrigins = str | Iterable[str | re.Pattern[str]] | Callable[..., Any] | None

_HOST_AND_PORT = re.compile(r"(?:\*|[^\s:/*]+):(?:\*|[0-9]{1,5})")
"""As the option ``origins`` of 0.9 to 2.x has them: ``host:port``, ``host:*``, ``*:port``."""
_HOUR = 3600.0


def unknown_option(name: Any, known: Iterable[str], others: Iterable[str] = ()) -> str:
    """Say that there is no option of that name, and which may have been meant.

    :param others: further names that may have been meant.
    """
    known = list(known)
    near = difflib.get_close_matches(str(name), [*known, *others], n=1)
    advice = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(sorted(known))}"
    return f"unknown option {name!r}; {advice}"


def group(
    kind: type[G], checks: Mapping[str, Callable[[str, Any], Any]], name: str, value: Any
) -> G | None:
    """Return checked options that belong together, None where they are off.

    :param kind: their class, by which they may be given, too.
    :param checks: by their names.
    :param name: of the option that has them.
    :param value: True, False, None, or a mapping.
    :raises OptionError: for anything else, for a name that does not exist, or a bad value.
    """
    if isinstance(value, kind):
        return value
    if value is None or value is False:
        return None
    if value is True:
        return kind()
    if not isinstance(value, Mapping):
        raise OptionError(f"{name} is True, False or a dict, not {value!r}")
    return kind(**members(checks, name, value))


def members(
    checks: Mapping[str, Callable[[str, Any], Any]],
    name: str,
    value: Mapping[str, Any],
    item: str = "{0}[{1!r}]",
) -> dict[str, Any]:
    """Return the checked items of a mapping that an option has.

    :param item: how errors call one of them, made from `name` and the key.
    :raises OptionError: for a name that does not exist, or a bad value.
    """
    for key in value:
        if key not in checks:
            raise OptionError(f"{name}: {unknown_option(key, checks)}")
    return {
        key: check(item.format(name, key), value[key])
        for key, check in checks.items()
        if key in value
    }


def flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise OptionError(f"{name} is True or False, not {value!r}")
    return value


def optional_flag(name: str, value: Any) -> bool | None:
    return None if value is None else flag(name, value)


def seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise OptionError(f"{name} is a time in seconds, more than 0, not {value!r}")
    return float(value)


def moment(name: str, value: Any) -> float:
    """A time of which a client or a proxy waits for the end."""
    checked = seconds(name, value)
    if checked > _HOUR:
        meant = f"; Node's are milliseconds: did you mean {checked / 1000:g}?"
        raise OptionError(f"{name} is a time in seconds, of an hour at most, not {value!r}{meant}")
    return checked


def optional_moment(name: str, value: Any) -> float | None:
    return None if value is None else moment(name, value)


def duration(name: str, value: Any) -> float:
    """As :func:`moment`, or nothing at all."""
    return 0.0 if value == 0 and not isinstance(value, bool) else moment(name, value)


def count(name: str, value: Any) -> int:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole:
        raise OptionError(f"{name} is a whole number, not {value!r}")
    if value < 1:
        raise OptionError(f"{name} is at least 1, not {value!r}")
    return int(value)


def between(least: int, most: int) -> Callable[[str, Any], int]:
    def check(name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise OptionError(f"{name} is a whole number from {least} to {most}, not {value!r}")
        return value

    return check


def path(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip("/"):
        raise OptionError(f"{name} is a path such as '/socket.io', not {value!r}")
    return "/" + value.strip("/")


def client_version(name: str, value: Any) -> str:
    version = str(value)
    if version not in CLIENT_VERSIONS:
        raise OptionError(f"{name} is one of {', '.join(CLIENT_VERSIONS)}, not {value!r}")
    return version


def flash_policy_port(name: str, value: Any) -> int | None:
    if value is None or value is False:
        return None
    return FLASH_POLICY_PORT if value is True else between(0, 65535)(name, value)


def several(name: str, value: Any) -> tuple[Any, ...]:
    if isinstance(value, str | re.Pattern):
        return (value,)
    if not isinstance(value, Iterable):
        raise OptionError(f"{name} takes one string or several, not {value!r}")
    return tuple(value)


def transports(name: str, value: Any) -> tuple[str, ...]:
    if value is None:  # Flask-SocketIO's default
        return TRANSPORTS
    known_names = (*TRANSPORTS, *_MORE_TRANSPORTS, *_TRANSPORT_ALIASES)
    transports = several(name, value)
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
    origins = several(name, value)
    if "*" in origins:
        return "*"
    return tuple(_origin(name, origin) for origin in origins)


def _origin(name: str, origin: Any) -> str | re.Pattern[str]:
    if isinstance(origin, re.Pattern) and isinstance(origin.pattern, str):
        return origin
    if isinstance(origin, str):
        if origin == "null" or "://" in origin:
            return origin.rstrip("/").lower()
        if _HOST_AND_PORT.fullmatch(origin):
            return origin.lower()
    raise OptionError(f"{name} takes origins such as 'https://example.org' or '*', not {origin!r}")


_COOKIE = {
    "name": "key",
    "path": "path",
    "domain": "domain",
    "max_age": "max_age",
    "secure": "secure",
    "httponly": "httponly",
    "samesite": "samesite",
}


def cookie(name: str, value: Any) -> Mapping[str, Any] | None:
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


def protocols(name: str, value: Any) -> tuple[str, ...]:
    spoken = []
    for item in (value,) if isinstance(value, int | float) else several(name, value):
        protocol = {"3": "eio3", "4": "eio4", "sio09": "0.9"}.get(str(item), str(item))
        if protocol not in PROTOCOLS:
            raise OptionError(f"{name} are of {', '.join(PROTOCOLS)}, not {item!r}")
        spoken.append(protocol)
    if not spoken:
        raise OptionError(f"{name} names at least one of {', '.join(PROTOCOLS)}")
    return tuple(dict.fromkeys(spoken))


_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2


def namespaces(name: str, value: Any) -> tuple[str, ...]:
    """Return the names of namespaces, each with its slash."""
    names = () if value is None else several(name, value)
    for each in names:
        if not isinstance(each, str) or not each:
            raise OptionError(f"{name} takes names such as '/chat', or '*', not {each!r}")
    return tuple(each if each == "*" or each.startswith("/") else "/" + each for each in names)


def header_names(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [one.strip() for one in value.split(",")]
    headers = several(name, value)
    for header in headers:
        if not isinstance(header, str) or not _TOKEN.fullmatch(header):
            raise OptionError(f"{name} takes names of headers, not {header!r}")
    return headers


def logger(name: str, value: Any) -> bool | logging.Logger:
    if not isinstance(value, bool | logging.Logger):
        raise OptionError(f"{name} is True, False or a Logger, not {value!r}")
    return value


LEVELS = (logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG)
"""By their numbers in 0.9."""


def log_level(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and value.isalpha():
        named = logging.getLevelName({"WARN": "WARNING"}.get(value.upper(), value.upper()))
        if named in LEVELS:
            return int(named)
    elif isinstance(value, int) and not isinstance(value, bool):
        if 0 <= value < len(LEVELS):
            return LEVELS[value]
        if value in LEVELS:
            return value
    raise OptionError(f"{name} is 'error', 'warning', 'info', 'debug', or 0 to 3, not {value!r}")


def function(name: str, value: Any) -> Any:
    if value is not None and not callable(value):
        raise OptionError(f"{name} is a function, not {value!r}")
    return value


_STORE = "waits renewal set get has delete all increment expire drop close".split()


def store(name: str, value: Any) -> Any:
    """Return a store, or its URL."""
    if value is None or (isinstance(value, str) and value.startswith(STORE_SCHEMES)):
        return value
    known = ", ".join(STORE_SCHEMES)
    if isinstance(value, str):
        raise OptionError(f"{name} is a store, or a URL that begins with one of {known}")
    if isinstance(value, type):
        raise OptionError(f"{name} is a store, such as {value.__name__}(), not its class")
    missing = [member for member in _STORE if not hasattr(value, member)]
    if missing:
        raise OptionError(
            f"{name} is a store, or a URL that begins with one of {known}; {value!r} is neither: "
            f"it has no {', '.join(missing)}"
        )
    return value


def hosts(name: str, value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    listed = isinstance(value, Iterable) and not isinstance(value, str)
    if not listed or not all(isinstance(host, str) and host for host in value):
        raise OptionError(f"{name} is a list such as ['a.org', '.b.org'], not {value!r}")
    return tuple(value)


def json(name: str, value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if not (callable(getattr(value, "dumps", None)) and callable(getattr(value, "loads", None))):
        raise OptionError(f"{name} is a module with dumps and loads, not {value!r}")
    return value


_SERIALIZERS = ("default", "msgpack")
_PARSER = ("encode", "decoder", "older")


def serializer(name: str, value: Any) -> Any:
    """Return the name of a parser, or one of the application's own."""
    if value is None or (isinstance(value, str) and value in _SERIALIZERS):
        return value or _SERIALIZERS[0]
    known = f"'default', 'msgpack', or a parser with {', '.join(_PARSER)}"
    if isinstance(value, type):
        raise OptionError(f"{name} is {known}; {value.__name__} is a class")
    if not all(callable(getattr(value, member, None)) for member in _PARSER):
        raise OptionError(f"{name} is {known}, not {value!r}")
    return value
