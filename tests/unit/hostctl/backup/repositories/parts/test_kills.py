"""A restore of parts that is killed, or meets a full disk, before a call by which a file appears, changes or goes.

Before each call that puts a file in its place and a sample of the others; before all where FREQOPS_PROVE asks for that.
Each runs in a process of its own, which is really killed. Whatever stands then is the old file or the new one, whole;
and the same call, on a disk that is well, comes to the same end as one that nothing happened to.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import parts
from freqops.core.base.errors import NotProven, Refused
from freqops.core.breaker import places
from freqops.hostctl.backup import vault
from tests.unit.hostctl.backup.repositories.parts.parted import BOT_LOG, REPORT, Lost, begin_run, write
from tests.unit.hostctl.backup.repositories.parts.test_registry import place, run_ids

NAMING = ("os.rename", "os.link", "os.remove", "os.rmdir", "os.mkdir", "os.symlink")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
PROVEN, REFUSED, NOT_PROVEN, KILLED = 0, 1, 2, -signal.SIGKILL
ORDINARY = tuple(part for part in parts.ORDINARY if part != parts.TRADES)
FEWEST, OTHERS, FULL = 20, 6, 10
DATABASE = "strategies_registry.sqlite"

Fault = Callable[[], object]
Files = dict[str, tuple[bytes, int]]


@dataclass
class Bench:
    """The host before a restore, and what takes the place of restic."""

    lost: Lost
    place: Path

    def fresh(self) -> None:
        """Bring the host back to what it was before."""
        shutil.rmtree(self.lost.root)
        shutil.copytree(self.place, self.lost.root, symlinks=True)

    def cut(self, asked: tuple[str, ...], number: int, fault: Fault) -> tuple[int, list[bool]]:
        """Restore in a process of its own that meets a fault before its call ``number``.

        Returns:
            How it ended, and for each such call whether it puts a file in its place.
        """
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            calls = 0

            def hook(event: str, arguments: tuple[Any, ...]) -> None:
                nonlocal calls
                names = event in NAMING or (event == "open" and isinstance(arguments[2], int)
                                            and arguments[2] & WRITING)  # fmt: skip
                if names:
                    calls += 1
                    os.write(writes, b"!" if event in ("os.rename", "os.link") else b".")
                    if calls == number:
                        fault()

            sys.addaudithook(hook)
            os._exit(self._ended(asked))
        os.close(writes)
        seen = [mark == ord("!") for mark in b"".join(iter(lambda: os.read(reads, 65536), b""))]
        os.close(reads)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen

    def _ended(self, asked: tuple[str, ...]) -> int:
        try:
            return PROVEN if self.lost.restore(*asked, overwrite=True).proven else NOT_PROVEN
        except Refused:
            return REFUSED
        except (NotProven, OSError):
            return NOT_PROVEN

    def files(self) -> Files:
        """Everything that a restore may change, but for what it says of itself.

        The note of who set a breaker is left out: a breaker waits for no room on the disk for that, and says so.
        """
        found = self.lost.state()
        return {path: said for path, said in found.items() if not path.startswith("incidents/again/")
                and DATABASE not in path and not path.endswith(SET_BY)}  # fmt: skip


@pytest.fixture
def bench(lost: Lost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Return the host before a restore; restic, of which other tests are, is replaced by copies of what it gave."""
    begin_run(lost.host, "second")
    for path in (REPORT, BOT_LOG):
        write(lost.root / path, "now")
    asked = vault.Vault.restore
    for name in ("local", "safe"):
        given = lost.host.vault(name)
        given.opened()
        [number] = given.numbers()
        given.told(number)
        wanted = (parts.SECRETS,) if name == "safe" else ORDINARY
        (tmp_path / name).mkdir()
        asked(given, number, tmp_path / name, wanted)
        monkeypatch.setattr(f"{__name__}.NUMBERS", {**NUMBERS, name: number})

    def restore(self: vault.Vault, number: str, target: Path, wanted: tuple[str, ...]) -> None:
        shutil.copytree(tmp_path / self.repository.name, target, dirs_exist_ok=True)

    monkeypatch.setattr(vault.Vault, "restore", restore)
    monkeypatch.setattr(vault.Vault, "opened", lambda self: self.known())
    monkeypatch.setattr(vault.Vault, "numbers", lambda self: [NUMBERS[self.repository.name]])
    monkeypatch.setattr("freqops.hostctl.backup.restic.refuse_older", lambda _: None)
    shutil.copytree(lost.root, tmp_path / "before", symlinks=True)
    return Bench(lost, tmp_path / "before")


NUMBERS: dict[str, str] = {}
SET_BY = places.setting_of(Path(places.NAME)).name


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def torn(now: Files, before: Files, after: Files) -> list[str]:
    """Return what is neither as it was before nor as it is afterwards."""
    allowed = ("backup/restores/", "backup/replaced/")
    return [path for path, (data, _) in now.items() if not path.startswith(allowed)
            and not Path(path).name.startswith(".")
            and data not in [found[path][0] for found in (before, after) if path in found]]  # fmt: skip


def sampled(calls: list[bool], fault: Fault) -> list[int]:
    """Return the numbers of the calls at which it is cut."""
    placing = [number for number, places in enumerate(calls, 1) if places]
    others = [number for number, places in enumerate(calls, 1) if not places]
    if os.environ.get("FREQOPS_PROVE"):
        return sorted([*placing, *others])
    dice = random.Random()  # noqa: S311  a sample, not a secret
    if fault is full:
        return sorted(dice.sample([*placing, *others], min(FULL, len(calls))))
    return sorted([*placing, *dice.sample(others, min(OTHERS, len(others)))])


@pytest.mark.parametrize("asked", [ORDINARY, (parts.SECRETS,)], ids=["ordinary", "secrets"])
@pytest.mark.parametrize("fault", [killed, full])
def test_whatever_cuts_it_each_file_is_whole_and_the_next_call_comes_to_the_same_end(
    bench: Bench, asked: tuple[str, ...], fault: Fault
) -> None:
    before = bench.files()
    code, calls = bench.cut(asked, 0, fault)
    after = bench.files()
    assert code == PROVEN
    assert sum(calls) >= (FEWEST if asked == ORDINARY else 2)
    for number in sampled(calls, fault):
        bench.fresh()
        code, _ = bench.cut(asked, number, fault)
        case = f"{fault.__name__} at {number} of {len(calls)}: {code}"
        assert code == KILLED if fault is killed else code != KILLED, case
        now = bench.files()
        assert torn(now, before, after) == [], case
        assert run_ids(place(bench.lost)) in (["first"], ["second"]), case
        if code == PROVEN:
            assert not torn(after, now, now), case
        if code == REFUSED:
            assert not torn(now, before, before), case
        assert bench.cut(asked, 0, fault)[0] == PROVEN, case
        ended = bench.files()
        assert {path for path in ended if not Path(path).name.startswith(".")} == {
            path for path in after if not Path(path).name.startswith(".")
        }, case
        assert torn(ended, after, after) == [], case
        if asked == ORDINARY:
            assert run_ids(place(bench.lost)) == ["first"], case
