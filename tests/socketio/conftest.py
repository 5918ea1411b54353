"""An application that is served, and its clients."""

from tests.support.application import app, serve, site
from tests.support.loggers import quiet_loggers
from tests.support.redis import redis

__all__ = ["app", "quiet_loggers", "redis", "serve", "site"]
