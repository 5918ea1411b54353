"""The application of the client tests behind a proxy, as the deployment page has it.

python -m tests.deployment.proxied PORT [BELIEVED...]    # x_for x_proto …; none: no ProxyFix
"""

from __future__ import annotations

import sys

from flask import request
from werkzeug.middleware.proxy_fix import ProxyFix

from tests.clients.app import app, io


@io.on("root")
@app.get("/root")
def root() -> str:
    return request.root_url


if __name__ == "__main__":
    _, port, *believed = sys.argv
    if believed:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, **{"x_for": 0, "x_proto": 0, **dict.fromkeys(believed, 1)}
        )
    io.run(app, port=int(port))
