"""Which clients there are, and by what options each is forced to a transport."""

from __future__ import annotations

from typing import Any, NamedTuple

VERSIONS = {"0.9": "0.9.17", "1": "1.7.4", "2": "2.5.0", "4": "4.8"}


class Client(NamedTuple):
    """A client on a transport, and the page that has it.

    :param generation: as ``socketio_script`` takes it.
    :param transport: as the generation calls it, or the way from one to another.
    :param expected: the transport on which the server should see it in the end.
    :param options: of its ``io.connect``.
    :param scripts: what the page loads beside the client.
    """

    generation: str
    transport: str
    expected: str
    options: dict[str, Any]
    scripts: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        return VERSIONS[self.generation]

    @property
    def name(self) -> str:
        return f"{self.version} {self.transport}"

    @property
    def path(self) -> str:
        return f"/{self.generation}/{self.transport}"


def _zero_nine(transport: str, *scripts: str) -> Client:
    expected = {"xhr-polling": "polling"}.get(transport, transport)
    return Client("0.9", transport, expected, {"transports": [transport]}, scripts)


def _engine_io(generation: str, transport: str) -> Client:
    options = {"transports": [transport], "upgrade": False}
    return Client(generation, transport, transport, options)


def _jsonp(generation: str) -> Client:
    options = {"transports": ["polling"], "upgrade": False, "forceJSONP": True}
    return Client(generation, "JSONP", "jsonp-polling", options)


CLIENTS = [
    _zero_nine("websocket"),
    _zero_nine("xhr-polling"),
    _zero_nine("jsonp-polling"),
    _zero_nine("htmlfile", "htmlfile.js"),
    _zero_nine("xhr-multipart", "xhr-multipart.js"),
    _engine_io("1", "websocket"),
    _engine_io("1", "polling"),
    _jsonp("1"),
    _engine_io("2", "websocket"),
    _engine_io("2", "polling"),
    _jsonp("2"),
    _engine_io("4", "websocket"),
    _engine_io("4", "polling"),
    Client("4", "upgrade", "websocket", {"transports": ["polling", "websocket"]}),
]


def find_client(generation: str, transport: str) -> Client | None:
    """Return the client of a page, None where there is none."""
    for client in CLIENTS:
        if (client.generation, client.transport) == (generation, transport):
            return client
    return None
