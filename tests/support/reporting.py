"""A pytest plugin for all tests: what a failing test has to say of its bots, and how long each test took.

Where FREQOPS_TOLD names a file, a line of JSON about each test is added to it: its name, its seconds, with those of
what was made ready for it, and why it failed, with the end of its bots' logs.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lab.base.failure import LabError

if TYPE_CHECKING:
    from tests.support.field import Field

VARIABLE = "FREQOPS_TOLD"
BOTS, LOG_LINES = 3, 15
FIRST_LINES, LAST_LINES = 4, 8  # of why a test failed
TELLING = re.compile(r"fatal: |FAILED|ERROR|[^a-z]E    |Error[: ]|REFUSED|CRITICAL|NOT [A-Z]")
SECTION = "its bots"
TAKEN, FAILED = pytest.StashKey[float](), pytest.StashKey[str]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Ask the bots of a test that failed for the end of their logs, at once, before the next test changes them."""
    report = yield
    item.stash[TAKEN] = item.stash.get(TAKEN, 0.0) + report.duration
    if report.failed and call.excinfo is not None:
        bots = "\n".join(end_of_log(field) for field in fields_of(item, call.excinfo))
        if bots:
            report.sections.append((SECTION, bots))
        item.stash[FAILED] = "\n".join(part for part in (reason(report, call.excinfo), bots) if part)
    if report.when == "teardown":
        note(report.nodeid, item.stash[TAKEN], item.stash.get(FAILED, ""))
    return report


def note(test: str, seconds: float, failed: str) -> None:
    """Add a line about a test to the file, where one is wanted."""
    place = os.environ.get(VARIABLE)
    if place:
        line = json.dumps({"test": test, "seconds": round(seconds, 2), "failed": failed})
        with Path(place).open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")


def reason(report: pytest.TestReport, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """Return where a test failed, and why: the first lines, and of many more, as a play has, the telling ones."""
    entry = excinfo.traceback[-1]
    lines = str(excinfo.exconly()).splitlines()
    return "\n".join(
        [f"{report.when}, {entry.path}:{entry.lineno + 1}", *lines[:FIRST_LINES], *telling(lines[FIRST_LINES:])]
    )


def telling(lines: list[str]) -> list[str]:
    """Return all of a few lines; of many, the last ones that tell of a failure, or just the last."""
    if len(lines) <= LAST_LINES:
        return lines
    found = [line for line in lines if TELLING.search(line)] or lines
    return ["…", *found[-LAST_LINES:]]


def fields_of(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> list[Field]:
    """Return the bots that the test was about when it failed, the nearest first, and each once.

    These are the bots in the variables of the functions that it was in, from the innermost outwards, and those that a
    fixture has under the name of a parameter: one of many that are ill in different ways.
    """
    support = sys.modules.get("tests.support.field")
    if support is None:  # no test here has anything to do with a bot
        return []
    found: dict[tuple[str, str], Field] = {}
    for value in _values(item, excinfo):
        if isinstance(value, support.Field):
            found.setdefault((value.host.name, value.bot), value)
    return list(found.values())[:BOTS]


def _values(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> Iterator[Any]:
    for entry in reversed(excinfo.traceback):
        yield from entry.frame.f_locals.values()
    parameters: Iterable[Any] = item.callspec.params.values() if hasattr(item, "callspec") else ()
    for fixture in getattr(item, "funcargs", {}).values():
        if isinstance(fixture, dict):
            yield from (fixture.get(name) for name in parameters if isinstance(name, str))
        yield fixture


def end_of_log(field: Field) -> str:
    """Return the last lines of a bot's log, or why there are none."""
    title = f"bot {field.bot} on {field.host.name}, the end of its log:"
    try:
        done = field.host.run(f"sudo docker logs --tail {LOG_LINES} freqops-{field.bot} 2>&1", seconds=30)
    except (LabError, OSError) as error:
        return f"{title}\n    cannot be read: {error}"
    return "\n".join([title, *(f"    {line}" for line in (done.out + done.err).splitlines())])
