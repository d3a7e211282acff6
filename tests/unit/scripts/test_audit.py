"""The audit counts what was looked up, and takes nothing for granted."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from scripts import audit

EXPORT = """\
Ansible_Core==2.21.5 \\
    --hash=sha256:00 \\
    --hash=sha256:01
colorama==0.4.6 ; sys_platform == 'no-such-platform' \\
    --hash=sha256:02
pyyaml==6.0.2 ; python_full_version >= '3.9' \\
    --hash=sha256:03
"""
WANTED = {"ansible-core", "pyyaml"}


def answer(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"dependencies": list(entries), "fixes": []}


def clean(name: str) -> dict[str, Any]:
    return {"name": name, "version": "1", "vulns": []}


def test_counts_what_this_platform_installs() -> None:
    assert audit.locked(EXPORT) == WANTED


def test_all_clean() -> None:
    assert audit.judge(answer(clean("ansible_core"), clean("PyYAML")), WANTED) == (2, [])


def test_one_that_was_skipped_is_wrong() -> None:
    skipped = {"name": "pyyaml", "skip_reason": "not found"}
    count, wrong = audit.judge(answer(clean("ansible-core"), skipped), WANTED)
    assert (count, wrong) == (1, ["pyyaml was not audited: not found"])


def test_one_that_is_missing_is_wrong() -> None:
    count, wrong = audit.judge(answer(clean("ansible-core"), clean("something-else")), WANTED)
    assert (count, wrong) == (1, ["pyyaml was not audited: no answer"])


def test_nothing_at_all_is_wrong() -> None:
    assert audit.judge(answer(), set()) == (0, ["the lock names no package at all"])
    assert len(audit.judge(answer(), WANTED)[1]) == 2


def test_a_vulnerability_is_wrong_and_counted() -> None:
    hit = {"name": "pyyaml", "version": "6.0.2", "vulns": [{"id": "CVE-2099-1", "fix_versions": ["6.0.3"]}]}
    count, wrong = audit.judge(answer(clean("ansible-core"), hit), WANTED)
    assert (count, wrong) == (2, ["pyyaml 6.0.2 has CVE-2099-1, fixed by 6.0.3"])


@pytest.mark.parametrize("output", ["", "no JSON", '{"dependencies": []}'])
def test_an_audit_without_an_answer_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    def run(argv: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        said = EXPORT if "export" in argv else output
        return subprocess.CompletedProcess(argv, 0, said, "the service gave no answer")

    monkeypatch.setattr(subprocess, "run", run)
    assert audit.main() == 1
    assert capsys.readouterr().out.endswith("0 of 2 packages audited\n")


def test_the_lock_of_this_project_is_understood() -> None:
    export = subprocess.run(
        [str(audit.BIN / "uv"), *audit.EXPORT], cwd=audit.ROOT, capture_output=True, text=True, check=True
    ).stdout
    wanted = audit.locked(export)
    assert {"ansible-core", "ansible-lint", "molecule", "pytest"} <= wanted
    assert len(wanted) > 50
