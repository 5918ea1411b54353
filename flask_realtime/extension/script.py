"""The script tag that loads the browser client, for templates."""

from __future__ import annotations

from urllib.parse import quote

from flask import current_app, has_request_context, request
from markupsafe import Markup

from ..exceptions import UsageError
from ..options import Options
from ..wsgi.client_files import script_of


def script_tag(options: Options, client: str | float | None, minified: bool) -> Markup:
    """Return the tag of a generation's client, where this application has it; its build with
    msgpack, where that is the serializer.

    :raises OptionError: for a generation that is not here.
    :raises UsageError: if ``serve_client`` is off.
    """
    if not options.serve_client:
        raise UsageError("there is no client to load here: serve_client is False")
    version = options.client_version if client is None else str(client)
    name = script_of(version, minified, options.serializer == "msgpack")
    source = quote(f"{_prefix()}{options.path}/{name}")
    return Markup('<script src="{}"></script>').format(source)


def _prefix() -> str:
    """Where the application is mounted, as its clients see it."""
    if has_request_context():
        return request.script_root
    root: str = current_app.config["APPLICATION_ROOT"]
    return root.rstrip("/")
