# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: the incidents of all hosts of the play at once: listed, shown, opened, taken a step on, checked, exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from freqops.core.base import durable, kinds
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.kinds import Malformed
from freqops.core.base.text_table import table
from freqops.core.base.visible import visible
from freqops.core.bot import inputs
from freqops.core.incident import answer, chain, life
from freqops.core.runs import run_id
from freqops.fleet.fanout import Answer
from freqops.plays import copy_back, exported, fleet, mandate
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import BAD, GOOD, WARNING, show

HEADINGS = ("host", "files")
PATIENCE = 60.0
HEADS = "heads.json"  # of the chain of each host, as this control node knew it last
# As the host calls them, and as they are given here: until is a word of tasks.
FILTERS = {**{name: name for name in ("bot", "kind", "severity", "state", "since")}, "until": "up_to"}
INPUTS = {  # the inputs that each action takes, besides directory and hosts
    "list": tuple(FILTERS.values()),
    "show": ("incident",),
    "open": ("bots", "severity", "run"),
    "acknowledge": ("incident",),
    "close": ("incident", "root_cause", "remedy"),
    "check": (),
    "export": ("incident",),
}


class ActionModule(FleetAction):
    """See library/freqops_incident.py."""

    def act(self) -> dict[str, Any]:
        """Run the action on all hosts, show its result, and fail unless each of them answered."""
        action = self.argument("action", "show")
        self._refuse_meaningless(action)
        if action in ("open", "acknowledge", "close") and self._task.check_mode:
            show(["NOTHING DONE: this was a check"], BAD)
            return {"changed": False, "failed": True, "msg": "NOTHING DONE: this was a check"}
        done: dict[str, Any] = getattr(self, f"_{action}")()
        return {"action": action, **done}

    def _refuse_meaningless(self, action: str) -> None:
        if action not in INPUTS:
            raise Refused(f"action={action} is not one of {', '.join(INPUTS)}")
        given = {name for names in INPUTS.values() for name in names if self.argument(name) not in (None, "")}
        odd = sorted(given - set(INPUTS[action]) - ({"bots"} if self.argument("bots") == inputs.ALL else set()))
        if odd:
            raise Refused(f"{', '.join(odd)} cannot be given with action={action}")
        if "incident" in INPUTS[action]:
            copy_back.checked_id(self.argument("incident"))
        if action == "open" and self.argument("severity") in (None, ""):
            raise Refused(f"action=open needs a severity: {', '.join(life.SEVERITIES)}")

    def _hosts(self) -> list[str]:
        return list(self.argument("hosts") or fleet.chosen("all", self.declared()))

    @property
    def _directory(self) -> Path:
        return Path(self.argument("directory", copy_back.DIRECTORY))

    # --- looking

    def _list(self) -> dict[str, Any]:
        given = {name: self.argument(option) for name, option in FILTERS.items()}
        words = [f"--{name}={value}" for name, value in given.items() if value not in (None, "")]
        answers = self.ask(
            {host: ["incidents", "list", "--json", *words] for host in self._hosts()}, PATIENCE, answer.of_list
        )
        rows = [(each.host, row) for each in answers for row in answer.of_list(each.document or {"incidents": []})]
        wrong = [f"{each.host}: {each.error}" for each in answers if each.document is None]
        lines = table(answer.HEADINGS, answer.cells(rows)).splitlines() if rows else ["no incident"]
        show(["", *lines, *(f"NOT ASKED {text}" for text in wrong)], BAD if wrong else GOOD)
        judged = {"changed": False, "incidents": [{**row, "host": host} for host, row in rows]}
        return {**judged, "failed": True, "msg": "NOT ALL ASKED: " + "; ".join(wrong)} if wrong else judged

    def _show(self) -> dict[str, Any]:
        """Copy the incident, and write its reports."""
        incident = copy_back.checked_id(self.argument("incident"))
        hosts = self._hosts()
        if self._task.check_mode:
            show(["NOTHING FETCHED: this was a check"], WARNING)
            return {"changed": False, "skipped": True, "msg": "NOTHING FETCHED: this was a check"}
        copied = copy_back.fetch(self, self.hostvars, hosts, incident, self._directory)
        words = ["incidents", "show", "--json", incident]
        answers = self.ask(dict.fromkeys(copied.files, words), PATIENCE, answer.of_show) if copied.files else []
        told, unread = _told(answers)
        try:
            written = exported.write_reports(copied, told, unread)
        except (NotProven, OSError) as error:
            written = None
            copied.failed.append(f"a report was not written: {error}")
        return _judged(copied, hosts, written)

    def _export(self) -> dict[str, Any]:
        """Copy the incident, and make one archive of it."""
        done = self._show()
        if self._task.check_mode or done.get("failed"):
            return done
        try:
            made = exported.archive(self._directory, str(self.argument("incident")))
        except (NotProven, OSError) as error:
            show([f"NO ARCHIVE: {error}"], BAD)
            return {**done, "failed": True, "msg": visible(f"NO ARCHIVE: {error}")}
        show([f"archive: {made}"], GOOD)
        return {**done, "archive": str(made)}

    # --- acting

    def _open(self) -> dict[str, Any]:
        given = mandate.of_play(self.variables, life.MANUAL)
        hosts = fleet.chosen(self.argument("bots", inputs.ALL), self.declared())
        said = [f"--incident={given.incident}", f"--actor={given.actor}", f"--description={given.reason}"]
        run = str(self.argument("run", "") or "")
        if run:  # which may be on a host without bots, and is about those alone that were named
            named = {} if self.argument("bots", inputs.ALL) == inputs.ALL else hosts
            hosts = {host: named.get(host, []) for host in self.variables["ansible_play_hosts_all"]}
            said.append(f"--run={inputs.line(run, 'run')}")
        words = ["incidents", "open", "--json", *said, f"--severity={self.argument('severity')}"]
        return self._acted({host: [*words, f"--bots={','.join(bots)}"] for host, bots in hosts.items()}, given.incident)

    def _acknowledge(self) -> dict[str, Any]:
        said = [f"--reason={mandate.reason(self.variables, 'acknowledged')}"]
        return self._step("acknowledge", said)

    def _close(self) -> dict[str, Any]:
        texts = {name: str(self.argument(name, "") or "") for name in ("root_cause", "remedy")}
        life.refuse_unless_explained(texts["root_cause"], texts["remedy"])
        cause, remedy = (inputs.line(text, name) for name, text in texts.items())
        return self._step("close", [f"--root-cause={cause}", f"--action={remedy}"])

    def _step(self, step: str, said: list[str]) -> dict[str, Any]:
        incident = copy_back.checked_id(self.argument("incident"))
        words = ["incidents", step, "--json", f"--actor={mandate.actor()}", *said, incident]
        return self._acted(dict.fromkeys(self._hosts(), words), incident)

    def _acted(self, commands: dict[str, list[str]], incident: str) -> dict[str, Any]:
        """Ask hosts to act, and judge: a host that has no part in the incident is no failure, all of them are one."""
        answers = self.ask(commands, PATIENCE, lambda document: answer.row(document.get("incident")))
        rows = [(each.host, answer.row(each.document["incident"])) for each in answers if each.document is not None]
        silent = [each for each in answers if each.document is None]
        lacking = (f"{answer.ABSENT} ", f"{run_id.ABSENT} ")
        absent = [each.host for each in silent if str(each.error).startswith(lacking)]
        wrong = [f"{each.host}: {each.error}" for each in silent if each.host not in absent]
        if len(absent) == len(answers):
            wrong.append("no host has that run" if self.argument("run", "") else f"no host has an incident {incident}")
        lines = [*table(answer.HEADINGS, answer.cells(rows)).splitlines()] if rows else []
        verdict = f"NOT ALL DONE: {'; '.join(wrong)}" if wrong else "ALL DONE"
        show(["", *lines, *(f"{host}: has no part in it" for host in absent), verdict], BAD if wrong else GOOD)
        judged = {"changed": bool(rows), "incident": incident, "absent": absent}
        judged["incidents"] = [{**row, "host": host} for host, row in rows]
        return {**judged, "failed": True, "msg": verdict} if wrong else judged

    def _check(self) -> dict[str, Any]:
        """Have each host compare, with the head that was known of its chain, and keep those that are whole."""
        path = self._directory / HEADS
        known = _known_heads(path)
        look = ["--look"] if self._task.check_mode else []
        commands = {
            host: ["incidents", "check", "--json", *look, f"--head={known.get(host, chain.EMPTY)}"]
            for host in self._hosts()
        }
        wrong, mended = list[str](), list[str]()
        for each in self.ask(commands, PATIENCE, answer.of_check):
            bad, good, head = _checked(each)
            wrong += bad
            mended += good
            if not bad and head:
                known[each.host] = head
        if not look:
            self._directory.mkdir(mode=copy_back.PRIVATE_DIRECTORY, parents=True, exist_ok=True)
            durable.write_json(path, known, copy_back.PRIVATE_FILE)
        else:
            wrong += mended
        verdict = f"NOT ALL PROVEN: {len(wrong)} wrong" if wrong else "ALL PROVEN"
        said = [f"{'TO MEND' if look else 'MENDED'} {text}" for text in mended]
        show(["", *(f"WRONG {text}" for text in wrong if text not in mended), *said, verdict], BAD if wrong else GOOD)
        judged = {"changed": bool(mended) and not look, "mended": mended, "problems": wrong}
        return {**judged, "failed": True, "msg": verdict + ": " + "; ".join(wrong)} if wrong else judged


def _told(answers: list[Answer]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return row and events of each host, and why there are none of the others."""
    told, unread = dict[str, Any](), dict[str, str]()
    for each in answers:
        try:
            told[each.host] = answer.of_show(each.document or {})
        except Malformed as error:
            unread[each.host] = str(each.error or error)
    return told, unread


def _known_heads(path: Path) -> dict[str, str]:
    """Return the heads that this control node knew; a file that cannot be read is an error, not an empty one.

    Raises:
        Refused: It is there, and cannot be read.
    """
    if not path.exists():
        return {}
    found = durable.read_json(path)
    if not isinstance(found, dict) or not all(kinds.text(v) and chain.HEAD.fullmatch(v) for v in found.values()):
        raise Refused(f"{path} cannot be read: it has the heads that hosts are held to; put a copy of it back")
    return found


def _checked(each: Answer) -> tuple[list[str], list[str], str]:
    """Return what a host found wrong, what it mended, and its head."""
    if each.document is None:
        return [f"{each.host}: {each.error}"], [], ""
    try:
        problems, mended, head = answer.of_check(each.document)
    except Malformed as error:
        return [f"{each.host}: {error}"], [], ""
    return [f"{each.host}: {text}" for text in problems], [f"{each.host}: {text}" for text in mended], head


def _judged(copied: copy_back.Copied, hosts: list[str], written: exported.Written | None) -> dict[str, Any]:
    judged: dict[str, Any] = {"changed": False, "files": copied.files, "absent": copied.absent}
    rows = [[host, copied.files.get(host, "no such incident" if host in copied.absent else None)] for host in hosts]
    lines = ["", *table(HEADINGS, rows).splitlines(), *(f"NOT FETCHED {text}" for text in copied.failed)]
    if copied.report.is_file():
        judged["report"] = str(copied.report)
        judged["summary"] = durable.read_json(copied.report.with_name(copy_back.SUMMARY))
        lines.append(f"report: {copied.report}")
    if written is not None:
        judged.update(six_fields=str(written.six_fields), page=str(written.page))
        lines += [f"in six fields: {written.six_fields}", f"page: {written.page}"]
    show(lines, BAD if copied.failed else GOOD)
    if copied.failed:
        judged.update(failed=True, msg="NOT ALL FETCHED: " + "; ".join(copied.failed))
    return judged
