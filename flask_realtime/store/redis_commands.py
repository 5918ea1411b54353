"""Commands to a Redis: each ends within a bounded time, and what goes wrong is one error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from gevent import Timeout, get_hub
from redis.exceptions import NoScriptError, RedisError, ResponseError

from ..exceptions import StoreError
from .redis_connection import read_url
from .redis_pool import Pool
from .scripts import Script


class Commands:
    """What talks to one Redis, from any thread, by connections of the thread's own.

    :param url: see :func:`.read_url`.
    :param size: how many commands of a thread run at a time; others wait for their turn.
    :param timeout: how long one may take, in seconds, with all that it waits for.
    :raises OptionError: for a URL that cannot be used.
    """

    def __init__(self, url: str, size: int, timeout: float) -> None:
        #: Where it is, as it may be logged.
        self.place, self._make = read_url(url)
        self._size = size
        self._timeout = timeout
        self._pools: WeakKeyDictionary[Any, Pool] = WeakKeyDictionary()

    def run(self, *command: Any) -> Any:
        """Have Redis do a command, and return its reply.

        :raises StoreError: if it did not, or nobody knows whether it did.
        """
        return self._bounded(lambda: self._send(*command))

    def run_script(self, script: Script, key: bytes, *arguments: Any) -> Any:
        """Have Redis run a script for one key; else as :meth:`run`."""

        def run() -> Any:
            try:
                return self._send("EVALSHA", script.digest, 1, key, *arguments)
            except NoScriptError:
                return self._send("EVAL", script.text, 1, key, *arguments)

        return self._bounded(run)

    def close(self) -> None:
        """Close the connections of this thread that nobody uses."""
        pool = self._pools.pop(get_hub(), None)
        if pool is not None:
            pool.close()

    def _bounded(self, action: Callable[[], Any]) -> Any:
        late = Timeout(self._timeout)
        late.start()
        try:
            return action()
        except Timeout as timeout:
            if timeout is not late:
                raise
            raise StoreError(
                f"Redis at {self.place} has not answered within {self._timeout:g} s; whether it "
                "has done what it was asked nobody knows"
            ) from None
        except ResponseError as error:
            raise StoreError(f"Redis at {self.place} has refused: {error}") from error
        except (RedisError, OSError) as error:
            raise StoreError(f"Redis at {self.place} cannot be reached: {error}") from error
        finally:
            late.close()

    def _send(self, *command: Any) -> Any:
        with self._pool().lend() as connection:
            connection.send_command(*command)
            return connection.read_response()

    def _pool(self) -> Pool:
        hub = get_hub()
        pool = self._pools.get(hub)
        if pool is None or pool.inherited:
            pool = self._pools[hub] = Pool(self._make, self._size)
        return pool
