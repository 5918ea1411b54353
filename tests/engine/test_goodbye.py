"""The end of a polling session that we have closed, when the client is quicker than its goodbye."""

from __future__ import annotations

from tests.engine.upgrading import joined
from tests.support.app import Serve


def test_a_client_that_says_goodbye_first_is_not_waited_for(serve: Serve) -> None:
    """Clients 4.x do so when the last of their namespaces has been closed, and poll no more."""
    running, app = serve()
    client = joined(running)
    running.ask(client)
    app.socket.disconnect(close=True)
    assert client.answer().packets == ["41"]
    assert list(running.sessions) == [client.sid]
    client.send("1")
    assert not running.sessions
    assert app.reasons == ["server namespace disconnect"]
