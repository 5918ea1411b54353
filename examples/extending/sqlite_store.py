"""A store that keeps values in a file, for several processes of one machine."""

import sqlite3
import time
from typing import Any

from flask_realtime import StoreError
from flask_realtime.store.values import Values, add, check_amount, check_key

TABLE = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS kept (session, key, value, ends, PRIMARY KEY (session, key));
CREATE INDEX IF NOT EXISTS those_that_end ON kept (ends);
"""
SET = """
INSERT OR REPLACE INTO kept
VALUES (?1, ?2, ?3, (SELECT max(ends) FROM kept WHERE session = ?1))
"""
ONE = "FROM kept WHERE session = ? AND key = ?"


class SQLiteStore:
    """Values in a database of SQLite.

    :param path: its file.
    """

    waits = False  # for a disk, yet for no longer than that
    renewal: float | None = None  # what a process leaves that dies stays in the file

    def __init__(self, path: str) -> None:
        self._path = path
        self._values = Values()
        self._database: sqlite3.Connection | None = None

    def set(self, session: str, key: str, value: Any) -> None:
        check_key(key)
        self._do(SET, session, self._text(key), self._values.dump(key, value))

    def get(self, session: str, key: str, default: Any = None) -> Any:
        check_key(key)
        rows = self._do(f"SELECT value {ONE}", session, self._text(key))
        return self._values.load(rows[0][0]) if rows else default

    def has(self, session: str, key: str) -> bool:
        check_key(key)
        return bool(self._do(f"SELECT 1 {ONE}", session, self._text(key)))

    def delete(self, session: str, key: str) -> bool:
        check_key(key)
        return bool(self._do(f"DELETE {ONE} RETURNING 1", session, self._text(key)))

    def all(self, session: str) -> dict[str, Any]:
        rows = self._do("SELECT key, value FROM kept WHERE session = ?", session)
        return {self._values.load(key): self._values.load(value) for key, value in rows}

    def increment(self, session: str, key: str, amount: float = 1) -> Any:
        check_amount(amount)
        self._do("BEGIN IMMEDIATE")  # other processes wait
        try:
            total = add(key, self.get(session, key, 0), amount)
            self.set(session, key, total)
        finally:
            self._do("COMMIT")
        return total

    def expire(self, session: str, seconds: float | None) -> None:
        ends = None if seconds is None else time.time() + seconds
        self._do("UPDATE kept SET ends = ? WHERE session = ?", ends, session)

    def drop(self, session: str) -> None:
        self._do("DELETE FROM kept WHERE session = ?", session)

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _text(self, key: str) -> str:
        return self._values.dump(key, key)  # any text, also half a surrogate pair

    def _do(self, statement: str, *values: Any) -> list[Any]:
        try:
            if self._database is None:
                self._database = sqlite3.connect(self._path, 1, isolation_level=None)
                self._database.executescript(TABLE)
            self._database.execute("DELETE FROM kept WHERE ends <= ?", [time.time()])
            return self._database.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"{self._path} cannot be used: {error}") from error
