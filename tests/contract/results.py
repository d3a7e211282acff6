"""Writes down which contracts held, for `scripts.compatibility`; only a run of the whole suite is worth a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts import compatibility

SUITE = Path(__file__).parent


class Results:
    """A plugin that hears of every test: what became of it, under which release."""

    def __init__(self, config: pytest.Config) -> None:
        self._whole = any(_names_all(config, argument) for argument in config.args)
        self._held: dict[str, dict[str, bool]] = {}
        self._of: dict[str, tuple[str, str]] = {}
        self.api_versions: dict[str, str] = {}

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Take in that some tests were left out."""
        self._whole = self._whole and not items

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Expect every contract that was collected: one that never runs did not hold."""
        for item in session.items:
            if isinstance(item, pytest.Function) and item.path.parent == SUITE:
                release = str(item.callspec.params["release"]) if hasattr(item, "callspec") else ""
                self._of[item.nodeid] = (release, compatibility.key(item.path, item.originalname))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note that a test held, which takes its call, or did not, for which any phase is enough."""
        if report.nodeid not in self._of:
            return
        release, test = self._of[report.nodeid]
        if report.when == "call" or not report.passed:
            held = self._held.setdefault(release, {})
            held[test] = held.get(test, True) and report.passed

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write a file for each release."""
        if not self._whole or session.config.option.collectonly:
            return
        for release, api_version in self.api_versions.items():
            held = self._held.get("", {}) | self._held.get(release, {})
            result: dict[str, Any] = {
                "release": release,
                "api_version": api_version,
                "suite": compatibility.fingerprint(),
                "held": held,
            }
            path = compatibility.result_file(release)
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n")


def _names_all(config: pytest.Config, argument: str) -> bool:
    path = (config.invocation_params.dir / argument).resolve()
    return "::" not in argument and SUITE.is_relative_to(path)
