"""`make prove`: what `make test` samples in full count, then every mutant of tests/mutants.toml must turn its test red.

A mutant is one small change that breaks one promised behaviour. Where its test needs the lab, it is applied in place
when the counted tests are over, the host's copy of freqops-host is replaced on the lab's hosts, the test is run, and
everything is put back, whatever happens. What needs no lab is done at the same time in copies of the sources, as many
as there are processors, with what the lab leaves of them. A run that was ended goes on where it was, as long as no
source has changed.
"""

from __future__ import annotations

import base64
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from freqops.core.base.text_table import table
from freqops.core.deploy.zipapp import build
from lab.base.paths import INVENTORY
from lab.hosts.host import Host
from lab.hosts.roster import HOSTS
from tests.forks import Forks
from tests.progress import Progress, files, fingerprint

ROOT = Path(__file__).resolve().parents[1]
IN_FULL = "FREQOPS_PROVE"  # the setting by which a test counts in full


def counting(root: Path) -> list[str]:
    """Return the files of tests that need no lab and count: those that name the setting, or whose helpers do."""
    single = [path for path in (root / "tests/unit").rglob("test_*.py") if f'"{IN_FULL}"' in path.read_text()]
    files = [path.relative_to(root).as_posix() for path in (*single, *(root / "tests/crash").glob("test_*.py"))]
    return [*sorted(files), "tests/halt_model"]


OFF_THE_LAB = ("tests/unit", "tests/shipped", "tests/crash", "tests/halt_model")
COUNTED_ON_THE_LAB = (
    "tests/rollout",
    "tests/adoption",
    "molecule/rollout/tests",
    "molecule/backup/tests/test_moved_hosts.py",
    "molecule/backup/tests/test_elsewhere.py",
    "molecule/backup/tests/test_upgrade.py",
    "molecule/pages/tests",
)
ON_THE_LAB = ("molecule/", "tests/contract/")
WORDS = ("-q", "-p", "no:cacheprovider")
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}  # what is imported is compiled once, whatever a terminal says
SECONDS = count(2)  # for each mutant others
INSTALL = """
sudo install -m 0755 /dev/stdin /usr/local/bin/freqops-host
for conf in /srv/freqops/bots/*/conf; do sudo install -m 0555 /usr/local/bin/freqops-host "$conf/freqops-host"; done
"""


@dataclass(frozen=True)
class Mutant:
    """One change, and the test that must notice it.

    Attributes:
        name: The broken promise, in words.
        file: Where the change is made.
        old: What stands there, exactly once.
        new: What stands there instead.
        test: What must turn red.
        seed: With which, where the test is random and not every seed meets the change.
    """

    name: str
    file: str
    old: str
    new: str
    test: str
    seed: int | None = None

    @property
    def on_the_lab(self) -> bool:
        """Whether its test runs on a lab host."""
        return self.test.startswith(ON_THE_LAB)


def load() -> list[Mutant]:
    """Return all mutants; each must still apply, exactly once."""
    mutants = [Mutant(**entry) for entry in tomllib.loads((ROOT / "tests/mutants.toml").read_text())["mutant"]]
    for mutant in mutants:
        found = (ROOT / mutant.file).read_text().count(mutant.old)
        if found != 1:
            raise SystemExit(f"mutant {mutant.name!r}: its text stands {found} times in {mutant.file}, not once")
    return mutants


@contextmanager
def applied(mutant: Mutant, root: Path) -> Iterator[None]:
    """Break one behaviour for the block, in the sources at ``root``."""
    path = root / mutant.file
    original, known = path.read_text(), path.stat()
    path.write_text(original.replace(mutant.old, mutant.new))
    # Compiled code is known by size and second of its file, and programs that tests start keep theirs: no second twice.
    os.utime(path, (known.st_atime, known.st_mtime + next(SECONDS)))
    try:
        if mutant.on_the_lab:
            install()
        yield
    finally:
        path.write_text(original)
        os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))
        if mutant.on_the_lab:
            install()


def install() -> None:
    """Bring freqops-host, as the sources are now, to the lab's hosts and into their bots' start gates."""
    tool = base64.b64encode(build(ROOT / "src/freqops")).decode()
    command = f"set -e; base64 --decode > /tmp/freqops-host; sh -ec '{INSTALL}' < /tmp/freqops-host"
    for spec in HOSTS:
        done = Host(spec.name).run(command, stdin=tool)
        if done.rc != 0:
            raise SystemExit(f"freqops-host could not be installed on {spec.name}: {done.err}")


@dataclass(frozen=True)
class Place:
    """Sources, and how tests are run in them.

    Attributes:
        root: Their directory.
        run: Takes the words for pytest, the directory and settings; returns the status of pytest and its output.
    """

    root: Path
    run: Callable[[Sequence[str], Path, Mapping[str, str]], tuple[int, str]]


@contextmanager
def sources() -> Iterator[Path]:
    """Copy the sources for the block, as git knows them, and lend the copy the environment that is here."""
    with tempfile.TemporaryDirectory(prefix="freqops-mutants-") as place:
        root = Path(place).resolve()
        for name in files(ROOT):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
        (root / ".venv").symlink_to(ROOT / ".venv")
        yield root


@contextmanager
def copy() -> Iterator[Place]:
    """Copy the sources for the block, compiled, and run tests there in forks."""
    with sources() as root:
        status, said = run([*WORDS, "--collect-only", *OFF_THE_LAB], root, COMPILED)
        if status != 0:
            raise SystemExit(f"the tests cannot be found in a copy of the sources:\n{said[-4000:]}")
        with Forks() as forks:
            yield Place(root, forks.run)


def run(words: Sequence[str], root: Path, settings: Mapping[str, str]) -> tuple[int, str]:
    """Run pytest in the sources at ``root`` and return its status and output."""
    path = os.pathsep.join([str(root / "src"), str(root)])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=root, env={**os.environ, **settings, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


HERE = Place(ROOT, run)


def killed(mutant: Mutant, place: Place) -> bool:
    """Return whether the mutant's test is red under it; a test that cannot even be found proves nothing."""
    seed = {} if mutant.seed is None else {"FREQOPS_SEED": str(mutant.seed)}
    settings = {**seed, "PYTHONDONTWRITEBYTECODE": "1"}
    with applied(mutant, place.root):
        status, said = place.run([*WORDS, "-x", mutant.test], place.root, settings)
    if status not in (0, 1):
        raise SystemExit(f"mutant {mutant.name!r}: {mutant.test} did not run:\n{said[-4000:]}")
    return status == 1


def counted(test: str, place: Place) -> bool:
    """Run the whole of what `make test` samples: a count, with its seed, or every way in which a deploy may fail."""
    begun = time.monotonic()
    status, said = place.run([*WORDS, test], place.root, {IN_FULL: "1"})
    sys.stdout.write(f"{test} in full, {(time.monotonic() - begun) / 60:.1f} minutes:\n{said}")
    sys.stdout.flush()
    return status == 0


def deployed() -> None:
    """Have the lab as its inventory says, for a mutant must turn its test red, and no bare host.

    Raises:
        SystemExit: It cannot be deployed.
    """
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "playbooks/deploy.yml", "-i", str(INVENTORY)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"the lab cannot be deployed after a counted test:\n{done.stdout[-4000:]}")


@dataclass
class Outcome:
    """What came of tests and mutants.

    Attributes:
        counted: Whether the counted tests passed.
        rows: Mutant, file and result, for each that was tried.
    """

    counted: bool = True
    rows: list[tuple[str, str, str]] = field(default_factory=list)


def proven(work: deque[str | Mutant], place: Place, stop: threading.Event, progress: Progress) -> Outcome:
    """Run counted tests and try mutants until none is left; begin no more of them when ``stop`` comes in between.

    Args:
        work: What is left, also for others who take from it: counted tests, each by its name, and mutants.
        place: The sources that the work is done in.
        stop: When to begin no more.
        progress: Where to keep what passed.
    """
    outcome = Outcome()
    while not stop.is_set():
        try:
            case = work.popleft()
        except IndexError:
            break
        if isinstance(case, str):
            passed = counted(case, place)
            outcome.counted &= passed
            if case in COUNTED_ON_THE_LAB:
                deployed()
        else:
            passed = killed(case, place)
            result = "killed" if passed else "SURVIVED"
            outcome.rows.append((case.name, case.file, result))
            sys.stdout.write(f"{result}: {case.name} ({len(work)} left)\n")
            sys.stdout.flush()
        if passed:
            progress.add(name(case))
    return outcome


def name(case: str | Mutant) -> str:
    """Return the name under which a case is kept."""
    return case if isinstance(case, str) else f"mutant: {case.name}"


def main() -> int:
    """Run the counted tests and every mutant, or only the mutants whose names contain a word given."""
    words = sys.argv[1:]
    mutants = [mutant for mutant in load() if not words or any(word in mutant.name for word in words)]
    progress = Progress(ROOT / ".cache/prove.jsonl", fingerprint(ROOT))
    seed = random.SystemRandom().randrange(2**32)
    random.Random(seed).shuffle(mutants)  # noqa: S311  an order, not a secret
    before: set[str] = set() if words else progress.shown

    def left(tests: Sequence[str], *, on_the_lab: bool) -> deque[str | Mutant]:
        cases: list[str | Mutant] = [] if words else [*tests]
        cases += (mutant for mutant in mutants if mutant.on_the_lab == on_the_lab)
        return deque(case for case in cases if name(case) not in before)

    at_the_lab, others = left(COUNTED_ON_THE_LAB, on_the_lab=True), left(counting(ROOT), on_the_lab=False)
    stop = threading.Event()
    share = len(os.sched_getaffinity(0))
    with ExitStack() as stack, ThreadPoolExecutor(max_workers=share) as pool:
        places = [stack.enter_context(copy()) for _ in range(share)]
        apart = [pool.submit(proven, others, place, stop, progress) for place in places]
        try:
            outcomes = [proven(at_the_lab, HERE, stop, progress)]
            outcomes += [each.result() for each in apart]
        finally:
            stop.set()
    rows = [(mutant.name, mutant.file, "killed") for mutant in mutants if name(mutant) in before]
    rows += [row for outcome in outcomes for row in outcome.rows]
    if before:
        sys.stdout.write(f"{len(before)} of these were done by runs on the same sources since {progress.began}\n")
    return reported(rows, seed, whole=all(outcome.counted for outcome in outcomes))


def reported(rows: list[tuple[str, str, str]], seed: int, *, whole: bool) -> int:
    """Write what came of it all, and return the exit status."""
    alive = sum(1 for row in rows if row[2] != "killed")
    sys.stdout.write(table(("mutant", "file", "result"), rows) + "\n")
    sys.stdout.write(
        f"mutants: {len(rows)}, killed: {len(rows) - alive}, survived: {alive}, seed of their order: {seed}\n"
    )
    if not whole:
        sys.stdout.write("a counted test failed; see above\n")
    return 1 if alive or not rows or not whole else 0


if __name__ == "__main__":
    sys.exit(main())
