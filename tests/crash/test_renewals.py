"""Renewals of a lost repository that are killed: the old or the new one is known, and the same command finishes.

The moments are drawn: a few in every run, many where FREQOPS_PROVE asks for that. FREQOPS_SEED draws the same again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from freqops.core.backup import renewal, successes
from freqops.core.base import durable
from freqops.core.base.clock import Clock
from lab.base.wait import until
from tests.crash.repositories import ROOT, drawn_as, kill, prepared
from tests.unit.hostctl.backup.repositories.conftest import Host, local
from tests.unit.hostctl.backup.repositories.losing import INCIDENT, LOST, Losing

KILLS = 100 if os.environ.get("FREQOPS_PROVE") == "1" else 6
ACT = """
import os, sys
from pathlib import Path
from freqops.core.base.clock import Clock
from tests.unit.fakes import FakeEngine
from tests.unit.hostctl.backup.repositories.losing import Losing
host = Losing.__new__(Losing)
host.__dict__.update(
    root=Path(sys.argv[1]), clock=Clock(), engine=FakeEngine(), asked=[], seen=[], before=lambda _words: None
)
print("begins", flush=True)
sys.exit(host.renewing(source="local").run().exit)
"""


def begun(root: Path) -> subprocess.Popen[str]:
    """Begin a renewal in a process group of its own, and return when all that it needs is loaded."""
    process = subprocess.Popen(
        [sys.executable, "-c", ACT, str(root)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    return process


def next_second() -> None:
    """Wait until the clock shows another second."""
    began = int(time.time())
    until(lambda: int(time.time()) > began, 60, "the next second")


def losing(root: Path) -> Host:
    """Make a host with three backups in two repositories, of which the second one is lost."""
    host = prepared(root)
    shutil.copytree(host.url, root / "backup" / "vault")
    shutil.copy(root / "backup/keys/local", root / "backup/keys/vault")
    shutil.copytree(root / "backup/manifests/local", root / "backup/manifests/vault")
    known = host.known()
    successes.place(root).write_bytes(durable.as_json(successes.to_json({"local": known, "vault": known})))
    host.declare(local(), local("vault", append_only=True))
    for _ in range(2):
        assert host.backups.back_up((), None).exit == 0
        next_second()  # their moments are told to the second
    shutil.rmtree(root / "backup" / "vault")
    return host


def again(root: Path, place: Path) -> Path:
    """Return a copy of a host in another tree."""
    shutil.copytree(root, place, symlinks=True)
    declared = place / "backup/repositories.json"
    declared.write_text(declared.read_text().replace(str(root), str(place)))
    return place


def known_of(root: Path) -> str:
    return successes.load(root)["vault"].id


def test_whatever_is_killed_one_of_both_is_known_and_the_same_command_finishes(memory: Path) -> None:
    place, drawn, cut = memory / "killed-renewals", drawn_as("killed renewals"), 0
    first = losing(place / "first")
    old, wanted = known_of(first.root), len(first.vault().numbers())
    timed = again(first.root, place / "timed")
    began = time.monotonic()
    assert begun(timed).wait(300) == 0
    took_s = time.monotonic() - began
    for number in range(KILLS):
        root = again(first.root, place / str(number))
        process = begun(root)
        try:
            process.wait(drawn.random() * took_s)
        except subprocess.TimeoutExpired:
            kill(process)
            cut += 1
        known, record = known_of(root), renewal.load(root, "vault")
        if known != old:
            assert record is not None
            assert (root / "backup/vault/config").exists(), "what is known is not there"
        assert begun(root).wait(300) == 0
        assert known in (old, known_of(root)), "what was made was made again"
        host = Losing.__new__(Losing)
        host.__dict__.update({**first.__dict__, "root": root, "clock": Clock()})
        found = host.vault("vault").contents()
        assert not found.others
        assert len(found.counted) in (wanted + 1, wanted + 2), "two backups where the first was killed"
        moments = [each.began for each in host.vault().contents().counted.values()]
        assert [each.began for each in found.counted.values()][:wanted] == moments
        assert host.record().is_over
        assert host.record().lost == LOST
        assert len(list(renewal.kept(root, INCIDENT, "vault").iterdir())) == wanted
        assert not list((root / "backup/staging").glob("*"))
        shutil.rmtree(root)
    assert cut, "none was killed"
