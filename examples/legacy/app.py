"""One room for every client that Socket.IO ever had, each on each of its transports. Start it::

    python examples/legacy/app.py                         # HOST and PORT say where

The server's side is what it would be for one client: nothing here asks who speaks what.
"""

from __future__ import annotations

import os
from typing import Any

from clients import CLIENTS, Client, find_client
from flask import Flask, abort, render_template, request

from flask_realtime import SocketIO, socket
from flask_realtime.options import TRANSPORTS

MAX_NAME = 40
MAX_TEXT = 500  # characters

app = Flask(__name__)
# The default ones, and xhr-multipart, which is on only where it is named.
io = SocketIO(app, transports=[*TRANSPORTS, "xhr-multipart"])


@app.get("/")
def index() -> str:
    """All of them, side by side."""
    return render_template("index.html", clients=CLIENTS, host=host_of)


@app.get("/<generation>/<transport>")
def page(generation: str, transport: str) -> str:
    """One client, forced to one transport."""
    client = find_client(generation, transport)
    return render_template("client.html", client=client) if client else abort(404)


def host_of(client: Client) -> str:
    """Return the host from which a client's page is loaded.

    Browsers open six connections to a host at a time, and most of these pages keep one open. So
    each generation gets a name of its own, which browsers take for this machine (RFC 6761, 6.3).
    """
    name, _, port = request.host.partition(":")
    if name not in ("127.0.0.1", "localhost"):
        return request.host
    return f"v{client.generation.replace('.', '-')}.localhost:{port}"


# The room


@io.on("enter")
def enter(name: Any) -> str:
    """Take part under a name; the answer is what the server sees the client on."""
    socket.set("name", str(name)[:MAX_NAME])
    return str(socket.conn.transport.name)


@io.on("say")
def say(text: Any) -> None:
    """Say something to everyone, oneself included."""
    io.emit("said", socket.get("name"), str(text)[:MAX_TEXT])


if __name__ == "__main__":
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "5000"))
    io.run(app, host, port)  # says where to open it
