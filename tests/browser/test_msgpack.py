"""The served build of the client with socket.io-msgpack-parser, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.clients.hosts import Host, Running, running

OWN = Host("io.run, msgpack", lambda port: ["-m", "tests.clients.app", str(port), "parser=msgpack"])

# Of binary an ArrayBuffer: of a Uint8Array the client's notepack makes a map, in browsers.
SEND = """async (transports) => {
  const socket = io({ transports, forceNew: true });
  const answer = await socket.timeout(10000).emitWithAck(
    "echo", ["\u20ac", { a: [1.5, null] }, undefined, new Date(0), NaN,
    new Uint8Array([0, 255]).buffer, new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer],
  );
  const plain = answer.map((value) => value instanceof Object && "byteLength" in value
    ? { bytes: Array.from(new Uint8Array(value)) } : value);
  socket.disconnect();
  return plain;
}"""
ANSWER = [
    *("\u20ac", {"a": [1.5, None]}, None, "1970-01-01T00:00:00.000Z", None),
    *({"bytes": [0, 255]}, {"bytes": [1, 2, 3, 4, 5, 6, 7, 8]}),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(OWN) as server:
        yield server


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]])
def test_values_come_back(browser: Browser, server: Running, transports: list[str]) -> None:
    problems: list[Any] = []
    page = browser.new_page()
    page.on("pageerror", lambda error: problems.append(error))
    page.goto(f"{server.url}/socket.io/v4/")  # a page of the same origin
    page.add_script_tag(url="/socket.io/v4/socket.io.msgpack.min.js")
    assert page.evaluate(SEND, transports) == ANSWER
    page.close()
    assert problems == []
