# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/compatibility.md from what the contract suite found out.

The facts are the docstrings of the tests, so they have one home; a result is written only where every one of them held.
Run it as `python -m scripts.compatibility [RELEASE …]` after `make contract`.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.images.images_wanted import CONTRACTS

ROOT = Path(__file__).resolve().parents[1]
SUITE = ROOT / "tests" / "contract"
PAGE = ROOT / "docs" / "compatibility.md"
PINNED = CONTRACTS["bot"].rpartition(":")[2]
RELEASE_ROW = re.compile(r"^\| (\S+) \| (\S+) \| all \d+ \|$", re.MULTILINE)
PREFACE = (
    "# What freqops relies on in Freqtrade\n\n"
    "Each line is a test that runs the real Freqtrade, with an exchange of its own, and it held (`make contract`). "
    "This page is generated from the result of a whole and green run by `python -m scripts.compatibility`; do not edit "
    "it. If a line fails with a new release, what freqops does about it is wrong, not the test.\n\n"
    "Not here, because freqops does not rely on it: `freqtrade-client` (it is not shipped), and what Freqtrade does in "
    "webserver mode.\n"
)


class NotProven(Exception):
    """The results do not show that every contract held."""


@dataclass(frozen=True)
class Contract:
    """A fact about Freqtrade, what freqops does about it, and the test that keeps it true."""

    test: str
    fact: str
    consequence: str


@dataclass(frozen=True)
class Chapter:
    """The contracts of one file of tests."""

    title: str
    contracts: tuple[Contract, ...]


@dataclass(frozen=True)
class Release:
    """A release that every contract held with."""

    name: str
    api_version: str


def key(path: Path, function: str) -> str:
    """Return the name under which a test stands in the results."""
    return f"{path.name}::{function}"


def result_file(release: str) -> Path:
    """Return where the suite writes down what it found out about a release."""
    return ROOT / ".cache" / f"contract-{release}.json"


def fingerprint() -> str:
    """Return a hash of the whole suite: results of other tests than these say nothing."""
    digest = hashlib.sha256()
    for path in sorted(SUITE.rglob("*.py")):
        digest.update(f"{path.relative_to(SUITE)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def chapters(suite: Path = SUITE) -> list[Chapter]:
    """Return all contracts as the files of the suite state them.

    Raises:
        NotProven: A test does not say in a docstring which fact it shows.
    """
    return [_chapter(path) for path in sorted(suite.glob("test_*.py"))]


def _chapter(path: Path) -> Chapter:
    module = ast.parse(path.read_text())
    tests = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    title = (ast.get_docstring(module) or "").partition("\n")[0].rstrip(".")
    return Chapter(title, tuple(_contract(path, test) for test in tests))


def _contract(path: Path, test: ast.FunctionDef) -> Contract:
    fact, _, rest = (ast.get_docstring(test) or "").partition("\n\n")
    consequence = " ".join(rest.split())
    if not fact.endswith(".") or "\n" in fact or not (not consequence or consequence.startswith("So ")):
        raise NotProven(f'{key(path, test.name)} needs a docstring: a fact on one line, then perhaps "So freqops …"')
    return Contract(key(path, test.name), fact, consequence)


def proven(result: dict[str, Any], tests: Iterable[str]) -> Release:
    """Return the release that a result is about, if each of ``tests`` ran and held.

    Raises:
        NotProven: The run was of other tests, or not of all, or one of them failed.
    """
    name = str(result["release"])
    if result["suite"] != fingerprint():
        raise NotProven(f"the results for {name} are those of another state of the suite: run it again")
    missing = sorted(set(tests) - set(result["held"]))
    broken = sorted(test for test, held in result["held"].items() if not held)
    if missing or broken:
        raise NotProven(f"{name}: failed: {', '.join(broken) or 'none'}; did not run: {', '.join(missing) or 'none'}")
    return Release(name, str(result["api_version"]))


def render(found: Sequence[Chapter], releases: Sequence[Release]) -> str:
    """Return the page."""
    count = sum(len(chapter.contracts) for chapter in found)
    lines = [PREFACE, "| Freqtrade | its API | contracts that hold |", "|---|---|---|"]
    lines += [f"| {release.name} | {release.api_version} | all {count} |" for release in releases]
    held = "holds" if len(releases) == 1 else f"holds with all {len(releases)}"
    for chapter in found:
        lines += ["", f"## {chapter.title}", "", "| Freqtrade | freqops | test | result |", "|---|---|---|---|"]
        lines += [_row(contract, held) for contract in chapter.contracts]
    return "\n".join(lines) + "\n"


def _row(contract: Contract, held: str) -> str:
    function = contract.test.partition("::")[2]
    cells = (contract.fact.rstrip("."), contract.consequence.removeprefix("So ").rstrip("."), f"`{function}`", held)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def releases_of(page: str) -> list[Release]:
    """Return the releases that a page tells of."""
    return [Release(*match) for match in RELEASE_ROW.findall(page)]


def main(arguments: Sequence[str]) -> int:
    """Write the page for the releases named, by default the pinned one; end with 1 where a contract is not proven."""
    found = chapters()
    tests = [contract.test for chapter in found for contract in chapter.contracts]
    try:
        results = [json.loads(result_file(release).read_text()) for release in arguments or [PINNED]]
        releases = [proven(result, tests) for result in results]
    except FileNotFoundError as error:
        sys.stderr.write(f"there is no {error.filename}: run the whole contract suite first\n")
        return 1
    except NotProven as error:
        sys.stderr.write(f"{error}\n")
        return 1
    PAGE.write_text(render(found, releases))
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}: {len(tests)} contracts, {len(releases)} release(s)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
