"""A Redis for the tests of a file."""

from tests.support.redis import redis

__all__ = ["redis"]
