"""strace: what a command wrote, call by call, and the same command killed or failed at one of these calls."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.engine import packages

ROOT = Path(__file__).parents[2]
TIMEOUT = 300
COMMAND = "tests.crash.command"
# Where an architecture lacks one of these, strace passes over it.
OPENING = ("open", "openat", "openat2", "creat")
CALLS = (
    *OPENING,
    *("write", "writev", "pwrite64", "pwritev", "ftruncate", "truncate", "fallocate", "copy_file_range", "sendfile"),
    *("fsync", "fdatasync", "sync_file_range"),
    *("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat"),
    *("mkdir", "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat", "chown", "fchown", "fchownat"),
)
TO_CHANGE = re.compile(r"\bO_(WRONLY|RDWR|CREAT|TRUNC)\b")
TO_SYNC = re.compile(r"\bO_RDONLY\|(?!O_NONBLOCK).*\bO_DIRECTORY\b")  # opendir(3), which only reads, adds O_NONBLOCK
LINE = re.compile(r"^(?P<pid>\d+) +(?P<rest>.*)$")
BEGUN = re.compile(r"^(?P<call>\w+\(.*) <unfinished \.\.\.>$")
RESUMED = re.compile(r"^<\.\.\. \w+ resumed>(?P<rest>.*)$")
WHOLE = re.compile(r"^(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>.*)$")
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
DESCRIPTOR = re.compile(r"^\d+<(.*?)>(?:,|$)")


@dataclass(frozen=True)
class Call:
    """One system call.

    Attributes:
        pid: The thread.
        name: The call.
        paths: The files it names, or the one that its descriptor is open on.
        arguments: All arguments as strace writes them.
        result: What it returned, as strace writes it; ``?`` where it was never known.
        begun: Its place in the order in which calls began.
        ended: Its place in the order in which calls ended; both orders are one.
    """

    pid: int
    name: str
    paths: tuple[str, ...]
    arguments: str
    result: str
    begun: int
    ended: int

    @property
    def succeeded(self) -> bool:
        """Whether it returned, and no error."""
        return not self.result.startswith(("-1", "?"))

    @property
    def data(self) -> bytes:
        """What it wrote."""
        found = TEXT.search(self.arguments)
        return found[1].encode("ascii").decode("unicode_escape").encode("latin-1") if found else b""

    @property
    def touches_the_disk(self) -> bool:
        """Whether it changes a file or a directory, makes that last, or opens one in order to."""
        return self.name not in OPENING or self.opens_to_change or bool(TO_SYNC.search(self.arguments))

    @property
    def opens_to_change(self) -> bool:
        """Whether it opens a file to write to it."""
        return self.name in OPENING and bool(TO_CHANGE.search(self.arguments))


@dataclass(frozen=True)
class Point:
    """One call of a command, as it is met again in every run.

    Attributes:
        name: The call.
        path: The file, from the root of the tree.
        ordinal: Which of the calls of that name on that file it is, in its thread.
    """

    name: str
    path: str
    ordinal: int


def available() -> None:
    """See to it that strace is there.

    Raises:
        LabError: It is missing and cannot be installed; the text is the command to run.
    """
    packages.require(["strace"], ["strace"], lambda text: print(text, file=sys.stderr))  # noqa: T201  a note


def points(calls: list[Call], root: Path) -> list[Point]:
    """Return every call of a run that changed something below ``root``, in its order.

    Raises:
        AssertionError: Another thread did the same to the same file before, so that this call is never met.
    """
    met: Counter[tuple[int, str, str]] = Counter()
    first: dict[tuple[str, str, int], int] = {}
    found: list[Point] = []
    for call in sorted(calls, key=lambda call: call.begun):
        for path in set(call.paths):
            met[call.pid, call.name, path] += 1
            first.setdefault((call.name, path, met[call.pid, call.name, path]), call.pid)
        below = [path for path in call.paths if path.startswith(f"{root}/")]
        if below and call.succeeded and call.touches_the_disk:
            ordinal = met[call.pid, call.name, below[0]]
            assert first[call.name, below[0], ordinal] == call.pid, f"{call} comes second"
            found.append(Point(call.name, below[0][len(str(root)) + 1 :], ordinal))
    return found


def run(
    jobs: list[dict[str, Any]], log: Path, options: list[str], module: str = COMMAND
) -> tuple[list[int], list[Call]]:
    """Run all jobs under strace and return the exit status of each, and all calls.

    Args:
        jobs: What ``module`` reads.
        log: Where strace writes.
        options: What it is to trace and inject.
        module: What runs the jobs.
    """
    tracing = ["strace", "-f", "-y", "-qqq", "-s", "65536", "-e", "signal=none", "-o", str(log), *options]
    codes = untraced(jobs, module, tracing)
    return codes, list(read(log.read_text()))


def untraced(jobs: list[dict[str, Any]], module: str = COMMAND, tracing: Sequence[str] = ()) -> list[int]:
    """Run all jobs and return the exit status of each."""
    done = subprocess.run(
        [*tracing, sys.executable, "-S", "-m", module],
        input="".join(json.dumps(job) + "\n" for job in jobs),
        capture_output=True, text=True, check=False, timeout=TIMEOUT,
        cwd=ROOT, env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
    )  # fmt: skip
    codes = [int(code) for code in done.stdout.split()]
    assert done.returncode == 0, done.stderr
    assert len(codes) == len(jobs), done.stderr
    return codes


def recorded(jobs: list[dict[str, Any]], log: Path, module: str = COMMAND) -> tuple[list[int], list[Call]]:
    """Run all jobs and record what they do to files."""
    return run(jobs, log, ["-e", "trace=" + ",".join(f"?{name}" for name in CALLS)], module)


def injected(
    jobs: list[tuple[dict[str, Any], Path]], name: str, ordinal: int, fault: str, log: Path, module: str = COMMAND
) -> list[int]:
    """Run all jobs, each with a fault at one call, and return their exit status.

    Args:
        jobs: What ``module`` reads, each with the file of its own at which it meets the fault.
        name: The call that all of them meet it at.
        ordinal: At which of these calls on that file.
        fault: The fault, as strace calls it.
        log: Where strace writes.
        module: What runs the jobs.

    Raises:
        AssertionError: The call of a job was not met.
    """
    only = [option for _, path in jobs for option in ("-P", str(path))]
    # The filter, which lets all other calls run at full speed, keeps strace from sending signals.
    quick = [] if fault.startswith("signal") else ["--seccomp-bpf"]
    what = [*quick, "-e", f"trace={name}", "-e", f"inject={name}:{fault}:when={ordinal}"]
    codes, calls = run([job for job, _ in jobs], log, [*only, *what], module)
    hit = {call.paths[0] for call in calls if call.result == "?" or call.result.endswith("(INJECTED)")}
    missed = {str(path) for _, path in jobs} ^ hit
    assert not missed, f"{fault} at {name} {ordinal}: {missed}"
    return codes


def read(log: str) -> Iterator[Call]:
    """Give the calls of a log, in the order in which they ended; those cut short by the end come last."""
    begun: dict[int, tuple[int, str]] = {}
    for place, line in enumerate(log.splitlines()):
        matched = LINE.match(line)
        assert matched, line
        pid, rest = int(matched["pid"]), matched["rest"]
        start = place
        if opened := BEGUN.match(rest):
            begun[pid] = (place, opened["call"])
            continue
        if resumed := RESUMED.match(rest):
            start, first = begun.pop(pid)
            rest = first + resumed["rest"]
        if whole := WHOLE.match(rest):
            yield _call(pid, whole["name"], whole["arguments"], whole["result"], start, place)
    for pid, (place, first) in begun.items():
        name, _, arguments = first.partition("(")
        yield _call(pid, name, arguments, "?", place, place)


def _call(pid: int, name: str, arguments: str, result: str, begun: int, ended: int) -> Call:
    on = DESCRIPTOR.match(arguments)
    paths = (on[1],) if on else tuple(text for text in TEXT.findall(arguments) if text.startswith("/"))
    return Call(pid, name, paths, arguments, result, begun, ended)
