"""Every Python example of the documentation does what its page says."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.documents import code_blocks
from tests.support.examples import Page, examples, shown_lines
from tests.support.loggers import quiet_loggers

__all__ = ["quiet_loggers"]

PAGES = sorted((ROOT / "docs").rglob("*.rst"))


@pytest.mark.usefixtures("quiet_loggers")
@pytest.mark.parametrize(
    "page", [page for page in PAGES if examples(page)], ids=lambda page: page.stem
)
def test_the_examples_of_a_page(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Page(page, monkeypatch).run()


def test_a_page_is_short_enough_to_be_read() -> None:
    reference = {"api", "clients", "deployment", "errors"}
    long = {page.stem for page in PAGES if shown_lines(page) > 200}
    assert long <= reference


def test_each_recipe_is_run_and_names_the_page_that_explains() -> None:
    page = (ROOT / "docs" / "cookbook.rst").read_text()
    recipes = re.split(r"^.+\n-{5,}\n", page, flags=re.MULTILINE)[1:]
    assert len(recipes) == 12
    for recipe in recipes:
        assert ".. hidden\n" in recipe and "assert " in recipe and ":doc:`" in recipe, recipe


PARSE = """
const Async = (async () => {}).constructor;
for (const [place, code] of JSON.parse(require("fs").readFileSync(0))) {
  try { new Async(code); } catch (error) { console.log(place + ": " + error); }
}
"""


def test_the_examples_in_javascript_are_javascript(node: str) -> None:
    scripts = [
        (f"{page.name}, example {number}", code)
        for page in PAGES
        for number, code in enumerate(code_blocks(page, "javascript"), 1)
    ]
    assert len(scripts) > 10
    done = subprocess.run(
        [node, "-e", PARSE], input=json.dumps(scripts), capture_output=True, text=True, check=True
    )
    assert done.stdout == ""


# That the above can fail

GOOD = """
.. code-block:: python

    def answer(number):
        return number + 1

Text.

.. hidden

    assert answer(1) == 2

.. fragment: nothing is here to run it

.. code-block:: python

    elsewhere.work()

.. alternatives

.. code-block:: python

    SocketIO(app)
    SocketIO(app)

.. code-block:: python
   :caption: one_module.py

    value = 1

.. code-block:: python

    import one_module
    assert one_module.value == 1
"""


def run(text: str, folder: Path, modules: pytest.MonkeyPatch) -> None:
    page = folder / "page.rst"
    page.write_text(text)
    Page(page, modules).run()


def test_a_page_that_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(GOOD, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("number + 1", "number", "AssertionError"),
        ("number + 1", "number + (1 if number else one)", "unknown names: one"),
        ("assert answer(1) == 2", "pass", r"never called: answer \(line 4\)"),
        ("elsewhere.work()", "elsewhere.work(", "SyntaxError"),
        (".. alternatives", ".. nothing", "OptionError"),
        ("value = 1", "value = 2", "AssertionError"),
        ("value = 1", "value = nobody_knows", "NameError"),
    ],
)
def test_a_page_that_is_wrong(
    right: str, wrong: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert GOOD.count(right) == 1
    with pytest.raises(Exception) as caught:
        run(GOOD.replace(right, wrong), tmp_path, monkeypatch)
    assert re.search(told, f"{caught.typename}: {caught.value}")
