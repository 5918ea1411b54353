"""From keywords and ``SOCKETIO_*`` keys of an application's configuration to options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import flask
from flask import Flask

from ..exceptions import OptionError
from ..options import Options, make_options
from .queue import take_queue

PREFIX = "SOCKETIO_"


class Collected(NamedTuple):
    """The options of an application.

    :param given: as they were given, but for defaults.
    :param has_queue: whether there is a queue to other processes.
    """

    options: Options
    given: Mapping[str, Any]
    has_queue: bool


def collect(
    app: Flask | None, constructor: Mapping[str, Any], init_app: Mapping[str, Any], again: bool
) -> Collected:
    """Return the options of an application: its configuration's, overruled by keywords.

    :param again: whether ``init_app`` was called for it before; its keywords count now.
    :raises OptionError: for an unknown name or a bad value, or two different ones for a keyword.
    """
    for name in () if again else constructor.keys() & init_app.keys():
        if constructor[name] != init_app[name]:
            raise OptionError(
                f"{name!r} is {constructor[name]!r} in SocketIO(…) and {init_app[name]!r} in "
                "init_app(…); give it once"
            )
    given = {**_configured(app), **constructor, **init_app}
    values = dict(given)
    has_queue = take_queue(values)
    if app is not None:
        values.setdefault("trusted_hosts", app.config.get("TRUSTED_HOSTS"))
        if values.get("json") == "flask" or values.get("json") is flask.json:
            values["json"] = app.json
    # One after the other, since a keyword may call an option otherwise than the configuration.
    keywords = values.keys() & {**constructor, **init_app}.keys()
    base = make_options(**{name: values[name] for name in values.keys() - keywords})
    options = make_options(base, **{name: values[name] for name in keywords})
    return Collected(options, given, has_queue)


def _configured(app: Flask | None) -> dict[str, Any]:
    """The options in an application's configuration."""
    items = () if app is None else app.config.items()
    return {
        key.removeprefix(PREFIX).lower(): value for key, value in items if key.startswith(PREFIX)
    }
