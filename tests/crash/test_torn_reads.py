"""Readers in a tight loop see the holds as they were or as they are, never neither."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from freqops.core.halt import holds
from freqops.hostctl.bot import holds_file
from tests.crash.reading import CHANGES, FREE, HELD
from tests.crash.scenarios import hold
from tests.crash.traced import ROOT
from tests.unit.fakes import FakeClock, make_bot

# A twentieth in every run; the whole million takes two minutes and is asked for.
READS = 1_000_000 if os.environ.get("FREQOPS_PROVE") == "1" else 50_000
TIMEOUT = 900
FRESH = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"
ENVIRONMENT = {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}


def begin(module: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-S", "-m", f"tests.crash.{module}", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=ENVIRONMENT)


def read_fresh(path: Path) -> str:
    """Read the holds in a process that begins only now, and say what they were."""
    argv = [sys.executable, "-I", "-S", "-c", FRESH, str(path)]
    said = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=TIMEOUT).stdout
    return HELD if holds.parse(said).level == holds.HARD else FREE


def test_no_read_is_torn(memory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
    home = make_bot(memory / "torn")
    assert holds_file.latch(home, hold(1), FakeClock()).error is None
    writer = begin("churn", str(home), str(seed))
    readers = {how: begin("reading", how, str(home / "conf"), str(READS // 2)) for how in ("load", "gate")}
    fresh: Counter[str] = Counter()
    try:
        while any(reader.poll() is None for reader in readers.values()):
            assert writer.poll() is None, "the writer ended"
            fresh[read_fresh(home / "conf" / "holds.json")] += 1
    finally:
        for process in (writer, *readers.values()):
            process.kill()
    found = {how: json.loads(reader.communicate(timeout=TIMEOUT)[0]) for how, reader in readers.items()}
    written = holds.load(home / "conf" / "holds.json").seq
    with capsys.disabled():
        print(f"\nreads: {found}, by {fresh.total()} fresh processes {dict(fresh)}; {written} changes, seed {seed}")  # noqa: T201
    for how, result in found.items():
        assert set(result["counts"]) == {HELD, FREE}, f"{how}, seed {seed}: {result}"
        assert sum(result["counts"].values()) >= READS // 2
        assert result["changes"] >= CHANGES
    assert fresh.total() > 0
