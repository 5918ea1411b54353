"""A line between clients and a server that can be cut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import gevent
from gevent import socket
from gevent.server import StreamServer


class Line:
    """Takes connections for a server, and hands on what is said on them.

    :param port: of the server, on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._ends: set[Any] = set()
        self._is_cut = False
        self._taking = StreamServer(("127.0.0.1", 0), self._take)
        self._taking.start()

    @property
    def port(self) -> int:
        """Where clients reach it."""
        return int(self._taking.server_port)

    def cut(self) -> None:
        """End all connections, and take none until it is mended."""
        self._is_cut = True
        for end in list(self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Take connections again."""
        self._is_cut = False

    def close(self) -> None:
        self.cut()
        self._taking.stop(1)

    def _take(self, near: Any, address: Any) -> None:
        if self._is_cut:
            near.close()
            return
        try:
            far = socket.create_connection(("127.0.0.1", self._to))
        except OSError:  # a client that tries on while all is being closed
            near.close()
            return
        if self._is_cut:  # meanwhile
            far.close()
            near.close()
            return
        self._ends |= {near, far}
        back = gevent.spawn(self._carry, far, near)
        self._carry(near, far)
        back.join()
        self._ends -= {near, far}
        far.close()
        near.close()

    def _carry(self, source: Any, target: Any) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """A line to the server on this port."""
    line = Line(port)
    try:
        yield line
    finally:
        line.close()
