"""A lab host as its callers see it."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from lab.base.failure import LabError
from lab.hosts.host import Host


def test_a_command_that_does_not_end_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(argv: list[str], **_: Any) -> None:
        raise subprocess.TimeoutExpired(argv, 30)

    monkeypatch.setattr(Host, "_command", lambda *_, **__: ["ssh"])
    monkeypatch.setattr(subprocess, "run", hangs)
    with pytest.raises(LabError, match="paper-1 did not end 'sleep 60' within 30 s"):
        Host("paper-1").run("sleep 60", seconds=30)
