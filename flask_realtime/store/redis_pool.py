"""Connections to Redis that are lent to one command at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gevent.lock import BoundedSemaphore
from redis.exceptions import RedisError, ResponseError

from .redis_connection import AnyConnection


class Pool:
    """The connections of one thread: a gevent socket belongs to the thread that has made it.

    :param make: makes one, which is not connected yet.
    :param size: how many there are at most; who wants one more waits.
    """

    def __init__(self, make: Callable[[], AnyConnection], size: int) -> None:
        self._make = make
        self._idle: list[AnyConnection] = []
        self._turns = BoundedSemaphore(size)
        self._process = os.getpid()

    @property
    def inherited(self) -> bool:
        """Whether this is a forked process, and the connections are those of its parent."""
        return self._process != os.getpid()

    @contextmanager
    def lend(self) -> Iterator[AnyConnection]:
        """Lend a connection; one of which not all replies were read is not used again."""
        with self._turns:
            connection = self._take()
            try:
                yield connection
            except ResponseError:  # a whole reply, too
                self._idle.append(connection)
                raise
            except BaseException:
                connection.disconnect()
                raise
            self._idle.append(connection)

    def _take(self) -> AnyConnection:
        while self._idle:
            connection = self._idle.pop()  # the latest, so that the rest can be closed by Redis
            if _is_clean(connection):
                return connection
            connection.disconnect()
        return self._make()

    def close(self) -> None:
        """Close those that nobody uses."""
        while self._idle:
            self._idle.pop().disconnect()


def _is_clean(connection: AnyConnection) -> bool:
    """Whether nothing has come without having been asked for, such as the end: Redis may have been
    restarted since, and a command that is sent then would be lost."""
    try:
        return not connection.can_read(0)
    except (RedisError, OSError):
        return False
