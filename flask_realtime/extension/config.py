"""From keywords and ``SOCKETIO_*`` keys of an application's configuration to options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

from ..exceptions import OptionError
from ..options import Options, make_options

PREFIX = "SOCKETIO_"


def collect(app: Flask, constructor: Mapping[str, Any], init_app: Mapping[str, Any]) -> Options:
    """Return the options of an application: its configuration's, overruled by keywords.

    :raises OptionError: for an unknown name or a bad value, or two different ones for a keyword.
    """
    for name in constructor.keys() & init_app.keys():
        if constructor[name] != init_app[name]:
            raise OptionError(
                f"{name!r} is {constructor[name]!r} in SocketIO(…) and {init_app[name]!r} in "
                "init_app(…); give it once"
            )
    values: dict[str, Any] = {"trusted_hosts": app.config.get("TRUSTED_HOSTS")}
    values |= {
        key.removeprefix(PREFIX).lower(): value
        for key, value in app.config.items()
        if key.startswith(PREFIX)
    }
    values.update(constructor)
    values.update(init_app)
    if values.get("json") == "flask":
        values["json"] = app.json
    return make_options(**values)
