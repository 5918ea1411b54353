"""An application that is served, and its clients."""

from tests.support.application import app, serve, site

__all__ = ["app", "serve", "site"]
