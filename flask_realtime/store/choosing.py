"""A store by what the option ``store`` says."""

from __future__ import annotations

from .memory import MemoryStore
from .redis import RedisStore
from .store import Store


def make_store(store: Store | str | None) -> Store:
    """Return the store that is meant.

    :param store: one, or its URL: ``"memory://"``, or those of :class:`.RedisStore`; None: in
        memory.
    :raises OptionError: for a URL that cannot be used.
    """
    if store is None:
        return MemoryStore()
    if not isinstance(store, str):
        return store
    return MemoryStore() if store.startswith("memory://") else RedisStore(store)
