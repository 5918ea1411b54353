"""Pages of another origin: they connect over every transport if the server names them, else not."""

from __future__ import annotations

import re

import pytest

from tests.support.chat import ChatServer
from tests.support.legacy import CLIENTS, PROGRAM, LegacyPage

GENERATIONS = ["0.9", "1", "2", "4"]

BLOCKED = re.compile(r"blocked by CORS policy|net::ERR_FAILED|WebSocket connection to .* failed")


@pytest.fixture(scope="module")
def home(root):
    """The server of the pages."""
    server = ChatServer(root, PROGRAM)
    server.start()
    yield server
    assert server.stop() == ""


@pytest.fixture(scope="module")
def abroad(root, home):
    """The server they connect to: it lets in those that have come from 127.0.0.1."""
    server = ChatServer(root, PROGRAM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORIGINS", home.address.rstrip("/"))
        server.start()
    yield server
    assert "bad-origin" in server.stop()


@pytest.fixture(scope="module")
def open_to_all(root):
    """A server that lets in every page, without its visitor's cookies."""
    server = ChatServer(root, PROGRAM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORIGINS", "*")
        server.start()
    yield server
    assert server.stop() == ""


def abroad_of(generation):
    """Clients of a generation that try; 0.9 does not even do that with htmlfile."""
    ours = [client for client in CLIENTS if client.generation == generation]
    return [client for client in ours if client.transport != "htmlfile"]


@pytest.fixture
def visit(browser, home):
    """Opens a page with the client of a generation, its plug-in included."""
    pages = []

    def visit(generation, address=home.address):
        client = [each for each in CLIENTS if each.generation == generation][-1]
        page = LegacyPage(browser, address, client.path)
        pages.append(page)
        page.expect_connected()
        return page

    yield visit
    for page in pages:
        page.context.close()
        assert page.problems == []


CONNECT = """
([url, how]) => promise("an outcome", resolve => {
  if (io.util) {  // in Internet Explorer 6 and 7 the handshake, too, is a script
    io.util.ua.hasCORS = how.transports[0] !== "jsonp-polling";
  }
  window.other = another(url, how);
  other.on("connect", () => resolve("connected"));
  for (const event of ["error", "connect_error", "connect_failed"]) {
    other.on(event, () => resolve("refused"));
  }
})
"""
TALK = """
async expected => {
  let transport;
  for (let tries = 0; transport !== expected && tries < 500; tries++) {
    transport = (await ask(other, "who"))[1];  // one may have to go on to it first
  }
  const echoed = await ask(other, "echo", "é\\u2028", 7);
  other.disconnect();
  return [transport, echoed];
}
"""


def expect_every_transport(page, server, generation):
    for client in abroad_of(generation):
        how = client.options
        assert page.evaluate(CONNECT, [server.address, how]) == "connected", client.name
        transport, echoed = page.evaluate(TALK, client.expected)
        assert (transport, echoed) == (client.expected, ["é\u2028", 7]), client.name


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_page_whose_origin_is_named_connects_over_every_transport(abroad, visit, generation):
    expect_every_transport(visit(generation), abroad, generation)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_page_connects_over_every_transport_where_all_may(open_to_all, visit, generation):
    expect_every_transport(visit(generation), open_to_all, generation)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_page_whose_origin_is_not_named_is_refused_over_every_transport(
    abroad, home, visit, generation
):
    page = visit(generation, home.address.replace("127.0.0.1", "localhost"))

    for client in abroad_of(generation):
        how = client.options
        assert page.evaluate(CONNECT, [abroad.address, how]) == "refused", client.name

    page.context.close()
    page.problems = [problem for problem in page.problems if not BLOCKED.search(problem)]
