"""An adapter for several processes of one machine: each has a socket in a folder."""

import logging
from pathlib import Path
from urllib.parse import quote

import gevent
import msgpack  # type: ignore[import-untyped]
from gevent import socket
from gevent.queue import Queue

from flask_realtime.adapters import ClusterAdapter, Local, Message
from flask_realtime.exceptions import EncodeError

log = logging.getLogger("folder_adapter")

LARGEST = 200_000
"""Bytes of one message; Linux takes a little more."""


class FolderAdapter(ClusterAdapter):
    """One node.

    :param folder: the same for all of them, and nobody else's.
    """

    def __init__(self, local: Local, folder: str = "nodes") -> None:
        super().__init__(local)
        self._folder = Path(folder, quote(local.name, safe=""))
        self._leaving: Queue[bytes] = Queue()
        self._running: list[gevent.Greenlet[..., None]] = []

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._own = self._folder / self.uid
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._own))
        self._running = [gevent.spawn(self._read), gevent.spawn(self._write)]

    def close(self) -> None:
        if self._running:
            gevent.killall(self._running, block=False)
            self._running = []
            self._socket.close()
            self._own.unlink(missing_ok=True)

    def server_count(self) -> int:
        return len(list(self._folder.iterdir()))

    def publish(self, message: Message) -> None:
        data = msgpack.packb(message)
        if len(data) > LARGEST:
            raise EncodeError(f"{len(data)} bytes are too large for other processes")
        self._leaving.put(data)  # not here: this may not wait

    def _write(self) -> None:
        for data in self._leaving:
            for node in self._folder.iterdir():
                # By a socket of its own: what a node leaves unread fills that of who has sent it.
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                    self._send(sender, data, node)

    def _send(self, sender: socket.socket, data: bytes, node: Path) -> None:
        for _ in range(100):
            try:
                sender.sendto(data, str(node))
                return
            except TimeoutError:
                gevent.sleep(0.01)  # it lags
            except (ConnectionRefusedError, FileNotFoundError):
                break
        node.unlink(missing_ok=True)  # its process has died, or hangs

    def _read(self) -> None:
        while True:
            data = self._socket.recv(LARGEST)
            try:
                message = msgpack.unpackb(data)
            except ValueError as error:  # it is not from a node; the next one may be
                log.warning("%d bytes are no message: %s", len(data), error)
                continue
            self.on_message(message)
