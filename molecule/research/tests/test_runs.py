"""The runs of two hosts over their connections: taken in, listed, shown, compared, exported and removed."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import shlex
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.field import Played, play
from tests.support.research import REGISTRY, Research

ROOT = Path(__file__).resolve().parents[3]
RESULTS = ROOT / "tests" / "fixtures" / "results" / "2026.9"
BACKTESTS, HYPEROPTS = "backtest_results", "hyperopt_results"
USER_DATA = "/srv/freqops/user_data"
FIRST = "389e86aa32559e1f5bb5a38077587ca34324296e"
SECOND = "52a1060f82d5f979cf4231dd22b4684f324548e2"
THIRD = "46e3ec92fb63207061c6bc57460be2b28ebc6f1e"
FILE_OF_FIRST, FILE_OF_SECOND = "19-05-02", "19-05-12"
CHANGED = re.compile(r"changed=[1-9]")
AGED = """
import sqlite3, sys
rows = sqlite3.connect(sys.argv[1])
past = "2025-01-01T00:00:00Z"
for run in sys.argv[2:]:
    changed = rows.execute("UPDATE runs SET started_utc = ?, finished_utc = ? WHERE id = ?", [past, past, run])
    assert changed.rowcount == 1
rows.commit()
"""


def runs(*words: str) -> Played:
    """Act on the runs of both hosts."""
    return play("runs", *(part for word in words for part in ("-e", word)))


def ids(host: Research) -> set[str]:
    """Return the runs in the registry of a host."""
    return {row["id"] for row in host.rows("SELECT id FROM runs")}


@pytest.fixture
def left(host: Research) -> Iterator[Research]:
    """The host, with what somebody who ran Freqtrade by hand left there."""
    room = io.BytesIO()
    with tarfile.open(fileobj=room, mode="w:gz") as archive:
        for name in (BACKTESTS, HYPEROPTS):
            archive.add(RESULTS / name, name)
    put = f"tar --extract --gzip --no-same-owner --directory {USER_DATA}"
    done = host.host.run(f"base64 --decode | sudo {put}", stdin=base64.b64encode(room.getvalue()).decode())
    assert done.rc == 0, done.err
    yield host
    host.sh(f"rm -rf {USER_DATA}/{BACKTESTS} {USER_DATA}/{HYPEROPTS}")


def test_what_others_left_is_taken_in_seen_and_removed_with_its_files(left: Research) -> None:
    before = ids(left)
    indexed = runs("action=index")
    assert indexed.rc == 0, indexed.out
    assert CHANGED.findall(indexed.out), indexed.out
    taken = ids(left) - before
    assert {FIRST, SECOND, THIRD} < taken
    again = runs("action=index")
    assert (again.rc, CHANGED.findall(again.out)) == (0, []), again.out
    assert ids(left) == before | taken

    listed = runs("strategy=TwoAverages", "kind=backtest", "limit=1", "page=2")
    assert listed.rc == 0, listed.out
    assert "runs 2 to 2 of 3" in listed.out, listed.out
    assert sum(listed.out.count(run) for run in (FIRST, SECOND, THIRD)) == 1, listed.out
    shown = runs("action=show", f"run={FIRST}")
    assert shown.rc == 0, shown.out
    page = next(line.partition("page: ")[2].strip() for line in shown.out.splitlines() if "page: " in line)
    assert FIRST in Path(page).read_text()
    nobody = runs("action=show", "run=nobody-had-it")
    assert nobody.rc == 2
    assert "no host has a run nobody-had-it" in nobody.out
    compared = runs("action=compare", f"run={FIRST},{SECOND}")
    assert compared.rc == 0, compared.out
    assert "not the trades of A" in compared.out, compared.out
    exported = runs("action=export")
    assert exported.rc == 0, exported.out
    with (ROOT / "runs" / "runs.csv").open() as stream:
        rows = [row["id"] for row in csv.DictReader(stream) if row["host"] == left.host.name]
    assert sorted(rows) == sorted(ids(left))
    assert {each["id"] for each in json.loads((ROOT / "runs" / "runs.json").read_text())} >= set(rows)

    left.sh(f"python3 -c {shlex.quote(AGED)} {REGISTRY} {FIRST} {SECOND}")
    pruned = runs("action=prune", "days=300", "keep=1")
    assert pruned.rc == 0, pruned.out
    assert FIRST not in ids(left)
    assert SECOND in ids(left), "another run has its file, too"
    files = left.sh(f"ls -A {USER_DATA}/{BACKTESTS}").split()
    assert [name for name in files if FILE_OF_FIRST in name] == [], "row and files together"
    assert [name for name in files if FILE_OF_SECOND in name], files
