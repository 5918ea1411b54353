"""Sphinx builds the documentation from this; a warning fails the build (see the Makefile)."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version as installed_version
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from flask_realtime.options.names import MEANT, REFUSED, SPLIT, WITHOUT_EFFECT

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


class OptionNames(SphinxDirective):
    """``.. option-names:: meant``: a table of ``options/names.py``, as it is in the code."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        head, rows = _TABLES[self.arguments[0]]
        lines = [".. list-table::", "   :header-rows: 1", "", *_row(head)]
        for name, text in sorted(rows):
            lines += _row((f"``{name}``", text))
        container = nodes.container()
        text = StringList(lines, "options/names.py")
        self.state.nested_parse(text, self.content_offset, container)
        return container.children


def _row(cells: Iterable[str]) -> list[str]:
    first, second = cells
    return [f"   * - {first}", f"     - {second}"]


def _meant() -> Iterable[tuple[str, str]]:
    for name, option in MEANT.items():
        yield name, f"``{option}``"
    for name, function in SPLIT.items():
        if name not in MEANT:
            yield name, f"``{name}``: {(function.__doc__ or '').strip()}"


_TABLES: dict[str, tuple[tuple[str, str], list[tuple[str, str]]]] = {
    "meant": (("Name", "Option"), list(_meant())),
    "without-effect": (
        ("Name", "Since"), [(name, why) for name, (_, _, why) in WITHOUT_EFFECT.items()]
    ),
    "refused": (("Name", "Advice"), list(REFUSED.items())),
}


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("option-names", OptionNames)
    return {"parallel_read_safe": True}
