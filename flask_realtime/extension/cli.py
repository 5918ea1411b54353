"""The commands ``flask realtime …``."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import click
from flask import Flask
from flask.cli import ScriptInfo, pass_script_info
from flask.helpers import get_debug_flag
from flask.logging import default_handler
from werkzeug.debug import DebuggedApplication
from werkzeug.serving import is_running_from_reloader

from ..wsgi.server import WSGIServer
from . import running
from .check import check
from .extension import SocketIO
from .routes import routes, table


@click.group("realtime")
def commands() -> None:
    """Serve Socket.IO."""


@commands.command("run")
@click.option("--host", "-h", default="127.0.0.1", help="The interface to bind to.")
@click.option("--port", "-p", default=5000, help="The port to bind to.")
@click.option("--debug/--no-debug", default=None, help="Set debug mode.")
@click.option("--reload/--no-reload", default=None, help="Restart when code changes; in debug.")
@click.option("--debugger/--no-debugger", default=None, help="Show tracebacks; in debug mode.")
@click.option("--cert", type=click.Path(dir_okay=False), help="A certificate file, for HTTPS.")
@click.option("--key", type=click.Path(dir_okay=False), help="The certificate's key file.")
@pass_script_info
def run(
    info: ScriptInfo,
    host: str,
    port: int,
    debug: bool | None,
    reload: bool | None,
    debugger: bool | None,
    cert: str | None,
    key: str | None,
) -> None:
    """Serve the application on gevent, with WebSocket.

    The standard library is patched before the application is imported, so that whatever waits in
    it waits for itself alone.
    """
    from gevent import monkey

    monkey.patch_all()
    _keep_until_logging_ends(default_handler)
    tls: dict[str, Any] = {"certfile": cert, "keyfile": key or cert} if cert else {}
    try:
        app = info.load_app()
        extension = _extension(app)
    except Exception as error:
        if not is_running_from_reloader():
            raise
        # A mistake that was saved while it runs: shown until it is mended, and nothing ends.
        traceback.print_exc()
        application = running.raising(error)
        debugs = get_debug_flag() if debug is None else debug
        if debugs if debugger is None else debugger:
            application = DebuggedApplication(application, evalex=True)
        running.run(lambda: WSGIServer((host, port), application, **tls), reload=True)
        return
    if debug is not None:
        app.debug = debug
    extension.run(
        app, host, port, use_reloader=reload, use_debugger=debugger, log_output=True, **tls
    )


@commands.command("routes")
@pass_script_info
def show_routes(info: ScriptInfo) -> None:
    """Show the handlers: namespace, event, function, file and line."""
    for line in table(routes(_extension(info.load_app()))):
        click.echo(line)


@commands.command("check")
@pass_script_info
def run_check(info: ScriptInfo) -> None:
    """Look for settings with which clients could not be served, or not as meant.

    Status 1 if one is found with which they could not.
    """
    app = info.load_app()
    findings = check(app, _extension(app))
    for finding in findings:
        click.echo(f"{'error' if finding.fatal else 'warning'}: {finding.text}")
    if not findings:
        click.echo("nothing found that stands in the way")
    if any(finding.fatal for finding in findings):
        sys.exit(1)


def _keep_until_logging_ends(handler: logging.Handler) -> None:
    """Let the interpreter take a handler of logs down together with ``logging``, at its end.

    Flask is imported before gevent here, so its handler would go after gevent, whose lock logging
    wants for that: each end of the server would print an ignored exception.
    """
    vars(logging.getLogger(__name__))["kept"] = handler


def _extension(app: Flask) -> SocketIO:
    extension = app.extensions.get("socketio")
    if not isinstance(extension, SocketIO):
        raise click.UsageError(f"{app!r} has no SocketIO; create one with io = SocketIO(app)")
    return extension
