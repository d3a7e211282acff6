"""Five hundred files that are no breaker: each is active, says why, is not followed, and costs next to nothing."""

from __future__ import annotations

import json
import os
import random
import secrets
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.clock import iso
from freqops.core.breaker import breaker_file
from tests.unit.fakes import START
from tests.unit.patience import PATIENCE

FILES = 500
ME, NOBODY = os.getuid(), 65534
SPARSE = 100 * 1024 * 1024
GOOD = {"active": False, "reason": "quiet", "until_iso": iso(START + timedelta(hours=1))}
LATE = ("2026-01-02", "03:04", "2026-13-01T00:00:00Z", "2026-01-02T03:04:05+25:00", "2100-01-01T00:00:00Z", "never", "")


def wrong_value(dice: random.Random, name: str) -> Any:
    """Return a value that a name must not have."""
    values: list[Any] = [0, 1, 1.5, [], {}, ["x"], dice.random(), {"active": False}]
    if name == "active":
        return dice.choice([*values, None, "false", "true", "0", "no", ""])
    return dice.choice([*values, True, False, *([None] if name == "reason" else LATE)])


def truncated(dice: random.Random) -> bytes:
    return json.dumps(GOOD).encode()[: dice.randrange(len(json.dumps(GOOD)))]


def wrong_type(dice: random.Random) -> bytes:
    name = dice.choice(list(GOOD))
    return json.dumps({**GOOD, name: wrong_value(dice, name)}).encode()


def not_a_number(dice: random.Random) -> bytes:
    return json.dumps({**GOOD, "score": dice.choice([float("nan"), float("inf"), -float("inf")])}).encode()


def twice(dice: random.Random) -> bytes:
    name = dice.choice(list(GOOD))
    return json.dumps(GOOD)[:-1].encode() + f', "{name}": {json.dumps(GOOD[name])}}}'.encode()


def no_object(dice: random.Random) -> bytes:
    return json.dumps(dice.choice([[], [GOOD], None, False, True, 0, "inactive", 1e9])).encode()


def not_active(dice: random.Random) -> bytes:
    return json.dumps({name: value for name, value in GOOD.items() if name != "active"}).encode()


def still_on(dice: random.Random) -> bytes:
    """An end to come, with an offset, naive, or none at all; this one can be read."""
    end = START + timedelta(seconds=dice.randrange(1, 10**8))
    ends: list[dict[str, Any]] = [{}, {"until_iso": None}, {"until_iso": iso(end)}, {"until_iso": iso(end).rstrip("Z")}]
    return json.dumps({"active": True, "reason": "", **dice.choice(ends)}).encode()


def noise(dice: random.Random) -> bytes:
    return dice.randbytes(dice.randrange(1, 300)).replace(b"{", b"[")


BYTES = (truncated, wrong_type, not_a_number, twice, no_object, not_active, still_on, noise)
SHAPES = ("sparse", "directory", "fifo", "link", "dangling link", "link to a fifo", "device", "unreadable", "by others")


def lay(path: Path, dice: random.Random, number: int) -> str:
    """Put something at ``path`` and return what it is."""
    kind: Any = (*BYTES, *SHAPES)[number % (len(BYTES) + len(SHAPES))]
    if callable(kind):
        path.write_bytes(kind(dice))
        path.chmod(0o644)
        return str(kind.__name__)
    inactive, fifo = path.with_name("inactive"), path.with_name("fifo")
    if kind in ("link", "dangling link", "link to a fifo"):
        path.symlink_to({"link": inactive, "dangling link": Path("nowhere"), "link to a fifo": fifo}[kind])
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "sparse":
        with path.open("wb") as stream:
            stream.write(b'{"active": false}')
            stream.truncate(SPARSE)
        path.chmod(0o644)
    else:
        path.write_text(json.dumps(GOOD))
        path.chmod(dice.choice([0o000, 0o044, 0o200]) if kind == "unreadable" else dice.choice([0o666, 0o622, 0o646]))
    return str(kind)


def main(place: Path) -> None:
    """Read all files as they lie, and print what each said and what it cost."""
    for path in sorted(place.glob("*.json")):
        began = time.process_time()
        found = breaker_file.read(path, START, owner=ME)
        took = time.process_time() - began
        said = [path.name, found.active, found.readable, found.why, found.reason, took]
        sys.stdout.write(json.dumps(said) + "\n")


def test_each_is_active_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
    dice = random.Random(seed)  # noqa: S311  a test must be repeatable
    (tmp_path / "inactive").write_text(json.dumps(GOOD))
    os.mkfifo(tmp_path / "fifo")
    kinds = {f"{n:03}.json": lay(tmp_path / f"{n:03}.json", dice, n) for n in range(FILES)}
    command = [sys.executable, "-m", "tests.unit.core.breaker.test_fuzzed_files", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE, env=environment)
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [row[0] for row in rows] == sorted(kinds)
    for name, active, readable, why, reason, took in rows:
        context = f"seed {seed}: {kinds[name]} {name}: {why}"
        assert active, context
        assert readable is (kinds[name] == "still_on"), context
        assert took < 1.0, context
        assert readable or reason.startswith("circuit_breaker_parse_error: "), context
    reasons = Counter(row[4].partition(": ")[2][:20] for row in rows)
    assert len(reasons) > len(SHAPES), "reasons tell what is wrong"
    with capsys.disabled():
        print(f"\nfuzzed breaker files: {FILES}, seed {seed}")  # noqa: T201


def test_what_the_reader_may_not_read_is_active() -> None:
    """A file of root's, and a reader who is nobody."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        if ME == 0:
            os.setgroups([])
            os.setuid(NOBODY)
        found = breaker_file.read(Path("/etc/shadow"), START, owner=0)
        os.write(writer, json.dumps([found.active, found.readable, found.why]).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert json.loads(os.read(reader, 4096)) == [
        *(True, False, "/etc/shadow counts as active: it cannot be read: Permission denied"),
    ]  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
