"""What a bot would trade by otherwise, told from what two releases keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import remarks
from freqops.core.deploy import effective_values


def release(place: Path, mark: str | None = None, config: Any = None, **values: Any) -> Path:
    """Return a release with these values, by the strategy; or with that mark."""
    place.mkdir(parents=True, exist_ok=True)
    found = {name: {"is": value, "from": "strategy"} for name, value in values.items()}
    line = f"{remarks.MARK}{json.dumps({'kind': 'effective', 'values': found})}\n"
    (place / "validated").write_text(f"by Freqtrade of x\n{line}" if mark is None else mark)
    (place / "config.json").write_text(json.dumps(config))
    return place


def test_what_changes_is_told_with_both_values(tmp_path: Path) -> None:
    former = release(tmp_path / "a", timeframe="5m", stoploss=-0.1, order_types={"entry": "limit"}, gone=1)
    wanted = release(tmp_path / "b", timeframe="1m", stoploss=-0.1, order_types={"entry": "\x1b[2J"}, new=1)
    assert effective_values.changes(former, wanted) == [
        'timeframe: "5m" becomes "1m", said by the strategy',
        'order_types: {"entry": "limit"} becomes {"entry": "\\u001b[2J"}, said by the strategy',
    ]
    assert effective_values.changes(former, former) == []


def test_of_a_release_of_old_its_configuration_is_what_is_known(tmp_path: Path) -> None:
    """An older freqops laid its own defaults over the strategy: that they go is a change, too."""
    config = {"timeframe": "5m", "unfilledtimeout": {"entry": 10, "unit": "minutes"}}
    former = release(tmp_path / "a", mark="by Freqtrade of x\n", config=config)
    timeout = {"entry": 10, "unit": "minutes", "exit_timeout_count": 0}
    wanted = release(tmp_path / "b", timeframe="1m", unfilledtimeout=timeout, stoploss=-0.1)
    assert effective_values.changes(former, wanted) == ['timeframe: "5m" becomes "1m", said by the strategy']
    later = release(tmp_path / "c", unfilledtimeout={**timeout, "entry": 5})
    assert len(effective_values.changes(former, later)) == 1
    assert len(effective_values.changes(release(tmp_path / "d", unfilledtimeout=config["unfilledtimeout"]), later)) == 1


@pytest.mark.parametrize(
    "mark",
    [
        "",
        f"{remarks.MARK}no JSON",
        f"{remarks.MARK}[]",
        f'{remarks.MARK}{{"kind": "ungated"}}',
        f'{remarks.MARK}{{"kind": "effective"}}',
        f'{remarks.MARK}{{"kind": "effective", "values": []}}',
        f'{remarks.MARK}{{"kind": "effective", "values": {{"timeframe": "5m"}}}}',
        f'{remarks.MARK}{{"kind": "effective", "values": {{"timeframe": {{"is": "5m"}}}}}}',
    ],
)
def test_a_mark_that_cannot_be_read_has_none(tmp_path: Path, mark: str) -> None:
    assert effective_values.of_release(release(tmp_path / "a", mark=mark)) is None
    assert effective_values.of_release(tmp_path / "nothing") is None
    assert effective_values.changes(tmp_path / "a", tmp_path / "nothing") == []
