"""Hosts that cannot serve Socket.IO, and how each is known before its first request: a table.

What is in front of us shows in the requests only (see ``wsgi/raw_socket.py``); but these hosts
leave traces in the process, so that the log can say at the start what users would find out else.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from typing import NamedTuple

import click
from flask.cli import run_command
from flask.helpers import get_debug_flag
from werkzeug.serving import is_running_from_reloader

log = logging.getLogger("flask_realtime.extension")

_GUNICORN = "gunicorn -k flask_realtime.wsgi.gunicorn.Worker MODULE:APP"


class UnfitHost(NamedTuple):
    """One row.

    :param name: as its users call it.
    :param found: whether this process is one of its.
    :param instead: the command to use.
    """

    name: str
    found: Callable[[], bool]
    instead: str


def _in_gunicorn() -> bool:
    # Its arbiter loads the class of the workers before any application, also with --preload; both
    # fit workers are built on ggevent. The variable alone is inherited by every child process.
    return (
        "gunicorn.arbiter" in sys.modules
        and os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn")
        and "gunicorn.workers.ggevent" not in sys.modules
    )


def _in_uwsgi() -> bool:
    # Made by uWSGI itself, in its processes; no package installs a module of that name.
    return hasattr(sys.modules.get("uwsgi"), "version")


def _in_mod_wsgi() -> bool:
    # The package mod_wsgi can be imported anywhere, but only Apache's has a version.
    return hasattr(sys.modules.get("mod_wsgi"), "version")


def _in_flask_run() -> bool:
    context = click.get_current_context(silent=True)
    if context is None or context.command is not run_command:
        return False
    reloads = context.params.get("reload")
    reloads = get_debug_flag() if reloads is None else reloads
    return not reloads or is_running_from_reloader()  # once, in the process that serves


_UNFIT = (
    UnfitHost("gunicorn without a gevent worker", _in_gunicorn, _GUNICORN),
    UnfitHost("uWSGI", _in_uwsgi, _GUNICORN),
    UnfitHost("mod_wsgi", _in_mod_wsgi, _GUNICORN),
    UnfitHost("flask run", _in_flask_run, "flask --app MODULE realtime run"),
)


def in_host_process() -> bool:
    """Whether this process is one of a host that leaves traces, fit or not."""
    context = click.get_current_context(silent=True)
    in_command = context is not None and context.info_name == "run"  # flask [realtime] run
    return in_command or "gunicorn.arbiter" in sys.modules or _in_uwsgi() or _in_mod_wsgi()


def complain_of_host() -> None:
    """Log an error if this process belongs to a host that cannot serve Socket.IO."""
    for host in _UNFIT:
        if host.found():
            log.error(
                "Socket.IO cannot be served by %s: its clients will be answered 503, all else is "
                "served as ever. Start the application by: %s",
                host.name,
                host.instead,
            )
            return
