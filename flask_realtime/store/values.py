"""What every store accepts: keys, values as JSON, and numbers to add."""

from __future__ import annotations

import math
from typing import Any

from ..exceptions import EncodeError, PacketError, StoreError, UsageError, message_of
from ..protocol.json import make_codec

_LARGEST = 2**63
"""Redis counts with 64 bits, and another store shall not count further."""
_BINARY = (bytes, bytearray, memoryview)


class Values:
    """Values to and from JSON text.

    :param json: a module with ``dumps`` and ``loads``, or its name; None: simplejson.
    :raises OptionError: if it is no such module.
    """

    __slots__ = ("_codec",)

    def __init__(self, json: Any = None) -> None:
        self._codec = make_codec(json)

    def dump(self, key: str, value: Any) -> str:
        """Return a value as text.

        :param key: under which it is kept, for the message.
        :raises EncodeError: if JSON cannot carry it; the message names the path to what is wrong.
        """
        try:
            text, binary = self._codec.dumps(value)
        except EncodeError as error:
            why = message_of(error)
            raise EncodeError(f"the value of {key!r} cannot be kept: {why}") from None
        if binary:
            where = _path_to_binary(value) or "it"
            raise EncodeError(
                f"the value of {key!r} cannot be kept: JSON cannot carry binary, and {where} is; "
                "keep text instead, such as base64"
            )
        return text

    def load(self, text: str | bytes) -> Any:
        """Return the value of a text.

        :raises StoreError: if it is none, so that something else must have written it.
        """
        try:
            return self._codec.loads(text.decode() if isinstance(text, bytes) else text)
        except (PacketError, UnicodeDecodeError):
            raise StoreError("what the store has is no JSON; who has written it?") from None


def _path_to_binary(value: Any) -> str:
    """The way to the first binary in a value, such as ``['a'][0]``."""
    if isinstance(value, dict):
        items: list[tuple[Any, Any]] = list(value.items())
    elif isinstance(value, list | tuple):
        items = list(enumerate(value))
    else:
        return ""
    for step, item in items:
        rest = _path_to_binary(item)
        if rest or isinstance(item, _BINARY):
            return f"[{step!r}]{rest}"
    return ""


def check_key(key: Any) -> None:
    """See whether something can be the key of a value.

    :raises EncodeError: if it is no text.
    """
    if not isinstance(key, str):
        raise EncodeError(f"values are kept by keys that are text, not {key!r}")


def check_amount(amount: Any) -> None:
    """See whether something can be added to a number.

    :raises UsageError: if not.
    """
    if not _is_number(amount):
        raise UsageError(f"increment takes a finite number, of 64 bits if whole, not {amount!r}")


def add(key: str, before: Any, amount: float) -> float:
    """Return the sum, an ``int`` of two.

    :raises UsageError: if what was there is no number, or the sum would be too large.
    """
    if not _is_number(before):
        raise no_number(key)
    total: float = before + amount
    if not _is_number(total):
        raise too_large(key)
    return total


def no_number(key: str) -> UsageError:
    """What is wrong where the value is none that can be added to."""
    return UsageError(f"increment: the value of {key!r} is no number that can be added to")


def too_large(key: str) -> UsageError:
    """What is wrong where the sum cannot be kept."""
    return UsageError(f"increment: the sum for {key!r} would be too large; it has 64 bits")


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and -_LARGEST <= value < _LARGEST
