# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: the runs of all hosts of the play at once: listed, shown, compared, exported, indexed, pruned."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.text_table import table
from freqops.core.base.visible import visible
from freqops.core.results.document import Document
from freqops.core.retention import answer as retention_answer
from freqops.core.runs import run_id, run_order, run_tables, runs_answer
from freqops.fleet.fanout import Answer
from freqops.plays import mandate, run_acts, run_pages
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import BAD, GOOD, WARNING, show

PATIENCE = 60.0
LONG_PATIENCE = 3600.0  # of an index, which may read gigabytes, and of a removal
MOST, AT_ONCE = 10_000, 2_000
FILTERS = {**{name: name for name in ("kind", "strategy", "bot", "status", "since")}, "until": "up_to"}
INPUTS = {  # the inputs that each action takes, besides directory
    "list": (*FILTERS.values(), "limit", "page"),
    "export": tuple(FILTERS.values()),
    "show": ("run",),
    "compare": ("run",),
    "index": (),
    "prune": ("days", "keep"),
    "follow": ("run",),
    "cancel": ("run",),
    "reproduce": ("run", "wait", "force"),
}
LIMIT = 50
RUN = re.compile(r"[^\s,\x00-\x1f\x7f-][^\s,\x00-\x1f\x7f]{0,199}")
CHECKED = "NOTHING WRITTEN: this was a check"


class ActionModule(FleetAction):
    """See library/freqops_runs.py."""

    def act(self) -> dict[str, Any]:
        """Run the action on all hosts, show its result, and fail unless each of them answered."""
        action = str(self.argument("action", "list"))
        if action not in INPUTS:
            raise Refused(f"action={action} is not one of {', '.join(INPUTS)}")
        given = {name for names in INPUTS.values() for name in names if self.argument(name) not in (None, "")}
        odd = sorted(given - set(INPUTS[action]))
        if odd:
            raise Refused(f"{', '.join(odd)} cannot be given with action={action}")
        done: dict[str, Any] = getattr(self, f"_{action}")()
        return {"action": action, **done}

    def _hosts(self) -> list[str]:
        return list(self.variables["ansible_play_hosts_all"])

    @property
    def _directory(self) -> Path:
        return Path(self.argument("directory", run_pages.DIRECTORY))

    def _number(self, name: str, default: int | None, most: int) -> int:
        text = str(self.argument(name, "" if default is None else default))
        if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= most:
            raise Refused(f"{name} is {visible(text, 40)!r}; allowed: a whole number from 1 to {most}")
        return int(text)

    # --- looking

    def _list(self) -> dict[str, Any]:
        """Show a page of the runs of all hosts: each host gives as many as the pages until then have."""
        limit, page = self._number("limit", LIMIT, MOST), self._number("page", 1, MOST)
        if limit * page > MOST:
            raise Refused(f"page {page} of {limit} runs each is beyond {MOST} runs; filter, or export them")
        rows, total, wrong = self._rows([f"--limit={limit * page}"])
        first = limit * (page - 1)
        shown = runs_answer.merged(rows)[first : first + limit]
        lines = table(runs_answer.HEADINGS, runs_answer.cells(shown)).splitlines() if shown else []
        lines.append(run_tables.counted(len(shown), total, first + 1) if shown else "no run")
        show(["", *lines, *(f"NOT ASKED {text}" for text in wrong)], BAD if wrong else GOOD)
        judged = {"changed": False, "runs": [{**row, "host": host} for host, row in shown], "total": total}
        return _failed(judged, "NOT ALL ASKED", wrong)

    def _rows(self, words: Sequence[str]) -> tuple[list[tuple[str, Mapping[str, Any]]], int, list[str]]:
        """Ask hosts for runs, and return them, how many there are, and why others said nothing."""
        given = {name: self.argument(option) for name, option in FILTERS.items()}
        filters = [f"--{name}={value}" for name, value in given.items() if value not in (None, "")]
        commands = {host: ["runs", "list", "--json", *words, *filters] for host in self._hosts()}
        answers = self.ask(commands, PATIENCE, runs_answer.of_list)
        told = [(each.host, *runs_answer.of_list(each.document)) for each in answers if each.document is not None]
        rows: list[tuple[str, Mapping[str, Any]]] = [(host, row) for host, found, _ in told for row in found]
        return rows, sum(total for _, _, total in told), _silent(answers)

    def _export(self) -> dict[str, Any]:
        """Write all runs that are wanted as CSV and as JSON."""
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        page, more, total = 0, True, 1
        while more and len(found) < total:
            page += 1
            rows, total, wrong = self._rows([f"--limit={AT_ONCE}", f"--page={page}"])
            if wrong:
                show([f"NOT ASKED {text}" for text in wrong], BAD)
                return _failed({"changed": False}, "NOT ALL ASKED, nothing was written", wrong)
            found.update({(host, row["id"]): row for host, row in rows})
            more = bool(rows)
        if self._task.check_mode:
            show([CHECKED], WARNING)
            return {"changed": False, "skipped": True, "msg": CHECKED}
        merged = runs_answer.merged((host, row) for (host, _), row in found.items())
        named = [{**row, "host": host} for host, row in merged]
        try:
            paths = [str(path) for path in run_pages.exported(self._directory, named)]
        except OSError as error:
            return _failed({"changed": False}, "NOT WRITTEN", [str(error)])
        show([f"{len(named)} runs: {path}" for path in paths], GOOD)
        return {"changed": False, "total": len(named), "files": paths}

    def _show(self) -> dict[str, Any]:
        """Show runs, and write a page of each."""
        found, wrong = self._documents()
        lines = [line for host, each in found for line in ("", f"host: {host}", *run_tables.shown(each))]
        show(lines, GOOD)
        documents = [run_pages.of_host(host, each) for host, each in found]
        return self._with_pages(found, wrong, lambda: run_pages.each(self._directory, documents))

    def _compare(self) -> dict[str, Any]:
        """Show runs beside each other, and write one page of them."""
        found, wrong = self._documents()
        if len(found) < 2:
            wrong.append("there are fewer than two to compare")
            return self._with_pages(found, wrong, list)
        if len(found) > len(run_tables.LETTERS):
            raise Refused(f"{len(found)} runs are more than the {len(run_tables.LETTERS)} that are compared at once")
        documents = [run_pages.of_host(host, each) for host, each in found]
        show(["", *run_tables.compared(documents)], GOOD)
        wrong += [f"{host} {each.run['id']}: {note}" for host, each in found for note in each.notes]
        return self._with_pages(found, wrong, lambda: run_pages.together(self._directory, documents))

    def _documents(self) -> tuple[list[tuple[str, Document]], list[str]]:
        """Return the runs that are named, in that order, each with its host, and what was not had.

        Raises:
            Refused: No run is named, or what is named cannot be one.
        """
        named = [text.strip() for text in str(self.argument("run", "")).split(",") if text.strip()]
        odd = [text for text in named if not RUN.fullmatch(text)]
        if not named or odd or len(set(named)) != len(named):
            raise Refused("name runs by their ids, each once, with commas between them; -e action=list has them")
        words = ["runs", "show", "--json", *named]
        answers = self.ask(dict.fromkeys(self._hosts(), words), PATIENCE, runs_answer.of_documents)
        silent = [each for each in answers if each.document is None]
        wrong = [f"{each.host}: {each.error}" for each in silent if not str(each.error).startswith(run_id.ABSENT)]
        told = [(each.host, one) for each in answers if each.document is not None
                for one in runs_answer.of_documents(each.document)]  # fmt: skip
        there = {one.run["id"] for _, one in told}
        wrong += [f"no host has a run {run}" for run in named if run not in there]
        return sorted(told, key=lambda each: (named.index(each[1].run["id"]), each[0])), wrong

    def _with_pages(
        self, found: Sequence[tuple[str, Document]], wrong: list[str], pages: Callable[[], list[Path]]
    ) -> dict[str, Any]:
        """Write the pages of runs, and return the result of the task."""
        written = list[str]()
        try:
            written = [] if self._task.check_mode else [str(path) for path in pages()]
        except (NotProven, OSError) as error:
            wrong.append(f"a page was not written: {error}")
        said = [CHECKED] if self._task.check_mode else [f"page: {path}" for path in written]
        show([*said, *(f"NOT SHOWN {text}" for text in wrong)], BAD if wrong else GOOD)
        rows = [{**each.run, "host": host, "metrics": each.metrics} for host, each in found]
        return _failed({"changed": False, "runs": rows, "pages": written}, "NOT ALL SHOWN", wrong)

    # --- acting

    def _index(self) -> dict[str, Any]:
        look = ["--look"] if self._task.check_mode else []
        words = ["runs", "index", "--json", *look]
        wrong, rows, changed = list[str](), list[list[Any]](), False
        for each in self.ask(dict.fromkeys(self._hosts(), words), LONG_PATIENCE, runs_answer.of_index):
            if each.document is None:
                wrong.append(f"{each.host}: {each.error}")
                continue
            done = runs_answer.of_index(each.document)
            wrong += [f"{each.host}: {text}" for text in done["problems"]]
            changed = changed or done["changed"]
            rows.append([each.host, len(done["taken"]), len(done["updated"]), done["unchanged"], len(done["problems"])])
        lines = table(("host", "taken", "updated", "unchanged", "not read"), rows).splitlines() if rows else []
        said = ["NOTHING WRITTEN, this was a look"] if look else []
        show(["", *lines, *(f"NOT READ {text}" for text in wrong), *said], BAD if wrong else GOOD)
        return _failed({"changed": changed, "hosts": [row[0] for row in rows]}, "NOT ALL READ", wrong)

    def _prune(self) -> dict[str, Any]:
        days, keep = self._number("days", None, 100_000), self._number("keep", 20, 1_000_000)
        given = mandate.of_play(self.variables, "runs", "old runs are removed")
        look = ["--look"] if self._task.check_mode else mandate.words(given)
        words = ["runs", "prune", "--json", f"--days={days}", f"--keep={keep}", *look]
        answers = self.ask(dict.fromkeys(self._hosts(), words), LONG_PATIENCE, retention_answer.read)
        wrong, changed = _silent(answers), False
        for each in [each for each in answers if each.document is not None]:
            done = retention_answer.read(each.document)
            show(["", *(f"{each.host}: {line}" for line in done.lines())], GOOD if done.proven else BAD)
            wrong += [f"{each.host}: {text}" for text in done.wrong()]
            changed = changed or done.changed
        show([f"NOT REMOVED {text}" for text in wrong], BAD)
        return _failed({"changed": changed}, "NOT ALL PROVEN", wrong)

    # --- of one run, where it is

    def _follow(self) -> dict[str, Any]:
        return run_acts.follow(self, self._hosts(), self._one_run())

    def _cancel(self) -> dict[str, Any]:
        return run_acts.cancel(self, self._hosts(), self._one_run())

    def _reproduce(self) -> dict[str, Any]:
        wait = run_order.wait(self.argument("wait"))
        return run_acts.reproduce(self, self._hosts(), self._one_run(), wait, force=self.truth("force"))

    def _one_run(self) -> str:
        return run_id.checked(str(self.argument("run", "")))


def _silent(answers: Sequence[Answer]) -> list[str]:
    return [f"{each.host}: {each.error}" for each in answers if each.document is None]


def _failed(judged: dict[str, Any], title: str, wrong: Sequence[str]) -> dict[str, Any]:
    return {**judged, "failed": True, "msg": f"{title}: {'; '.join(wrong)}"} if wrong else judged
