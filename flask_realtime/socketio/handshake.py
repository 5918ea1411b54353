"""What a client's first request has said, by the names of Socket.IO's servers.

It is made when the application first asks for it: most clients' is never looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from datetime import datetime
from time import time
from typing import Any
from urllib.parse import parse_qsl, quote

from ..engine.session import Session
from ..protocol.packet import Packet
from ..protocol.request import user_query
from ..transports.http import Request

_OWN = ("auth", "query")
"""What each socket has for itself; the rest belongs to the session."""


class Address(str):
    """A peer's address; as text it is that of Socket.IO 1 to 4, its parts are those of 0.9.

    :param port: the peer's; None where a proxy or a Unix socket keeps it from us.
    """

    __slots__ = ("port",)

    def __new__(cls, address: str, port: int | None) -> Address:
        self = super().__new__(cls, address)
        self.port = port
        return self

    port: int | None

    @property
    def address(self) -> str:
        """The address alone."""
        return str(self)


class Fields(dict[str, str]):
    """Headers: kept in lower case, found in any."""

    __slots__ = ()

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """Return a header, or `default`."""
        return super().get(name.lower(), default)


class Query(dict[str, str]):
    """A query: the first value of each key; :meth:`getlist` has all of them.

    :param text: the query of the request, as it came.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self._text = text

    def getlist(self, key: str) -> list[str]:
        """Return every value of `key`; a namespace's own query has one of each."""
        if key not in self:
            return []
        pairs = parse_qsl(self._text, keep_blank_values=True)
        values = [value for name, value in pairs if name == key]
        return values if values[:1] == [self[key]] else [self[key]]

    def under(self, values: Mapping[str, str]) -> Query:
        """Return a copy in which `values` count first."""
        return Query(self._text, {**self, **values})


class Handshake(MutableMapping[str, Any]):
    """What a client said when it came: by attribute or by item, and open for what the application
    adds (``handshake.user = …``).

    All sockets of a session share it, but for ``auth`` and ``query``, which each has for itself.
    Sources: Socket.IO 0.9 (``handshakeData``) to 4.8 (``socket.handshake``).

    :param shared: what belongs to the session; changes are made there.
    :param auth: what the client sent to join the namespace, or None.
    """

    __slots__ = ("_shared", "auth", "query")

    headers: Fields
    """Of the first request."""
    time: str
    """When it came, for people to read."""
    issued: int
    """When it came, in milliseconds since 1970."""
    address: Address
    """Whose it was; behind a proxy what Werkzeug's ``ProxyFix`` has made of it."""
    xdomain: bool
    """Whether it had an ``Origin``."""
    secure: bool
    """Whether it came by TLS."""
    url: str
    """Its path and query."""

    def __init__(self, shared: dict[str, Any], query: Query, auth: Any = None) -> None:
        object.__setattr__(self, "_shared", shared)
        self.query = query
        self.auth = auth

    def __getattr__(self, name: str) -> Any:
        try:
            return self._shared[name]
        except KeyError:
            has = ", ".join(self)
            raise AttributeError(f"the handshake has no {name!r}; it has {has}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            object.__setattr__(self, name, value)
        else:
            self._shared[name] = value

    def __delattr__(self, name: str) -> None:
        if name in _OWN or name not in self._shared:
            raise AttributeError(f"the handshake has no {name!r} to delete")
        del self._shared[name]

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name) if name in _OWN else self._shared[name]

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def __delitem__(self, name: str) -> None:
        del self._shared[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._shared
        yield from _OWN

    def __len__(self) -> int:
        return len(self._shared) + len(_OWN)

    def __repr__(self) -> str:
        return f"<Handshake {dict(self)!r}>"

    def for_socket(self, auth: Any, said: Mapping[str, str]) -> Handshake:
        """Return it as one socket has it.

        :param said: by the query of its namespace.
        """
        return Handshake(self._shared, self.query.under(said), auth)

    def replaced(self, values: Mapping[str, Any]) -> Handshake:
        """Return one that has other values, and what they leave out of query and auth."""
        shared = {name: value for name, value in values.items() if name not in _OWN}
        query = values.get("query", self.query)
        query = query if isinstance(query, Query) else Query("", query)
        return Handshake(shared, query, values.get("auth", self.auth))


def make_handshake(request: Request, age: float = 0.0) -> Handshake:
    """Return the handshake of a session; the same one for the same request.

    :param age: how long ago the request came, in seconds.
    """
    if request.handshake is None:
        query = Query(str(request.variables.get("QUERY_STRING", "")), request.query)
        request.handshake = Handshake(_read(request, time() - age), query)
    handshake: Handshake = request.handshake
    return handshake


def find_auth(session: Session, packet: Packet) -> Any:
    """Return what a client says of itself when it joins a namespace, by its CONNECT packet.

    Generations that join the root namespace without asking can say it in their queries only, the
    handshake's and the namespace's.
    """
    if not session.dialect.joins_root:
        return packet.data
    return {**user_query(session.request.query), **(packet.data or {})} or None


def handshake_for(session: Session, auth: Any) -> Handshake:
    """Return the handshake of a session as one socket has it.

    :param auth: what the client said when it joined the socket's namespace.
    """
    said = auth if session.dialect.joins_root and auth else {}
    return make_handshake(session.request, session.age).for_socket(auth, said)


def _read(request: Request, came: float) -> dict[str, Any]:
    return {
        "headers": Fields(request.headers),
        "time": datetime.fromtimestamp(came).astimezone().strftime("%a %b %d %Y %H:%M:%S GMT%z"),
        "address": Address(request.address, _port(request)),
        "xdomain": bool(request.header("origin")),
        "secure": request.secure,
        "issued": int(came * 1000),
        "url": _url(request),
    }


def _port(request: Request) -> int | None:
    forwarded = request.header("x-forwarded-for").split(",")
    if request.address in map(str.strip, forwarded):
        return None  # the address is from there, and the port is the proxy's
    port = str(request.variables.get("REMOTE_PORT", ""))
    return int(port) if port.isdecimal() else None


def _url(request: Request) -> str:
    path = request.variables.get("SCRIPT_NAME", "") + request.variables.get("PATH_INFO", "")
    query = request.variables.get("QUERY_STRING", "")
    return quote(path, encoding="latin-1") + (f"?{query}" if query else "")
