"""Our server inside gunicorn: ``gunicorn -k flask_realtime.wsgi.gunicorn.Worker module:app``.

gunicorn keeps the processes; each worker accepts and serves as :class:`.WSGIServer` does. Before
the application is imported the worker patches the standard library, as gunicorn's gevent worker.
The variable ``SCRIPT_NAME`` is the prefix below which the application is, as for gunicorn's own.
"""

from __future__ import annotations

import os
from typing import Any

from gunicorn.workers.ggevent import GeventWorker
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from .frozen import frozen_heap
from .server import WSGIServer


class _Server(WSGIServer):
    """Stops as gunicorn wants it: ``close()`` begins the end, ``stop()`` is the last resort."""

    def close(self) -> None:
        """Accept no more, and let who is here know; the worker waits for them to finish."""
        super().close()
        self.begin_stop()


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    """A worker of gunicorn that serves by our own server, and drains it on SIGTERM."""

    wsgi_handler = None

    def init_process(self) -> None:
        """Begin to serve, in the worker's process."""
        if self.cfg.workers > 1 and self.age == 1:  # once for all of them
            self.log.warning(
                "%d workers do not share rooms or sessions yet: a client's requests must all reach "
                "the same one. Use -w 1.",
                self.cfg.workers,
            )
        super().init_process()

    def run(self) -> None:
        """Serve, until the arbiter says otherwise."""
        with frozen_heap():
            super().run()

    def server_class(
        self,
        listener: Any,
        application: Any,
        *,
        log: Any,
        environ: dict[str, Any],
        **server_options: Any,
    ) -> WSGIServer:
        """Make the server of one listener; gunicorn calls it with what it gives to pywsgi's.

        :param log: gunicorn's own logger, which is none of ``logging``.
        """
        return _Server(
            listener,
            _below(os.environ.get("SCRIPT_NAME", "").strip("/"), application),
            log=log.access_log if self.cfg.accesslog else None,
            error_log=log.error_log,
            environ={**environ, "wsgi.multithread": False},
            **server_options,
        )


def _below(prefix: str, application: Any) -> Any:
    return DispatcherMiddleware(NotFound(), {f"/{prefix}": application}) if prefix else application
