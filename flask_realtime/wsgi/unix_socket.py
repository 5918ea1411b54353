"""Unix sockets are files, and a process that was killed leaves its own behind."""

from __future__ import annotations

import os
import socket
import stat


def remove_stale_socket(path: str) -> None:
    """Remove what a process that was killed has left; a socket in use is not touched."""
    if not os.path.exists(path) or not stat.S_ISSOCK(os.stat(path).st_mode):
        return
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(path) != 0:
            os.unlink(path)
