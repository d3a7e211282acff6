"""A host with a repository on its own disk, and what of its snapshots is whole: asked of restic, byte by byte."""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from freqops.core.backup import parts
from freqops.core.base.clock import Clock
from freqops.hostctl.backup import leftovers, taken_out
from lab.engine import packages
from tests.support.field import until
from tests.support.patience import GIVE_UP
from tests.unit.hostctl.backup.repositories.cheap_key import make_cheap
from tests.unit.hostctl.backup.repositories.conftest import Host

ROOT = Path(__file__).parents[2]
ACT = """
import os, sys
from pathlib import Path
from freqops.core.base.clock import Clock
from freqops.hostctl.backup.backups import Backups
from tests.unit.fakes import FakeEngine
backups = Backups(Path(sys.argv[1]), Clock(), FakeEngine(), owner=os.geteuid())
print("begins", flush=True)
answer = backups.{act}
sys.exit(answer.exit)
"""


def drawn_as(what: str) -> random.Random:
    """Return what draws the sample, and print how it is drawn again."""
    seed = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
    print(f"\n{what}: FREQOPS_SEED={seed}")  # noqa: T201
    return random.Random(seed)  # noqa: S311  a sample


def prepared(root: Path) -> Host:
    """Make a host whose repository has one backup, of about a megabyte."""
    packages.require(["restic"], ["restic"], lambda text: print(text, file=sys.stderr))  # noqa: T201  a note
    host = Host(root)
    host.clock = Clock()  # type: ignore[assignment]
    runs = root / "user_data" / "runs" / "a-run"
    runs.mkdir(parents=True)
    (runs / "result").write_bytes(random.Random(0).randbytes(1_000_000))  # noqa: S311  nothing secret
    host.backups.prepare()
    make_cheap(root / "backup" / "local", (root / "backup" / "keys" / "local").read_bytes().strip())
    assert host.backed_up().proven
    return host


def begun(host: Host, act: str) -> subprocess.Popen[str]:
    """Begin a command in a process group of its own, and return when all that it needs is loaded."""
    process = subprocess.Popen(
        [sys.executable, "-c", ACT.format(act=act), str(host.root)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a command and whatever it runs, at once, and return when all of them are gone."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    until("what was killed is gone", lambda: not _group(process.pid), GIVE_UP)


def _group(number: int) -> list[int]:
    """Return the processes of a group; one that nobody has waited for yet still holds its locks."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[2]) == number:
                found.append(int(path.parent.name))
    return found


def whole(host: Host) -> list[str]:
    """Return the snapshots that count, when each was taken out and compared; that raises where one is not whole."""
    vault = host.vault()
    contents = vault.contents()
    for number, found in contents.counted.items():
        with tempfile.TemporaryDirectory(dir=host.root.parent) as place:
            taken_out.take_out(vault, number, found, parts.ORDINARY, Path(place))
    return list(contents.counted)


def left_locks(host: Host) -> list[str]:
    """Return the locks whose holder is gone; a number that another process has got since is, for restic, its holder."""
    restic = host.vault()._restic
    found = [path.name for path in (host.url / "locks").iterdir() if not leftovers.HALF.fullmatch(path.name)]
    holders = {name: json.loads(restic._done(["--no-lock", "cat", "lock", name]).stdout)["pid"] for name in found}
    return [name for name, holder in holders.items() if not Path(f"/proc/{holder}").exists()]


def copied(host: Host, place: Path) -> Host:
    """Return a host like another one, whose repository is a copy."""
    shutil.copytree(host.root, place, symlinks=True)
    other = Host.__new__(Host)
    other.__dict__.update(host.__dict__)
    other.root = place
    declared = place / "backup" / "repositories.json"
    declared.write_text(declared.read_text().replace(str(host.root), str(place)))
    return other
