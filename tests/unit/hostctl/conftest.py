"""A busy disk of the machine that tests must not decide them: nothing here waits for a real one."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let fsync return at once; tests about slow and failing disks bring their own."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
