"""nginx in a process of its own, with a block of configuration that comes from the documents."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from .documents import code_block, replaced

TIMEOUT = 10.0
UPSTREAM = "127.0.0.1:5000"
"""Where the application is, as the documents say."""

_COMPLAINT = re.compile(r"\[(error|crit|alert|emerg)\]")
_OF_CLIENTS = re.compile(r"client intended to send too large body|while proxying upgraded")

# All that nginx wants to write is in the test's own folder, where its worker must be let in.
_FRAME = """\
daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {block}
}}
"""


class Nginx(NamedTuple):
    """One that runs."""

    port: int
    folder: Path

    @property
    def log(self) -> str:
        """All that it has said."""
        return (self.folder / "error.log").read_text()

    def complaints(self) -> list[str]:
        """What it has said of us; not of a client whose body was too large for nginx itself, or
        who vanished while a WebSocket's last bytes were on their way."""
        lines = [line for line in self.log.splitlines() if _COMPLAINT.search(line)]
        return [line for line in lines if not _OF_CLIENTS.search(line)]


@contextmanager
def nginx_with(command: str, folder: Path, make: Callable[[int], str]) -> Iterator[Nginx]:
    """Run nginx until the end of the block.

    :param command: the path of nginx.
    :param folder: an empty one, for its files.
    :param make: gets the port to listen on, and returns what stands in ``http { … }``.
    """
    user = "user root root;" if os.geteuid() == 0 else ""
    with socket.socket() as listener:
        # It inherits the socket, as in its own upgrades: no port is chosen that may be gone, and
        # clients can connect before it is ready.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        port = int(listener.getsockname()[1])
        file = folder / "nginx.conf"
        file.write_text(_FRAME.format(folder=folder, user=user, block=make(port)))
        with (folder / "error.log").open("wb") as log:
            process = subprocess.Popen(
                [command, "-p", str(folder), "-c", str(file), "-e", "stderr"],
                env={**os.environ, "NGINX": f"{listener.fileno()};"},
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
    running = Nginx(port, folder)
    try:
        yield running
        assert process.poll() is None, running.log
    finally:
        process.terminate()
        try:
            process.wait(TIMEOUT)
        finally:
            with suppress(ProcessLookupError):  # its worker, too
                os.killpg(process.pid, signal.SIGKILL)


def documented_block(file: Path, containing: str, certificate: Path, *upstreams: int) -> (
    Callable[[int], str]
):  # fmt: skip
    """The block of a document with another address, certificate and application.

    :param upstreams: the ports of the applications, in the order of the block.
    """
    block = code_block(file, "nginx", containing)

    def make(port: int) -> str:
        addresses = {
            f"127.0.0.1:{5000 + number}": f"127.0.0.1:{upstream}"
            for number, upstream in enumerate(upstreams)
        }
        return replaced(
            block,
            {
                "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
                "/etc/ssl/example.org.pem": str(certificate),
                "/etc/ssl/example.org.key": str(certificate),
                **addresses,
            },
        )

    return make
