"""The example chat as the tests in a browser see it: its server, and one window on it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from threading import Event, Thread
from typing import IO

from playwright.sync_api import Browser, Locator, Page, expect

from .loggers import without_stalls

_ADDRESS = re.compile(r"http://[\d.]+:(\d+)")


# What is shown is read from memory: the page's policy forbids it to fetch a Blob URL.
_KEEP_BLOBS = """
window.blobs = new Map();
const create = URL.createObjectURL;
URL.createObjectURL = blob => {
  const url = create.call(URL, blob);
  blobs.set(url, blob);
  return url;
};
"""
_READ_BLOB = """
async image => {
  await image.decode();  // throws if it is no picture
  const read = new FileReader();
  read.readAsDataURL(window.blobs.get(image.src));
  await new Promise(resolve => read.onload = resolve);
  return read.result;
}
"""
# 400: a session of before the restart, 503: a request in the middle of the stop.
_OUTAGE = re.compile(
    r"net::ERR_(CONNECTION|EMPTY)_|WebSocket connection to .* failed|status of (400|503)"
)


class ChatServer:
    """`examples/chat/app.py` in a process of its own, on the loopback interface.

    :param root: the checkout.
    :param program: another one that serves it.
    """

    def __init__(self, root: Path, program: Path | None = None) -> None:
        self._command = [sys.executable, str(program or root / "examples" / "chat" / "app.py")]
        self._process: subprocess.Popen[str] | None = None
        self._reader: Thread | None = None
        self._said: list[str] = []
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start it: the first time on a port that is free, then on the same one."""
        environ = {**os.environ, "HOST": "127.0.0.1", "PORT": str(self.port)}
        self._said = []
        self._process = subprocess.Popen(
            self._command, env=environ, stderr=subprocess.PIPE, text=True
        )
        started = Event()
        self._reader = Thread(target=self._read, args=(self._process.stderr, started))
        self._reader.start()
        assert started.wait(timeout=20) and self.port, "".join(self._said)

    def _read(self, stderr: IO[str], started: Event) -> None:
        """Read all the time: a server that cannot write its log would stand still."""
        with stderr:
            for line in stderr:
                found = _ADDRESS.search(line)
                if found is None:
                    self._said.append(line)
                else:
                    self.port = int(found[1])
                    started.set()
        started.set()

    def stop(self) -> str:
        """Stop it as an operator does; return what it said since it was started, but for the
        watchdog, which may speak where the machine is busy."""
        assert self._process is not None and self._reader is not None
        process, self._process = self._process, None
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        self._reader.join(timeout=10)
        return without_stalls("".join(self._said))

    @property
    def running(self) -> bool:
        return self._process is not None


class Window:
    """One visitor's window, with a storage of its own.

    :param query: of the address, such as ``"?transports=polling"``.
    :param key: what the page shows the server to be known again; "" for one that it makes up.
    :param options: of Playwright's ``new_context``.
    """

    def __init__(
        self, browser: Browser, address: str, query: str = "", key: str = "", **options: object
    ) -> None:
        self.context = browser.new_context(**options)  # type: ignore[arg-type]
        self.context.add_init_script(_KEEP_BLOBS)
        if key:
            stored = json.dumps(json.dumps({"key": key}))
            self.context.add_init_script(f"sessionStorage.chat ??= {stored}")
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        #: What went wrong in the page: errors in its console, exceptions, and blocked content.
        self.problems: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("dialog", lambda dialog: self.problems.append(dialog.message))
        self.page.goto(address + query)

    def _console(self, message: object) -> None:
        if message.type in ("error", "warning"):  # type: ignore[attr-defined]
            self.problems.append(message.text)  # type: ignore[attr-defined]

    # What the visitor does

    def ask_in(self, nickname: str) -> None:
        self.page.get_by_label("Your nickname").fill(nickname)
        self.page.get_by_role("button", name="Join").click()

    def say(self, text: str) -> None:
        self.composer.fill(text)
        self.composer.press("Enter")

    def choose_picture(self, name: str, media_type: str, data: bytes) -> None:
        self.page.locator("#file").set_input_files(
            {"name": name, "mimeType": media_type, "buffer": data}
        )

    def enter(self, room: str) -> None:
        """Go into a room that is in the list, else make it."""
        listed = self.page.locator("#rooms button", has_text=re.compile(f"^{re.escape(room)}"))
        if listed.count():
            listed.click()
        else:
            self.page.get_by_label("Name of a room").fill(room)
            self.page.get_by_role("button", name="Enter the room").click()

    def drop(self, kind: str, name: str, media_type: str, data: bytes) -> None:
        """Let a file fall on the window, or with `kind` "paste" out of the clipboard."""
        self.page.get_by_label("Message", exact=True).evaluate(
            """(text, [kind, name, type, data]) => {
              const bytes = Uint8Array.from(atob(data), character => character.charCodeAt(0));
              const files = new DataTransfer();
              files.items.add(new File([bytes], name, { type }));
              const options = { bubbles: true, cancelable: true };
              text.dispatchEvent(kind === "paste"
                ? new ClipboardEvent(kind, { ...options, clipboardData: files })
                : new DragEvent(kind, { ...options, dataTransfer: files }));
            }""",
            [kind, name, media_type, b64encode(data).decode()],
        )

    # What the visitor sees

    @property
    def room(self) -> str:
        return self.page.locator("#room-title").inner_text()

    @property
    def pictures(self) -> Locator:
        return self.page.locator("#log .picture img")

    def shown_picture(self) -> tuple[str, bytes]:
        """Return the media type and the bytes of the only picture, which must be displayed."""
        url: str = self.pictures.evaluate(_READ_BLOB)
        head, _, data = url.partition(",")
        return head, b64decode(data)

    def forgive_outage(self) -> None:
        """The browser has complained of the server being away, as it should."""
        self.problems = [problem for problem in self.problems if not _OUTAGE.search(problem)]

    @property
    def composer(self) -> Locator:
        return self.page.get_by_label("Message", exact=True)

    @property
    def banner(self) -> Locator:
        return self.page.locator("#banner")

    @property
    def trouble(self) -> Locator:
        return self.page.locator("#trouble")

    def line(self, text: str) -> Locator:
        """The lines of this text, which should be one."""
        exactly = re.compile(f"^{re.escape(text)}$")
        has = self.page.locator(".text").filter(has_text=exactly)
        return self.page.locator("#log .line").filter(has=has)

    def expect_in(self, room: str = "lobby") -> None:
        expect(self.page.locator("#room-title")).to_have_text(room)
        expect(self.page.locator("#rooms [aria-current]")).to_contain_text(room)
        expect(self.composer).to_be_visible()

    def expect_people(self, *nicknames: str) -> None:
        """In the order of the list; the own is followed by "you"."""
        expect(self.page.locator("#people li")).to_have_text(list(nicknames))

    def expect_delivered(self, text: str) -> None:
        expect(self.line(text).get_by_label("Delivered")).to_be_visible()
