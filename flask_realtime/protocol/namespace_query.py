"""The query behind a namespace's name, by which clients before 3.x say who they are.

``io.connect("/chat?token=x")`` joins ``/chat``; what follows the ``?`` is for its ``connect``
handler, which newer clients tell by their ``auth``.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from ..exceptions import PacketError

_MAX_QUERY = 16_384
"""Characters; a request's own query has no more in Node (``--max-http-header-size``). Reading one
of a MiB would take half a second."""


def split_query(name: str) -> tuple[str, dict[str, str] | None]:
    """Return the name without its query, and what :func:`parse_query` makes of that."""
    name, _, query = name.partition("?")
    return name, parse_query(query)


def parse_query(query: str) -> dict[str, str] | None:
    """Return the first value of each key of ``a=b&c=d``; None where there is none.

    :raises PacketError: if it is too long.
    """
    if len(query) > _MAX_QUERY:
        raise PacketError(f"a query of more than {_MAX_QUERY} characters")
    values: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        values.setdefault(key, value)
    return values or None
