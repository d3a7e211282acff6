# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: rehearse a restore on all hosts at once, write page and record, and bring the evidence here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from freqops.core.backup import restore_drill
from freqops.core.backup.restore_drill import Answer
from freqops.core.base import durable
from freqops.core.base.text_table import table
from freqops.plays import copy_back, fleet, mandate
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import BAD, GOOD, show

DIRECTORY = Path(__file__).resolve().parents[1] / "drills"
PATIENCE = 3600.0  # for each bot of a host, and once more for taking the snapshots out
PRIVATE_FILE, PRIVATE_DIRECTORY = 0o600, 0o700


class ActionModule(FleetAction):
    """See library/freqops_restore_drill.py."""

    def act(self) -> dict[str, Any]:
        """Rehearse, show the table, write the files, and fail unless all of it passed on every host."""
        named, hosts = self.argument("bots", "all"), self.declared()
        meant = fleet.reached(named, hosts)
        given = mandate.of_play(self.variables, "restore-drill", default="restore drill")
        if self._task.check_mode:
            return {"failed": True, "msg": "NOTHING REHEARSED: this was a check"}
        words = ["--json", *mandate.words(given)]
        repository = self.argument("repository", "")
        words += [f"--repository={repository}"] if repository else []
        chosen = {host: [] if named == "all" else [f"--bots={','.join(bots)}"] for host, bots in meant.items()}
        commands = {host: ["restore-drill", *words, *chosen[host]] for host in meant}
        patience = PATIENCE * (1 + max(map(len, meant.values())))
        said = self.ask(commands, patience, restore_drill.check)
        answers = [(each.host, restore_drill.read(each.document)) for each in said if each.document is not None]
        silent = [f"{each.host}: NO ANSWER: {each.error or 'no output'}" for each in said if not each.document]
        page = _written(given.incident, restore_drill.page(given.incident, given.reason, given.actor, answers, silent),
                        restore_drill.record(given.incident, answers, silent))  # fmt: skip
        copied = copy_back.copy_back(self, self.hostvars, list(meant), given.incident, copy_back.DIRECTORY)
        return _judged(answers, silent, page, copied)


def _written(incident: str, page: str, record: dict[str, Any]) -> Path:
    """Write page and record, and return the path of the page."""
    DIRECTORY.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
    path = DIRECTORY / f"{incident}.md"
    durable.write_new(path, page.encode(), PRIVATE_FILE)
    durable.write_new(path.with_suffix(".json"), durable.as_json(record), PRIVATE_FILE)
    return path


def _judged(
    answers: list[tuple[str, Answer]], silent: list[str], page: Path, copied: tuple[Path, list[str]]
) -> dict[str, Any]:
    report, failed = copied
    wrong = [*silent, *(text for host, answer in answers for text in restore_drill.wrong(host, answer))]
    wrong += [f"NOT FETCHED {text}" for text in failed]
    rows = table(restore_drill.HEADINGS, restore_drill.rows(answers)).splitlines()
    details = [text for host, answer in answers for text in restore_drill.lines(host, answer)]
    verdict = "FAILED" if wrong else "PASSED"
    show(["", *rows, *silent, *details, verdict, f"page: {page}", f"report: {report}"], BAD if wrong else GOOD)
    judged: dict[str, Any] = {
        "changed": any(answer.bots for _, answer in answers),
        "page": str(page),
        "record": str(page.with_suffix(".json")),
        "report": str(report),
        "hosts": {host: answer.to_json() for host, answer in answers},
    }
    if wrong:
        judged.update(failed=True, msg=f"THE RESTORE DRILL HAS FAILED: {'; '.join(wrong)}")
    return judged
