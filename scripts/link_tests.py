"""Link every test that a document names to the file it stands in: `python -m scripts.link_tests`.

A document names a test like ``[`test_so_and_so`]``; where that leads is written below the last section, by this.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from os.path import relpath
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("docs/safety-model.md",)
PLACES = ("tests", "molecule")
MARK = "<!-- Where the tests are; written by python -m scripts.link_tests. -->"
NAMED = re.compile(r"\[`(test_\w+)`\](?!:)")
DEFINED = re.compile(r"^def (test_\w+)", re.MULTILINE)


class Ambiguous(Exception):
    """A test that a document names exists twice, or not at all."""


def tests(root: Path) -> dict[str, list[Path]]:
    """Return the files of every test, by its name."""
    found: dict[str, list[Path]] = {}
    for place in PLACES:
        for path in sorted((root / place).rglob("test_*.py")):
            for name in DEFINED.findall(path.read_text()):
                found.setdefault(name, []).append(path)
    return found


def linked(text: str, page: Path, known: Mapping[str, list[Path]]) -> str:
    """Return a document with the places of the tests that it names, below its last section.

    Args:
        text: The document as it is.
        page: Where it stands.
        known: The files of every test.

    Raises:
        Ambiguous: A test that it names exists in two files, or in none.
    """
    body = text.partition(MARK)[0].rstrip("\n")
    names = sorted(set(NAMED.findall(body)))
    unclear = [name for name in names if len(known.get(name, [])) != 1]
    if unclear:
        raise Ambiguous(f"{page.name}: not the name of exactly one test: {', '.join(unclear)}")
    if not names:
        return f"{body}\n"
    lines = [f"[`{name}`]: {relpath(known[name][0], page.parent)}" for name in names]
    return "\n".join([body, "", MARK, "", *lines, ""])


def main() -> int:
    """Write the links of every page."""
    known = tests(ROOT)
    for page in [ROOT / name for name in PAGES]:
        try:
            page.write_text(linked(page.read_text(), page, known))
        except Ambiguous as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
