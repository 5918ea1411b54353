"""The meta-variables of a handshake, as they are kept for as long as its session is there.

A dict of them takes 0.9 KiB, for a browser's request 2, and there may be ten thousand. But most
clients have the same names, in the same order, and most of their headers' values are the same too:
so they share them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

_LONGEST = 256
"""Characters of a value that may be shared: what is kept for that is bounded by it."""
_OWN = ("HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_SEC_WEBSOCKET_KEY")
"""Headers that no two clients have in common; two of them are nobody else's business, too."""


class Variables(Mapping[str, str]):
    """Those of one request; they do not change.

    :param variables: the values of any other type are left out.
    """

    __slots__ = ("_places", "_values")

    def __init__(self, variables: Mapping[str, object]) -> None:
        plain = {name: text for name, text in variables.items() if isinstance(text, str)}
        self._places = _places(tuple(plain))
        self._values = tuple([_shared(name, text) for name, text in plain.items()])

    def __getitem__(self, name: str) -> str:
        return self._values[self._places[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __repr__(self) -> str:
        return repr(dict(self))


@lru_cache(64)
def _places(names: tuple[str, ...]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _shared(name: str, text: str) -> str:
    return text if len(text) > _LONGEST or name in _OWN else _first_of(text)


@lru_cache(512)
def _first_of(text: str) -> str:
    """Return the first string that was equal to this one."""
    return text
