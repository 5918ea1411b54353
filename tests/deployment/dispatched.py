"""Two applications, each with its own SocketIO, below prefixes of one server:

python -m tests.deployment.dispatched PORT
"""

from __future__ import annotations

import signal
import sys

import gevent
from flask import Flask, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_realtime import SocketIO
from flask_realtime.wsgi import WSGIServer
from tests.clients.app import app

site, other = Flask("site"), Flask("other")
SocketIO(other)


@site.get("/who")
def who() -> str:
    return "the site"


@other.get("/who")
def who_else() -> str:
    return f"the other, below {request.script_root}"


if __name__ == "__main__":
    application = DispatcherMiddleware(site, {"/app": app, "/other": other})
    server = WSGIServer(("127.0.0.1", int(sys.argv[1])), application, log=None)
    gevent.signal_handler(signal.SIGTERM, server.stop)
    server.start()
    print(f"serving http://127.0.0.1:{server.server_port}", file=sys.stderr, flush=True)
    server.serve_forever()
