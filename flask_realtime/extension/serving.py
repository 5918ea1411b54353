"""Whether an emit of this process could ever reach a client.

It could not in a script, a shell, a job of a queue of tasks: nobody is connected there, and to be
silent about that is what costs their authors days. But a process that will serve has nobody yet
either, and often cannot be told from those. So an emit is refused only where all of this holds:

1. there has been no request for Socket.IO yet;
2. no request is being handled: who has views has a server in front of them;
3. ``io.run`` has not been called, and no server of gevent's is started;
4. the process is none of a known host's (gunicorn, uWSGI, mod_wsgi);
5. the application is not being tested (``TESTING``);
6. there is no queue to a process that serves.
"""

from __future__ import annotations

import gc

from flask import Flask, has_request_context
from gevent.baseserver import BaseServer

from ..exceptions import NotServing
from .hosts import in_host_process

_ADVICE = (
    "nobody can be connected to this process: it serves no clients, so that what it emits would "
    "reach none. Emit in the process that serves: in a view, which a script can call by HTTP, or "
    "in a handler or a background task there. If this program serves later on, emit then"
)


class Serving:
    """What is known of a process: asked at each emit until there is a request for Socket.IO."""

    def __init__(self) -> None:
        #: The application whose requests it could get.
        self.app: Flask | None = None
        #: Whether there is a queue to other processes.
        self.has_queue = False
        #: Whether this process serves, or is going to.
        self.certain = False

    def __call__(self) -> None:
        """See whether an emit could reach anybody.

        :raises NotServing: if it could not.
        """
        if self.certain or has_request_context():
            return
        if self.app is not None and self.app.testing:
            return
        self.certain = self.has_queue or in_host_process() or _serves_by_gevent()
        if not self.certain:
            raise NotServing(_ADVICE)


def _serves_by_gevent() -> bool:
    """Whether a server of gevent's runs, such as a ``pywsgi.WSGIServer`` of the program's own."""
    # Once per process that serves; they tell nobody that they are there.
    # Not isinstance: of a dead weakref.proxy among them, it would ask what it stood for.
    found = (each for each in gc.get_objects() if issubclass(type(each), BaseServer))
    return any(server.started for server in found)
