"""What real releases of Freqtrade left; see tests/fixtures/results/README.md."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parents[3] / "fixtures" / "results"
RELEASES = ("2024.11", "2025.8", "2026.9")
ZIPPED = RELEASES[1:]
WINDOW, SHORT, GAP = 0, 1, 2  # the backtests of each release, in their order


def backtest(release: str, number: int) -> Path:
    """Return the file with the result of a backtest."""
    return backtests(release)[number]


def backtests(release: str) -> list[Path]:
    """Return the files with the results of all backtests of a release."""
    place = FIXTURES / release / "backtest_results"
    found = place.glob("*.zip" if release in ZIPPED else "backtest-result*.json")
    return sorted(path for path in found if not path.name.endswith(".meta.json"))


def hyperopt(release: str) -> Path:
    """Return the file with the epochs of a release."""
    [found] = (FIXTURES / release / "hyperopt_results").glob("*.fthypt")
    return found


def changed(path: Path, change: Callable[[dict[str, Any]], None], to: Path) -> Path:
    """Write a result whose JSON was changed, with its meta file, into a directory, and return it."""
    to.mkdir(exist_ok=True)
    meta = path.with_name(f"{path.stem}.meta.json")
    (to / meta.name).write_bytes(meta.read_bytes())
    made = to / path.name
    if path.suffix == ".json":
        document = json.loads(path.read_text())
        change(document)
        made.write_text(json.dumps(document))
        return made
    room = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(room, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == f"{path.stem}.json":
                document = json.loads(data)
                change(document)
                data = json.dumps(document).encode()
            new.writestr(name, data)
    made.write_bytes(room.getvalue())
    return made
