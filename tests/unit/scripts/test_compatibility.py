"""The page of contracts says what the suite has shown, and nothing that it has not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts import compatibility
from scripts.compatibility import Chapter, Contract, NotProven, Release

TESTS = ["test_a.py::test_x", "test_a.py::test_y"]


def result(**changed: Any) -> dict[str, Any]:
    whole = {"release": "2026.9", "api_version": "2.5", "suite": compatibility.fingerprint()}
    return {**whole, "held": dict.fromkeys(TESTS, True), **changed}


def test_the_page_is_what_the_tests_say() -> None:
    page = compatibility.PAGE.read_text()
    releases = compatibility.releases_of(page)
    assert compatibility.PINNED in {release.name for release in releases}
    assert page == compatibility.render(compatibility.chapters(), releases), "run the contract suite, then render"


def test_a_whole_and_green_run_is_proven() -> None:
    assert compatibility.proven(result(), TESTS) == Release("2026.9", "2.5")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"held": {TESTS[0]: True}}, "did not run: test_a.py::test_y"),
        ({"held": {}}, "did not run: test_a.py::test_x, test_a.py::test_y"),
        ({"held": {TESTS[0]: True, TESTS[1]: False}}, "failed: test_a.py::test_y"),
        ({"held": {**dict.fromkeys(TESTS, True), "test_b.py::test_z": False}}, "failed: test_b.py::test_z"),
        ({"suite": "of yesterday"}, "another state of the suite"),
    ],
)
def test_anything_less_is_not(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(NotProven, match=why):
        compatibility.proven(result(**changed), TESTS)


@pytest.mark.parametrize("written", [None, result(held={})])
def test_nothing_is_rendered_without_a_proof(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, written: dict[str, Any] | None
) -> None:
    file, page = tmp_path / "result.json", tmp_path / "page.md"
    if written is not None:
        file.write_text(json.dumps(written))
    monkeypatch.setattr(compatibility, "result_file", lambda _release: file)
    monkeypatch.setattr(compatibility, "PAGE", page)
    assert compatibility.main([]) == 1
    assert not page.exists()


def test_a_page_tells_its_releases() -> None:
    chapter = Chapter("Locks", (Contract("test_a.py::test_x", "A lock | stands.", "So freqops sets one."),))
    releases = [Release("2026.9", "2.5"), Release("2026.8", "2.49")]
    page = compatibility.render([chapter], releases)
    assert compatibility.releases_of(page) == releases
    assert "| A lock \\| stands | freqops sets one | `test_x` | holds with all 2 |" in page


@pytest.mark.parametrize(
    "docstring", ["", '"""No full stop"""', '"""A fact.\n\n    And more."""', '"""Two\n    lines."""']
)
def test_a_test_without_its_fact_is_refused(tmp_path: Path, docstring: str) -> None:
    (tmp_path / "test_a.py").write_text(f'"""Title."""\n\n\ndef test_x():\n    {docstring}\n    assert True\n')
    with pytest.raises(NotProven, match="test_x needs a docstring"):
        compatibility.chapters(tmp_path)
