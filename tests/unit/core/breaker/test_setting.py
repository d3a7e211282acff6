"""Who set a breaker is known as long as the breaker file is the one that was set."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from freqops.core.base.mandate import Mandate
from freqops.core.breaker import places, setting
from freqops.core.breaker.setting import Setting

ME = os.getuid()
DATA = b'{"active": true, "reason": "outage", "until_iso": null}'
MANDATE = Mandate("one", "outage", "ann@desk")


@pytest.fixture
def breaker(tmp_path: Path) -> Path:
    path = tmp_path / "circuit_breaker.json"
    path.write_bytes(DATA)
    places.setting_of(path).write_text(json.dumps(setting.document(DATA, MANDATE, "2026-01-02T03:04:05Z")))
    return path


def test_who_set_it_is_known(breaker: Path) -> None:
    assert setting.read(breaker, ME) == Setting("one", "ann@desk", "outage", "2026-01-02T03:04:05Z")


def test_nobody_is_named_for_what_was_written_by_hand(breaker: Path) -> None:
    breaker.write_bytes(DATA.replace(b"true", b"false"))
    assert setting.read(breaker, ME) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sha256": 1}', json.dumps({"sha256": "00", "incident": "one"})])
def test_what_cannot_be_read_names_nobody(breaker: Path, text: str) -> None:
    places.setting_of(breaker).write_text(text)
    assert setting.read(breaker, ME) is None


def test_a_missing_file_or_one_of_somebody_else_names_nobody(breaker: Path) -> None:
    assert setting.read(breaker, ME + 1) is None
    places.setting_of(breaker).unlink()
    assert setting.read(breaker, ME) is None
    breaker.unlink()
    assert setting.read(breaker, ME) is None
