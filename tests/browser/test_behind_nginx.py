"""The chat behind nginx, which ends TLS, as the deployment page has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.chat import ChatServer, Window
from tests.support.documents import code_block
from tests.support.nginx import documented_block, nginx_with

# What an operator's own file would say.
PROGRAM = """\
import os
import sys

sys.path.insert(0, {folder!r})
from app import app, io

{proxy_fix}
io.run(app, "127.0.0.1", int(os.environ["PORT"]))
"""


@pytest.fixture(scope="module")
def address(
    nginx: str, root: Path, tls: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Where the chat is, over https; a warning of its server fails the tests."""
    page = root / "docs" / "deployment.rst"
    folder = tmp_path_factory.mktemp("nginx")
    program = folder / "serve.py"
    fix = code_block(page, "python", "import ProxyFix")
    chat = str(root / "examples" / "chat")
    program.write_text(PROGRAM.format(folder=chat, proxy_fix=fix))
    server = ChatServer(root, program)
    server.start()
    block = documented_block(page, "server_name", tls, server.port)
    with nginx_with(nginx, folder, block) as proxy:
        yield f"https://127.0.0.1:{proxy.port}/"
        assert server.stop() == ""
        assert proxy.complaints() == []


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Window]]:
    """Opens windows that believe any certificate; nothing may have gone wrong in any of them."""
    with ExitStack() as stack:
        windows: list[Window] = []

        def open_window(nickname: str, transports: str) -> Window:
            query = f"?transports={transports}"
            window = Window(browser, address, query, ignore_https_errors=True)
            stack.callback(window.context.close)
            windows.append(window)
            window.ask_in(nickname)
            window.expect_in()
            return window

        yield open_window
        assert [problem for window in windows for problem in window.problems] == []


@pytest.mark.parametrize("transports", ["websocket", "polling", "polling,websocket"])
def test_two_people_talk_through_nginx_over_tls(
    visit: Callable[..., Window], transports: str
) -> None:
    # The room keeps what was said in it, and for a while who has left between two polls.
    ada, bob = (visit(f"{name} {len(transports)}", transports) for name in ("Ada", "Bob"))
    for window in (ada, bob):
        expect(window.page.locator("#transport")).to_have_text(transports.split(",")[-1])
    hello, answer = f"Hello over {transports}", f"You too, over {transports}"
    ada.say(hello)
    expect(bob.line(hello)).to_have_count(1)
    bob.say(answer)
    expect(ada.line(answer)).to_have_count(1)
    ada.expect_delivered(hello)
