"""The store in a Redis: for values that outlive the process, or that others read, too."""

from __future__ import annotations

from typing import Any

from ..exceptions import OptionError
from ..options.checks import count, moment
from .scripts import INCREMENT, NO_NUMBER, SET, TOO_LARGE, Script
from .values import Values, check_amount, check_key, no_number, too_large

_LEASE = 24 * 3600.0
"""How long values stay of which nobody says that they are needed, such as those of a process that
was killed."""


class RedisStore:
    """Values in a Redis, a hash of JSON texts for each session.

    Nothing is connected before the first command. Waiting for Redis stops only the handler that
    waits, also where gevent has not patched the process. Where Redis cannot be reached, each call
    raises a :exc:`.StoreError` within `timeout`; it is tried anew at each call.

    Needs redis-py: ``pip install 'Flask-Realtime[redis]'``.

    :param url: ``redis://user:password@host:port/database``, ``rediss://…`` for TLS,
        ``unix:///path?db=1``; with parameters of redis-py's connections behind ``?``, such as
        ``ssl_ca_certs``.
    :param prefix: what the names of the hashes begin with. Servers that share values share it.
    :param json: a module with ``dumps`` and ``loads``, or its name; None: simplejson.
    :param max_connections: how many commands run at a time; others wait for their turn.
    :param timeout: how long a call may take, in seconds, with all that it waits for.
    :raises OptionError: for a URL or a value that cannot be used, or where redis-py is missing.
    """

    waits = True
    renewal: float | None = _LEASE / 3

    def __init__(
        self,
        url: str = "redis://localhost:6379/0",
        prefix: str = "flask_realtime:store:",
        json: Any = None,
        max_connections: int = 10,
        timeout: float = 5.0,
    ) -> None:
        if not isinstance(url, str):
            raise OptionError(
                f"RedisStore takes a URL such as 'redis://localhost:6379/0', not {url!r}: it makes "
                "connections of its own, which stop nobody while they wait"
            )
        if not isinstance(prefix, str):
            raise OptionError(f"prefix is text, not {prefix!r}")
        try:
            from .redis_commands import Commands
        except ImportError as error:
            raise OptionError(
                f"RedisStore needs redis-py ({error}): pip install 'Flask-Realtime[redis]'"
            ) from None
        size = count("max_connections", max_connections)
        self._redis = Commands(url, size, moment("timeout", timeout))
        self._prefix = prefix
        self._values = Values(json)

    def __repr__(self) -> str:
        return f"<RedisStore at {self._redis.place}>"

    def set(self, session: str, key: str, value: Any) -> None:
        text = self._values.dump(key, value)
        self._run_script(SET, session, _field(key), text.encode(), int(_LEASE * 1000))

    def get(self, session: str, key: str, default: Any = None) -> Any:
        text = self._redis.run("HGET", self._name(session), _field(key))
        return default if text is None else self._values.load(text)

    def has(self, session: str, key: str) -> bool:
        return bool(self._redis.run("HEXISTS", self._name(session), _field(key)))

    def delete(self, session: str, key: str) -> bool:
        return bool(self._redis.run("HDEL", self._name(session), _field(key)))

    def all(self, session: str) -> dict[str, Any]:
        flat = self._redis.run("HGETALL", self._name(session))
        load = self._values.load
        return {_key(flat[at]): load(flat[at + 1]) for at in range(0, len(flat), 2)}

    def increment(self, session: str, key: str, amount: float = 1) -> Any:
        check_amount(amount)
        text = self._values.dump(key, amount).encode()
        lease = int(_LEASE * 1000)
        reply = self._run_script(INCREMENT, session, _field(key), text, lease)
        if reply == NO_NUMBER:
            raise no_number(key)
        if reply == TOO_LARGE:
            raise too_large(key)
        return self._values.load(reply)

    def expire(self, session: str, seconds: float | None) -> None:
        # Never for ever: see _LEASE.
        kept = _LEASE if seconds is None else seconds
        self._redis.run("PEXPIRE", self._name(session), round(kept * 1000))

    def drop(self, session: str) -> None:
        self._redis.run("DEL", self._name(session))

    def close(self) -> None:
        self._redis.close()

    def _name(self, session: str) -> bytes:
        return f"{self._prefix}{session}".encode()

    def _run_script(self, script: Script, session: str, *arguments: Any) -> Any:
        return self._redis.run_script(script, self._name(session), *arguments)


def _field(key: Any) -> bytes:
    check_key(key)
    field: bytes = key.encode("utf-8", "surrogatepass")
    return field


def _key(field: bytes) -> str:
    return field.decode("utf-8", "surrogatepass")
