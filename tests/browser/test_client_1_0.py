"""Client 1.0 in a browser: those of 1.0 to 1.3 read a polling body only if it is binary."""

from __future__ import annotations

import pytest

from tests.support.chat import ChatServer
from tests.support.legacy import PROGRAM, ROOT, LegacyPage
from tests.support.waiting import wait_until

CLIENT = ROOT / "tests" / "node_modules" / "socket.io-client-1.0" / "socket.io.js"
WAYS = {
    "polling": {"transports": ["polling"], "upgrade": False},
    "JSONP": {"transports": ["polling"], "upgrade": False, "forceJSONP": True},
    "base64": {"transports": ["polling"], "upgrade": False, "forceBase64": True},
    "websocket": {"transports": ["websocket"]},
    "upgrade": {},
}
SEEN_ON = {"polling": "polling", "base64": "polling", "JSONP": "jsonp-polling"}
TEXTS = ["é ß €", "\U0001f600", '\u2028 " \\ \ufffd </script>', ""]


@pytest.fixture(scope="module")
def server(root):
    server = ChatServer(root, PROGRAM)
    server.start()
    yield server
    assert server.stop() == ""


@pytest.fixture(scope="module", params=WAYS)
def way(request):
    return request.param


@pytest.fixture(scope="module")
def page(browser, server, way):
    """A page of the server's origin; nothing may have gone wrong in it at the end."""
    page = LegacyPage(browser, server.address, "/socket.io/v1/socket.io.js")
    page.page.add_script_tag(path=CLIENT)
    page.evaluate(
        """async how => {
          window.options = how;
          window.socket = io.connect("/", how);
          await heard(socket, "connect");
          const engine = socket.io.engine;
          if (engine.upgrading) await promise("upgrade", resolve => engine.on("upgrade", resolve));
        }""",
        WAYS[way],
    )
    yield page
    assert [problem for problem in page.close() if "favicon.ico" not in problem] == []


def test_it_is_connected_by_its_transport(page, way):
    expected = [3, SEEN_ON.get(way, "websocket")]
    wait_until(lambda: page.ask("who") == expected, what="it is on its transport")  # it may upgrade
    assert all("EIO=2" in url for url in page.requests)


def test_text_arrives_as_it_was_short_and_long(page):
    assert page.ask("echo", *TEXTS) == TEXTS
    assert page.ask("echo", "é\u2028" * 5000, 1) == ["é\u2028" * 5000, 1]


def test_binary_goes_both_ways(page):
    got = page.evaluate(
        """async () => {
          const sent = Uint8Array.from({ length: 70000 }, (_, i) => i % 256).buffer;
          const [text, bytes] = await ask(socket, "echo", "text", sent);
          const data = bytes.base64
            ? Uint8Array.from(atob(bytes.data), c => c.charCodeAt()) : bytes;
          return [text, new Uint8Array(data).join()];
        }"""
    )

    assert got == ["text", ",".join(str(i % 256) for i in range(70000))]


def test_broadcasts_and_namespaces_are_heard(page):
    got = page.evaluate(
        """async () => {
          const chat = io.connect("/chat", options);
          const [there] = await ask(chat, "echo", "there");
          const news = heard(socket, "news");
          await ask(socket, "to all", "first");
          return [there, ...await news];
        }"""
    )

    assert got == ["there", "first"]
