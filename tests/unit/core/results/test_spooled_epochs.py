"""Epochs that are read once, and given as often as they are asked for."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from freqops.core.results import hyperopt_file
from freqops.core.results.spooled_epochs import SpooledEpochs
from tests.unit.core.results import left


@pytest.mark.parametrize("release", left.RELEASES)
def test_they_are_those_of_the_file(release: str) -> None:
    lines = list(hyperopt_file.lines(left.hyperopt(release)))
    found = SpooledEpochs(left.hyperopt(release))
    for _ in range(2):
        assert list(found) == [line.epoch for line in lines]
    assert (found.first, found.why) == (lines[0], "")
    assert found.best == min(lines, key=lambda line: line.epoch.loss)
    assert (found.started, found.finished) == (lines[0].started, lines[-1].finished)
    assert found.metrics["epochs"] == 7.0


def test_those_before_a_line_that_is_cut_off_are_there(tmp_path: Path) -> None:
    path = tmp_path / "x.fthypt"
    texts = left.hyperopt("2026.9").read_bytes().splitlines(keepends=True)
    line = json.loads(texts[0])
    path.write_text(json.dumps({**line, "loss": math.nan}) + "\n{")
    found = SpooledEpochs(path)
    [epoch] = found
    assert math.isnan(epoch.loss)
    assert (found.best, found.why) == (None, "x.fthypt: line 2: it is cut off")
    path.write_bytes(b"")
    found = SpooledEpochs(path)
    assert (list(found), found.first, found.why) == ([], None, "")
