"""Sphinx builds the documentation from this; a warning fails the build (see the Makefile)."""

from __future__ import annotations

from importlib.metadata import version as installed_version

project = "Flask-Realtime"
author = "Flask-Realtime contributors"
copyright = f"2026, {author}"  # noqa: A001  (the name that Sphinx reads)
version = release = installed_version("Flask-Realtime")

extensions = ["sphinx.ext.autodoc", "sphinx.ext.viewcode"]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"Flask-Realtime {release}"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}
python_use_unqualified_type_names = True
