"""An application that is served, and its clients."""

from tests.support.application import app, serve, site
from tests.support.program import start

__all__ = ["app", "serve", "site", "start"]
