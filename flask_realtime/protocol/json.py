"""JSON by a module of the application's choice, with the rules that hold for every module.

* What is written is JSON: NaN and the infinities become ``null`` or an error, never a bare word.
* What is written is UTF-8: a lone surrogate, legal in a ``str``, goes out escaped (orjson: an
  error).
* Binary goes out as binary, also where the module would write it as text.
* Whatever is wrong with what a client sent is a :class:`~flask_realtime.exceptions.PacketError`,
  a bare NaN included.
"""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Callable
from typing import Any

import simplejson

from ..exceptions import EncodeError, OptionError, PacketError
from .attachments import extract
from .simplejson import simplejson_dumps, simplejson_loads
from .unsendable import explain

Dumps = Callable[[Any], str | bytes]
Loads = Callable[[str], Any]


class Codec:
    """JSON text to and from values, attachments taken out.

    Each server's dialects are made with their own; nothing is kept in a module.
    """

    __slots__ = ("_dumps", "_loads")

    def __init__(self, dumps: Dumps, loads: Loads) -> None:
        self._dumps = dumps
        self._loads = loads

    def dumps(self, values: list[Any] | dict[str, Any]) -> tuple[str, list[bytes]]:
        """Return the text of `values`, and the attachments it refers to.

        Values without binary, nearly all, are not searched for it: an encoder that meets ``bytes``
        fails, and only then they are taken out.

        :raises EncodeError: for what JSON cannot carry; the message names the path to it.
        """
        try:
            text = self._dumps(values)
        except Exception:
            return self._dumps_extracted(values)
        return _utf8(text), []

    def _dumps_extracted(self, values: Any) -> tuple[str, list[bytes]]:
        plain, attachments = extract(values)
        try:
            return _utf8(self._dumps(plain)), attachments
        except Exception as error:
            raise EncodeError(explain("JSON", self._dumps, plain, error)) from None

    def loads(self, text: str) -> Any:
        """Return the value of `text`.

        :raises PacketError: if it is no JSON, or nested too deep, or holds a number too long.
        """
        try:
            return self._loads(text)
        except Exception as error:
            raise PacketError(f"invalid JSON ({type(error).__name__})") from error


class _ExtractingCodec(Codec):
    """For a module that writes ``bytes`` as text, such as simplejson with its defaults."""

    __slots__ = ()

    def dumps(self, values: list[Any] | dict[str, Any]) -> tuple[str, list[bytes]]:
        return self._dumps_extracted(values)


def _utf8(text: str | bytes) -> str:
    if isinstance(text, bytes):
        return text.decode()
    if text.isascii():
        return text
    # Python's "backslashreplace" writes a lone surrogate as \udXXX: JSON's own escape.
    return text.encode("utf-8", "backslashreplace").decode()


_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")


def ascii_json(text: str) -> str:
    """Return JSON text that says the same in ASCII: ``\\uXXXX``, pairs of them beyond U+FFFF.

    For the clients before 3.x: over polling they read text beyond ASCII in two ways that exclude
    each other, and a raw U+2028 or U+2029 is a line end to some of them. It is done to what a
    module has written, since not every module can write so by itself.
    """
    return text if text.isascii() else _BEYOND_ASCII.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "\\u" + units.hex("u", 2).replace("u", "\\u")


def make_codec(module: Any = None) -> Codec:
    """Return the codec of a module with ``dumps`` and ``loads``.

    :param module: such a module or object, or the name of one; None is simplejson.
    :raises OptionError: if it cannot be imported, is no such module, or writes NaN.
    """
    if isinstance(module, str):
        module = _import(module)
    if module is None or module is simplejson:
        return Codec(simplejson_dumps(), simplejson_loads())
    if not hasattr(module, "dumps") or not hasattr(module, "loads"):
        raise OptionError(f"json is a module with dumps and loads, not {module!r}")
    if getattr(module, "__name__", None) == "orjson":
        return Codec(_orjson_dumps(module), module.loads)
    dumps = _strict_dumps(module)
    codec = _ExtractingCodec if _works(dumps, [b""]) else Codec
    return codec(dumps, _strict_loads(module))


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except (ImportError, TypeError, ValueError):  # the latter two: ".relative" and ""
        raise OptionError(f"json={name!r}: no such module; try: pip install {name}") from None


def _works(function: Callable[[Any], Any], value: Any) -> bool:
    try:
        function(value)
    except Exception:
        return False
    return True


def _orjson_dumps(orjson: Any) -> Dumps:
    dumps = orjson.dumps
    option = orjson.OPT_NON_STR_KEYS

    def dumps_any_key(value: Any) -> bytes:
        try:
            text: bytes = dumps(value)
        except TypeError:  # a key that is no str is rare, and allowing it slows every dict down
            text = dumps(value, option=option)
        return text

    return dumps_any_key


def _strict_dumps(module: Any) -> Dumps:
    """The module's ``dumps``, made to refuse NaN if it does not by itself."""
    dumps: Dumps = module.dumps

    def dumps_strictly(value: Any) -> str | bytes:
        text: str | bytes = module.dumps(value, allow_nan=False)
        return text

    if not _writes_nan(dumps):
        return dumps
    if not _writes_nan(dumps_strictly):
        return dumps_strictly
    raise OptionError(f"json={module!r} writes NaN, which is no JSON and breaks every client")


def _strict_loads(module: Any) -> Loads:
    """The module's ``loads``, made to refuse NaN where it takes the standard library's hook."""
    loads: Loads = module.loads

    def loads_strictly(text: str) -> Any:
        if "NaN" in text or "Infinity" in text:  # the hook makes every call slower
            return module.loads(text, parse_constant=_refuse_constant)
        return loads(text)

    if _works(loads, "[NaN]") and _works(loads_strictly, '["NaN"]'):
        return loads_strictly
    return loads


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _writes_nan(dumps: Dumps) -> bool:
    try:
        text = dumps([math.nan])
    except TypeError:
        return True  # does not know allow_nan
    except Exception:
        return False
    return "null" not in (text.decode() if isinstance(text, bytes) else text)
