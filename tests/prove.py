"""`make prove`: what `make test` samples in full count, then every mutant of tests/mutants.toml must turn its test red.

A mutant is one small change that breaks one promised behaviour. It is applied in place, the host's copy of freqops-host
is replaced on the hosts where the test runs on the lab, the test is run, and everything is put back, whatever happens.
"""

from __future__ import annotations

import base64
import os
import random
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from freqops.core.table import table
from freqops.core.zipapp import build
from lab.hosts import Host
from lab.roster import HOSTS

ROOT = Path(__file__).resolve().parents[1]
COUNTED = (
    "tests/unit/exchange/test_ledger.py",
    "tests/crash/test_torn_reads.py",
    "tests/halt_model",
    "tests/rollout",  # this and the others on a lab that is deployed
    "tests/adoption",
    "molecule/halt/tests",
)
ON_THE_LAB = "molecule/"
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
def applied(mutant: Mutant) -> Iterator[None]:
    """Break one behaviour for the block."""
    path = ROOT / mutant.file
    original = path.read_text()
    path.write_text(original.replace(mutant.old, mutant.new))
    try:
        if mutant.on_the_lab:
            install()
        yield
    finally:
        path.write_text(original)
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


def killed(mutant: Mutant) -> bool:
    """Return whether the mutant's test is red under it; a test that cannot even be found proves nothing."""
    seed = {} if mutant.seed is None else {"FREQOPS_SEED": str(mutant.seed)}
    with applied(mutant):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", mutant.test],
            cwd=ROOT, env={**os.environ, **seed}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode not in (0, 1):
        raise SystemExit(
            f"mutant {mutant.name!r}: {mutant.test} did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return done.returncode == 1


def counted() -> bool:
    """Run what `make test` samples in its whole: counts, each with its seed, and every disease of a deploy."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *COUNTED]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "FREQOPS_PROVE": "1"}, check=False)
    return done.returncode == 0


def main() -> int:
    """Run the counted tests and every mutant, or only the mutants whose names contain a word given."""
    words = sys.argv[1:]
    whole = bool(words) or counted()
    mutants = [mutant for mutant in load() if not words or any(word in mutant.name for word in words)]
    seed = random.SystemRandom().randrange(2**32)
    random.Random(seed).shuffle(mutants)  # noqa: S311  an order, not a secret
    rows = []
    for number, mutant in enumerate(mutants, 1):
        sys.stdout.write(f"{number}/{len(mutants)} {mutant.name} …\n")
        sys.stdout.flush()
        rows.append((mutant.name, mutant.file, "killed" if killed(mutant) else "SURVIVED"))
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
