"""The end of `make test`: what each part cost, which tests were slowest, and what failed, with what its bot said."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freqops.core.base.text_table import table
from tests.budget import Budget, Verdict, judged
from tests.support.reporting import telling

SLOWEST = 10
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Part:
    """What one command of a part took.

    Attributes:
        name: The part.
        lane: Whose part it is.
        minutes: How long it ran.
        core_minutes: Processor time here, that of its lab's containers included.
        ok: Whether it went well.
    """

    name: str
    lane: str
    minutes: float
    core_minutes: float
    ok: bool


@dataclass(frozen=True)
class Account:
    """What a whole run cost.

    Attributes:
        text: Tables for the end of the run.
        times: The same for a file.
        missing: Parts that were wanted and did not run, each with its lane.
        verdicts: What is to be said about budgets.
    """

    text: str
    times: dict[str, Any]
    missing: list[tuple[str, str]]
    verdicts: list[Verdict]


def summary(
    parts: Sequence[Part],
    wanted: Sequence[tuple[str, str]],
    known: Collection[str],
    budget: Budget,
    paces: tuple[float, float],
    logs: Path,
) -> Account:
    """Sum up a run.

    Args:
        parts: What ran.
        wanted: What was to run: parts and their lanes.
        known: All parts that there are.
        budget: What they may take.
        paces: Seconds that the work of ``tests/pace.py`` took at the beginning and at the end.
        logs: Where the tests of each part are written down.
    """
    scale = budget.reference / (sum(paces) / len(paces))
    used: dict[str, float] = {}
    minutes: dict[str, float] = {}
    for part in parts:
        used[part.name] = used.get(part.name, 0.0) + part.core_minutes * scale
        minutes[part.name] = minutes.get(part.name, 0.0) + part.minutes
    red = {part.name for part in parts if not part.ok}
    verdicts = judged({name: taken for name, taken in used.items() if name not in red}, known, budget)
    lanes = dict(wanted)
    rows = [
        (name, lanes.get(name, ""), f"{minutes[name]:.1f}", f"{used[name]:.1f}", budget.core_minutes.get(name),
         "FAILED" if name in red else "")
        for name in used
    ]  # fmt: skip
    rows.append(("all", "", "", f"{sum(used.values()):.1f}", None, ""))
    slow = slowest(logs)
    said = [verdict.said for verdict in verdicts]
    text = [
        table(("part", "lane", "minutes", "core-minutes", "budget", ""), rows),
        table(("seconds", "part", "test"), [(f"{seconds:.1f}", part, test) for seconds, part, test in slow]),
        *said,
        (
            f"Core-minutes are scaled to the reference machine, where the work of tests/pace.py takes "
            f"{budget.reference:.2f} s of processor; here it took {paces[0]:.2f} s before and {paces[1]:.2f} s after."
        ),
    ]
    times = {
        "pace": paces,
        "parts": {
            name: {"minutes": round(minutes[name], 2), "core_minutes": round(used[name], 2), "ok": name not in red}
            for name in used
        },
        "slowest": slow,
        "said": said,
    }
    missing = [(name, lane) for name, lane in wanted if name not in used]
    return Account("\n\n".join(part for part in text if part), times, missing, verdicts)


def slowest(logs: Path) -> list[tuple[float, str, str]]:
    """Return seconds, part and name of the tests that took longest, with what was made ready for them."""
    found = [
        (round(float(test["seconds"]), 1), path.stem, str(test["test"]))
        for path in logs.glob("*.jsonl")
        for test in _tests(path)
    ]
    return sorted(found, reverse=True)[:SLOWEST]


def failures(parts: Sequence[Part], missing: Sequence[tuple[str, str]], verdicts: Sequence[Verdict], logs: Path) -> str:
    """Return what failed, for the very end of the run; empty when nothing did."""
    said = [_failed(part, logs) for part in parts if not part.ok]
    said += [f"NOT RUN [{lane}] {name}: its lane or the lab ended before it" for name, lane in missing]
    said += [f"BUDGET {verdict.said}" for verdict in verdicts if verdict.red]
    return "\n\n".join(said)


def _failed(part: Part, logs: Path) -> str:
    """Return the tests of a part that failed, or the telling lines of its log where no test did."""
    tests = [test for test in _tests(logs / f"{part.name}.jsonl") if test["failed"]]
    if tests:
        return "\n\n".join(f"FAILED [{part.lane}] {part.name}: {test['test']}\n{test['failed']}" for test in tests)
    lines = COLOUR.sub("", (logs / f"{part.name}.log").read_text(errors="replace")).splitlines()
    return "\n".join([f"FAILED [{part.lane}] {part.name}; no test of it did:", *telling(lines)])


def _tests(path: Path) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
