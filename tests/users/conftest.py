"""An application that is served, its clients, and programs in processes of their own."""

from tests.support.application import app, serve, site
from tests.support.program import start

__all__ = ["app", "serve", "site", "start"]
