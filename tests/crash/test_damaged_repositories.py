"""Repositories where commands are killed, bits flip and disks fill up: what counts is whole, what is broken is named.

The moments, bits and disks are drawn: a tenth in every run, all where FREQOPS_PROVE asks for that. FREQOPS_SEED draws
the same again.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from freqops.core.backup import successes
from tests.crash.repositories import begun, copied, drawn_as, kill, left_locks, prepared, whole
from tests.unit.hostctl.backup.repositories.conftest import Host, one

PROVE = os.environ.get("FREQOPS_PROVE") == "1"
KILLS, FLIPS, DISKS = (200, 200, 50) if PROVE else (10, 20, 5)
ACTS = {  # with prune and check, which are due once a week, as if they were due now
    "back_up((), None)": (successes.PRUNE, successes.CHECK),
    "follow()": (),
    "check(None, read_data=True)": (),
}
KIB = 1024


def overdue(host: Host, jobs: tuple[str, ...]) -> None:
    """Let jobs of the calendar be due."""
    found = successes.load(host.root)
    known = found["local"]
    kept = {job: moment for job, moment in known.done.items() if job not in jobs}
    changed = {**found, "local": replace(known, done=kept)}
    successes.place(host.root).write_text(json.dumps(successes.to_json(changed)))


def test_whatever_is_killed_what_counts_is_whole_and_the_next_backup_is_well(memory: Path) -> None:
    host = prepared(memory / "killed-repositories" / "srv")
    host.declare({**host.vault().repository.to_json(), "keep_least": 2, "dumps": True})
    drawn, took_s, cut = drawn_as("killed backups"), dict[str, float](), 0
    for act, jobs in ACTS.items():
        overdue(host, jobs)
        began = time.monotonic()
        assert begun(host, act).wait(120) == 0
        took_s[act] = time.monotonic() - began
    newest = host.known().newest
    for _ in range(KILLS):
        act = drawn.choice(list(ACTS))
        overdue(host, ACTS[act])
        process = begun(host, act)
        try:
            process.wait(drawn.random() * took_s[act])
        except subprocess.TimeoutExpired:
            kill(process)
            cut += 1
        assert newest in whole(host), f"{act}: the newest snapshot went"
        row = host.backed_up()
        assert row.proven, f"after {act} was killed: {row.problems}"
        newest = row.snapshot
        assert not list((host.root / "backup" / "staging").glob("*"))
        assert not left_locks(host)
    assert newest in whole(host)
    assert cut, "none was killed"


def test_a_flipped_bit_is_found_and_named_wherever_it_is(memory: Path) -> None:
    host, drawn = prepared(memory / "flipped-repositories" / "srv"), drawn_as("flipped bits")
    files = sorted(path for path in host.url.rglob("*") if path.is_file() and path.parent.name != "locks")
    sizes = [path.stat().st_size for path in files]
    for _ in range(FLIPS):
        [path] = drawn.choices(files, sizes if drawn.random() < 0.5 else None)  # every kind of file, the small ones too
        data, mode = path.read_bytes(), path.stat().st_mode
        bit = drawn.randrange(8 * len(data))
        path.chmod(0o600)
        path.write_bytes(data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :])
        row = one(host.backups.check(None, read_data=True))
        where = f"bit {bit} of {path.relative_to(host.url)}"
        assert not row.proven, where
        assert row.problems[0].startswith("repository local: "), where
        path.write_bytes(data)
        path.chmod(mode)
    assert one(host.backups.check(None, read_data=True)).proven


@contextmanager
def disk(place: Path, size: int) -> Iterator[None]:
    """Mount a disk of so many bytes."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "freqops-test", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_fills_up_costs_no_snapshot(memory: Path) -> None:
    made, drawn, full = prepared(memory / "full-repositories" / "srv"), drawn_as("full disks"), 0
    size = sum(path.stat().st_size for path in made.url.rglob("*") if path.is_file())
    for number in range(DISKS):
        host = copied(made, memory / "full-repositories" / f"srv-{number}")
        url = host.root / "backup" / "local"
        away = host.root / "backup" / "away"
        url.rename(away)
        with disk(url, size + 400 * KIB + drawn.randrange(1_600 * KIB)):
            shutil.copytree(away, url, dirs_exist_ok=True)
            before = whole(host)
            new = host.root / "user_data" / "runs" / "a-run" / "new"
            new.write_bytes(drawn.randbytes(1_500_000))
            row = host.backed_up()
            if not row.proven:
                full += 1
                assert row.problems[0].startswith("repository local: "), row.problems
            assert set(before) <= set(whole(host))
            new.unlink()
            subprocess.run(["mount", "-o", f"remount,size={8 * size}", str(url)], check=True)
            assert host.backed_up().proven
            assert one(host.backups.check(None, read_data=True)).proven
        shutil.rmtree(host.root)
    assert full, "no disk was full"
