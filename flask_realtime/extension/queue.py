"""Message queues between processes: Flask-SocketIO's options for them, which wait for theirs."""

from __future__ import annotations

import logging
from typing import Any

log = logging.getLogger("flask_realtime.extension")

_NAMES = ("message_queue", "channel", "client_manager")


def take_queue(options: dict[str, Any]) -> bool:
    """Take what names a queue out of options; return whether there was one."""
    taken = {name: options.pop(name, None) for name in _NAMES}
    return bool(taken["message_queue"] or taken["client_manager"])


def warn_of_queue() -> None:
    """Say what a queue does today."""
    log.warning(
        "message_queue and client_manager are accepted, and connect to nothing yet: an emit "
        "reaches the clients of this process only. Serve with one worker, and emit in it"
    )
