"""Every generation's client in a browser, on each of its transports: `examples/legacy`."""

from __future__ import annotations

import re

import pytest

from tests.support.chat import ChatServer
from tests.support.legacy import CLIENTS, PROGRAM, LegacyPage

PROTOCOLS = {"0.9": 1, "1": 3, "2": 3, "4": 4}

TEXTS = [
    "é ß €",
    "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467",  # beyond the BMP
    "\u2028 and \u2029, which once ended a line of JavaScript",
    'quotes " and \\ and \\n and \r\n and \t',
    "</script><!-- <b> &amp; %20 +",
    "\ufffd5\ufffd3:::x",  # how 0.9 frames several messages
    "\n--socketio\nContent-Type: text/plain\n\n3:::forged",
    "",
]


@pytest.fixture(scope="module")
def server(root):
    server = ChatServer(root, PROGRAM)
    server.start()
    yield server
    assert server.stop() == ""


@pytest.fixture(scope="module", params=CLIENTS, ids=lambda client: client.name.replace(" ", "-"))
def client(request):
    return request.param


@pytest.fixture(scope="module")
def page(browser, server, client):
    """A client's page, for all tests: nothing may have gone wrong in it at the end."""
    page = LegacyPage(browser, server.address, client.path)
    page.expect_connected()
    yield page
    assert page.close() == []


def test_it_is_connected_by_its_transport_and_by_nothing_else(page, client):
    assert page.ask("who") == [PROTOCOLS[client.generation], client.expected]

    assert page.requests
    for url in page.requests:
        assert re.search(expected_url(client), url), url


def expected_url(client):
    if client.generation == "0.9":
        return rf"/socket\.io/1/(\?t=|{client.transport}/)"
    if client.transport == "upgrade":
        return "EIO=4&transport=(polling|websocket)"
    transport = "websocket" if client.transport == "websocket" else "polling"
    is_jsonp = "&j=" if client.transport == "JSONP" else ""
    return f"EIO={PROTOCOLS[client.generation]}&transport={transport}.*{is_jsonp}"


def test_what_is_sent_comes_back_with_the_acknowledgement(page):
    values = [1, -2.5, True, None, "text", ["list", []], {"key": {"of": "an object"}}, {}]

    assert page.ask("echo", *values) == values
    assert page.ask("echo") == []


def test_every_text_arrives_as_it_was(page):
    assert page.ask("echo", *TEXTS) == TEXTS


def test_a_plain_message_arrives_as_it_was(page):
    """Clients 0.9 have a type of their own for it, which carries the text as it is."""
    got = page.evaluate(
        """async texts => {
          const got = [];
          for (const text of texts) {
            const message = promise("message", resolve => socket.once("message", resolve));
            socket.emit("send back", text);
            got.push(await message);
          }
          return got;
        }""",
        TEXTS,
    )

    assert got == TEXTS


def test_long_messages_go_both_ways(page):
    text = "0123456789abcdé\u2028" * (100 * 1024 // 16)

    assert page.ask("echo", text, "end") == [text, "end"]


def test_binary_goes_both_ways_where_the_client_has_it(page, client):
    if client.generation == "0.9":
        assert page.ask("binary") == [{"base64": True, "data": "AAH/"}]
        return

    got = page.evaluate(
        """async () => {
          const bytes = length => Uint8Array.from({ length }, (_, i) => i % 256).buffer;
          const [one, text, two] = await ask(socket, "echo", bytes(3), "text", bytes(70000));
          return [new Uint8Array(one).join(), text, new Uint8Array(two).join()];
        }"""
    )

    assert got == ["0,1,2", "text", ",".join(str(i % 256) for i in range(70000))]


def test_two_namespaces_share_a_connection_and_what_is_stored(page):
    got = page.evaluate(
        """async () => {
          const chat = io.connect("/chat", options);
          const [there] = await ask(chat, "echo", "there");
          await ask(socket, "put", "colour", "green");
          const [colour] = await ask(chat, "get", "colour");
          const left = promise("the end of /chat", resolve => chat.on("disconnect", resolve));
          chat.disconnect();
          const [here] = await ask(socket, "echo", "here");
          return [there, colour, here];
        }"""
    )

    assert got == ["there", "green", "here"]


def test_a_broadcast_is_heard_by_everyone_once(page):
    got = page.evaluate(
        """async () => {
          const other = another();
          const got = [];
          socket.on("news", text => got.push("one " + text));
          other.on("news", text => got.push("other " + text));
          await heard(other, "connect");
          await ask(other, "to all", "first");
          await ask(socket, "to all", "second");
          await Promise.all([ask(socket, "echo"), ask(other, "echo")]);
          other.disconnect();
          return got.sort();
        }"""
    )

    assert got == ["one first", "one second", "other first", "other second"]


def test_what_is_said_while_no_poll_is_open_is_not_lost(page):
    got = page.evaluate(
        """async () => {
          const got = [];
          socket.on("number", number => got.push(number));
          await ask(socket, "count slowly", 200);
          return got;
        }"""
    )

    assert got == list(range(200))


def test_much_is_said_at_once_and_arrives_in_order(page):
    got = page.evaluate(
        """async () => {
          const answers = [];
          for (let i = 0; i < 200; i++) answers.push(ask(socket, "echo", i));
          return (await Promise.all(answers)).map(([number]) => number);
        }"""
    )

    assert got == list(range(200))


def test_the_server_can_ask(page):
    page.evaluate("() => { socket.on('question', (asked, answer) => answer(asked + '!', 2)); }")

    assert page.ask("ask", "Really") == [["Really!", 2]]


def test_a_client_that_leaves_is_known_to_have_left(page, client):
    name = f"leaver {client.name}"
    reason = page.evaluate(
        """async name => {
          const other = another();
          await heard(other, "connect");
          await ask(other, "enter", name);
          // Client 0.9 forgets to say that it leaves while a POST of its is not answered.
          while (other.socket && other.socket.doBuffer) await new Promise(requestAnimationFrame);
          const reason = heard(other, "disconnect");
          other.disconnect();
          return [...await reason, await (await fetch(`/reason/${name}`)).text()];
        }""",
        name,
    )

    own = "booted" if client.generation == "0.9" else "io client disconnect"
    assert reason[0] == own
    assert reason[-1] == "client namespace disconnect"


def test_a_client_that_is_sent_away_knows_it(page, client):
    name = f"sent away {client.name}"
    reason = page.evaluate(
        """async name => {
          const other = another();
          await heard(other, "connect");
          await ask(other, "enter", name);
          const reason = heard(other, "disconnect");
          other.emit("go away");
          return [...await reason, await (await fetch(`/reason/${name}`)).text()];
        }""",
        name,
    )

    own = "booted" if client.generation == "0.9" else "io server disconnect"
    assert reason[0] == own
    assert reason[-1] == "server namespace disconnect"
