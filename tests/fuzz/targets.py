"""Every decoder, by name: the one table that all fuzzing drivers share."""

from __future__ import annotations

from .http_targets import HTTP_TARGETS
from .request_targets import REQUEST_TARGETS
from .socketio_targets import SOCKETIO_TARGETS
from .target import Target
from .websocket_targets import WEBSOCKET_TARGETS

TARGETS: dict[str, Target] = {
    **SOCKETIO_TARGETS,
    **HTTP_TARGETS,
    **REQUEST_TARGETS,
    **WEBSOCKET_TARGETS,
}
