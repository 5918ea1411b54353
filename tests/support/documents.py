"""What the documentation tells its readers to write, so that tests can do what it says."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path


def code_blocks(file: Path, language: str) -> list[str]:
    """The blocks of a language in a document, in order, without their options."""
    blocks = re.findall(
        rf"^( *)\.\. code-block:: {language}\n((?:\1 +:.*\n)*)\n((?:\1 +.*\n|\n)+)",
        file.read_text(),
        re.MULTILINE,
    )
    return [textwrap.dedent(text).strip("\n") + "\n" for _, _, text in blocks]


def code_block(file: Path, language: str, containing: str) -> str:
    """The only block of a language that has a text in it."""
    found = [block for block in code_blocks(file, language) if containing in block]
    assert len(found) == 1, f"{len(found)} blocks of {language} in {file.name} have {containing!r}"
    return found[0]


def table(file: Path, title: str) -> list[list[str]]:
    """The rows of the ``list-table`` of that title, each a list of its cells, the head first."""
    found = re.search(
        rf"^\.\. list-table:: {re.escape(title)}\n((?:   +:.*\n)*)\n((?:   .*\n|\n)+)",
        file.read_text(),
        re.MULTILINE,
    )
    assert found is not None, f"no table {title!r} in {file.name}"
    rows = re.split(r"^   \* - ", found[2], flags=re.MULTILINE)[1:]
    return [
        [" ".join(cell.split()) for cell in re.split(r"^     - ?", row, flags=re.MULTILINE)]
        for row in rows
    ]


def replaced(text: str, replacements: dict[str, str]) -> str:
    """`text` with each of the keys, which must be there, replaced."""
    for old, new in replacements.items():
        assert old in text, f"the documentation does not say {old!r} any more:\n{text}"
        text = text.replace(old, new)
    return text
