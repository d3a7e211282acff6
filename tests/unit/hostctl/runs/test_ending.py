"""The end of a hyperopt in the registry: every epoch of which the end was decided, or nothing yet."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import NotProven
from freqops.core.base.iso_time import parse
from freqops.core.runs import registry, registry_migration
from freqops.core.runs.run_command import HYPEROPTS
from freqops.core.runs.run_records import Begun
from freqops.hostctl.runs import ending, harvest, run_directory
from freqops.hostctl.runs.run_directory import RunDirectory
from tests.unit.core.results import left
from tests.unit.fakes import FakeClock

RUN = "hyperopt-20260131T180000Z-0a1b2c"
ASKED = {"kind": "hyperopt"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunDirectory:
    monkeypatch.setattr(run_directory, "CONTAINER_UID", os.getuid())
    registry_migration.prepare(registry.place(tmp_path), FakeClock(), owner=os.getuid())
    with registry.opened(registry.place(tmp_path), write=True) as opened:
        opened.begin_run(Begun(RUN, "hyperopt", parse("2026-01-31T18:00:00Z"), "TwoAverages"))
    made = RunDirectory(tmp_path, RUN)
    made.make()
    (made.output / HYPEROPTS).mkdir()
    shutil.copy(left.hyperopt("2026.9"), made.output / HYPEROPTS)
    return made


def document(place: RunDirectory) -> dict[str, Any]:
    epochs = harvest.epochs_of(place)
    assert epochs is not None
    return {
        "status": "stopped", "reason": "cancelled", "finished_utc": "2026-01-31T19:00:00Z", "metrics": epochs.metrics,
        "artifacts": [], "data": {}, "parameters": {}, "duration_s": 3600.0, "peak_memory_bytes": 0,
    }  # fmt: skip


def known(place: RunDirectory) -> tuple[str, list[int]]:
    with registry.opened(registry.place(place.root)) as opened:
        row = opened.run(RUN)
        assert row is not None
        return str(row["status"]), [each.number for each in opened.run_rows().epochs(RUN)]


def test_every_epoch_is_there_and_again_changes_nothing(place: RunDirectory) -> None:
    decided = document(place)
    assert decided["metrics"]["epochs"] == 7
    for _ in range(2):
        ending._enter(place, ASKED, decided)
        assert known(place) == ("stopped", list(range(1, 8)))


def test_epochs_that_cannot_be_read_any_more_leave_it_to_be_ended_again(place: RunDirectory) -> None:
    decided, [path] = document(place), list((place.output / HYPEROPTS).iterdir())
    whole = path.read_bytes()
    for rest in (whole[:-100], b""):
        path.write_bytes(rest)
        with pytest.raises(NotProven, match=f"{RUN} had 7 epochs at its end, and [06] can be read"):
            ending._enter(place, ASKED, decided)
        assert known(place) == ("started", [])
    path.write_bytes(whole)
    ending._enter(place, ASKED, decided)
    assert known(place)[0] == "stopped"
