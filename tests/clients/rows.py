"""The clients that are served: generations of socket.io-client, and transports, a table each."""

from __future__ import annotations

from itertools import product

GENERATIONS = ("4", "3")
TRANSPORTS = ("websocket", "polling", "polling+websocket")
ROWS = [f"{generation}/{names}" for generation, names in product(GENERATIONS, TRANSPORTS)]
