"""The pages of `examples/legacy` as the tests in a browser see them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "browser" / "legacy_program.py"

# A page that waits for ever would not say for what.
_SCRIPT = """
window.promise = (what, begin) => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error(`waited for ${what} in vain`)), 10000);
  begin(resolve, reject);
});
window.ask = (socket, event, ...args) => promise(event,
  answer => socket.emit(event, ...args, (...got) => answer(got)));
window.heard = (socket, event) => promise(event,
  resolve => socket.on(event, (...got) => resolve(got)));
// A second connection of the same client, over the same transport unless the options say else.
window.another = (url = "/", how = options) => {
  if (io.transports) io.transports = how.transports;
  const socket = io.connect(url, { ...how, forceNew: true, "force new connection": true,
    reconnection: false, reconnect: false });
  socket.on("connect", () => others.push(socket.io ? socket.io.engine.id : "none"));
  return socket;
};
window.others = [];
"""


def _load_clients() -> Any:
    """`examples/legacy/clients.py`, which is in no package."""
    path = ROOT / "examples" / "legacy" / "clients.py"
    spec = importlib.util.spec_from_file_location("legacy_clients", path)
    assert spec is not None and spec.loader is not None
    module = sys.modules["legacy_clients"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CLIENTS: list[Any] = _load_clients().CLIENTS
"""A client on a transport each; see `Client` there."""


class LegacyPage:
    """One page, in a context of its own.

    :param path: of a client's page; the one with all of them, if it is none's.
    """

    def __init__(self, browser: Browser, address: str, path: str, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.context.add_init_script(_SCRIPT)
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        #: What went wrong in the page: errors and warnings in its console, and exceptions.
        self.problems: list[str] = []
        #: What it has asked the Socket.IO server for, URLs.
        self.requests: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.on("websocket", lambda websocket: self._asked(websocket.url))
        self.page.goto(address.rstrip("/") + path)

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{message.text} ({message.location['url']})")

    def _asked(self, url: str) -> None:
        if "/socket.io/" in url and ".js" not in url:
            self.requests.append(url)

    def close(self) -> list[str]:
        """Close it; return what went wrong.

        Not that: of a connection that has left, a poll may come to the server after the word that
        it leaves, by a faster way, and is refused.
        """
        others = self.page.evaluate("others")
        self.context.close()
        return [problem for problem in self.problems if not any(sid in problem for sid in others)]

    def expect_connected(self) -> None:
        expect(self.page.locator("#light")).to_have_class("connected")

    def ask(self, event: str, *args: Any) -> list[Any]:
        """Send an event, and return the arguments of its acknowledgement."""
        got: list[Any] = self.page.evaluate(
            "([event, args]) => ask(socket, event, ...args)", [event, list(args)]
        )
        return got

    def evaluate(self, script: str, argument: Any = None) -> Any:
        return self.page.evaluate(script, argument)
