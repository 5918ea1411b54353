"""A pool of two database connections is enough for any number of clients."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.program import Program

# Patched, as an application with a database is: while SQLAlchemy waits for its pool, others work.
APP = """
from gevent import monkey; monkey.patch_all()

import gevent
import sqlalchemy
from flask import Flask
from flask.globals import app_ctx
from gevent.pool import Group
from sqlalchemy.orm import scoped_session, sessionmaker
from sqlalchemy.pool import QueuePool

from flask_realtime import SocketIO
from flask_realtime.wsgi import WSGIServer
from tests.support.wire import WebSocketClient

pool = {"poolclass": QueuePool, "pool_size": 2, "max_overflow": 0, "pool_timeout": 10}
database = sqlalchemy.create_engine("sqlite:///pool.db", **pool)
app = Flask("pooled")
io = SocketIO(app, **OPTIONS)

# As Flask-SQLAlchemy does it: one session for each application context.
db = scoped_session(sessionmaker(database), lambda: id(app_ctx._get_current_object()))


@app.teardown_appcontext
def remove(error):
    db.remove()


def query(*_):
    assert db.execute(sqlalchemy.text("SELECT 1")).scalar() == 1
    gevent.sleep(0)  # the connection is out meanwhile


@io.on("count")
def count(number):
    query()
    if number % 10 == 9:
        raise ValueError("every tenth fails")
    return number


for event in ("connect", "connection", "disconnecting", "disconnect"):
    io.on(event, query)
app.logger.disabled = True

server = WSGIServer(("127.0.0.1", 0), app, log=None)
server.start()


def client(_):
    wire = WebSocketClient(server.server_port)
    wire.handshake()
    wire.connect()
    wire.send_text(*(f'42{n}["count",{n}]' for n in range(50)))
    answers = sorted(wire.receive() for _ in range(50))
    wire.leave()
    fails = '[{"error":"internal error"}]'
    assert answers == sorted(f"43{n}{fails if n % 10 == 9 else [n]}" for n in range(50)), answers


clients = Group()
clients.map(client, range(20))
while io.sockets.sockets:
    gevent.sleep(0.01)
assert database.pool.checkedout() == 0
assert not db.registry.registry
print("all answered")
server.stop()
"""


@pytest.mark.parametrize("options", [{}, {"async_handlers": True}], ids=str)
def test_a_thousand_events_never_wait_in_vain_for_a_pool_of_two(
    start: Callable[..., Program], options: dict[str, bool]
) -> None:
    program = start(APP.replace("**OPTIONS", f"**{options}"))
    program.line_with("all answered")
    assert program.end()[0] == 0
