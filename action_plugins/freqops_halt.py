# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: halt bots on all hosts of the play at once, and report every one of them."""

from __future__ import annotations

from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.bot import inputs
from freqops.core.halt import kill_level, time_limits
from freqops.core.halt.fleet_answer import FleetAnswer, HostAnswer
from freqops.core.halt.kill_level import KillLevel
from freqops.fleet.fanout import Answer
from freqops.plays import connections, copy_back, fleet, mandate
from freqops.plays.fleet_action import NO_HOST, FleetAction
from freqops.plays.inventory_bots import Lost
from freqops.plays.output import BAD, GOOD, WARNING, show

COPYING = 30.0  # for the evidence, after the table: of all hosts and all incidents together
ENDING = 2.0  # of that time: to end what still runs, to write, and for Ansible to end


class ActionModule(FleetAction):
    """See library/freqops_halt.py."""

    def act(self) -> dict[str, Any]:
        """Halt, show each row when it is there and the table at the end, and fail unless everything is proven."""
        level = kill_level.parse(self.argument("level"))
        deadline = inputs.deadline(self.argument("deadline"))
        hosts = fleet.chosen(self.argument("bots"), self.declared())
        given = mandate.of_play(self.variables, f"halt{level}", mandate.no_reason())
        if self._task.check_mode:
            show(["NOTHING HALTED: this was a check"], BAD)
            return {"failed": True, "msg": "NOTHING HALTED: this was a check"}
        lost = self.lost_or_why()
        words = ["halt", "--json", f"--level={level}", *mandate.words(given)]
        words += [f"--deadline={deadline}"] if deadline is not None else []
        everything = self.argument("bots") == inputs.ALL
        commands = {host: [*words, f"--bots={inputs.ALL if everything else ','.join(hosts[host])}"] for host in hosts}
        if everything and level == KillLevel.FLATTEN:
            show([fleet.what_is_sold(self.hostvars, list(hosts))], WARNING)
        asked = _Asked(level, hosts)
        limit = time_limits.of_a_host(level, deadline)
        said = connections.ask(self, self.hostvars, commands, limit, None, asked.arrived)
        answers = [asked.answer(answer) for answer in said]
        result = FleetAnswer(level, given.incident, [*answers, *_not_halted(lost, answers)])
        good = WARNING if result.left_alone else GOOD
        show(["", *result.lines()], good if result.proven else BAD)
        show(result.next_commands())
        self._copy_back(result, {answer.host: answer.trace for answer in said if answer.trace is not None})
        judged = {"changed": result.changed, "incident": given.incident, "bots": result.to_json()}
        return judged if result.proven else {**judged, "failed": True, "msg": _message(result)}

    def _copy_back(self, result: FleetAnswer, traces: dict[str, str]) -> None:
        """Bring the evidence here, when everything else is done: a host that does not give it spoils no halt."""
        clock = Clock()
        end = clock.monotonic() + COPYING
        for host, why in result.unheard().items():
            _not_copied(f"{host}: {why}", result.incident)
        if traces:
            show(copy_back.keep_traces(traces, result.incident, copy_back.DIRECTORY))
        own_first = sorted(result.incidents().items(), key=lambda each: (each[0] != result.incident, -len(each[1])))
        if own_first:
            show([f"evidence is copied, for {COPYING:.0f} s at most"])
        for incident, hosts in own_first:
            left = end - clock.monotonic()
            if left > ENDING:
                self._copy_one(incident, hosts, left - ENDING)
            else:
                _not_copied(f"{', '.join(hosts)}: the time for it is over", incident)

    def _copy_one(self, incident: str, hosts: list[str], seconds: float) -> None:
        try:
            report, failed = copy_back.copy_back(self, self.hostvars, hosts, incident, copy_back.DIRECTORY, seconds)
        except Exception as error:  # noqa: BLE001  the halt is over and told: nothing here may change that
            failed, report = [f"{type(error).__name__}: {error}"], copy_back.DIRECTORY
        for line in failed:
            _not_copied(line, incident)
        if not failed:
            show([f"report: {report}"])


class _Asked:
    """The answers of the hosts so far; each row is shown when it is there."""

    def __init__(self, level: int, hosts: dict[str, list[str]]) -> None:
        self._level, self._hosts = level, hosts
        self._answers: dict[str, HostAnswer] = {}

    def arrived(self, answer: Answer) -> None:
        """Take in and show the answer of one host."""
        host = HostAnswer.of(answer.host, self._hosts[answer.host], answer.document, answer.error)
        for line, row in zip(host.lines(self._level), host.rows(self._level), strict=True):
            show([line], GOOD if row.proven else BAD)
        self._answers[answer.host] = host

    def answer(self, answer: Answer) -> HostAnswer:
        """Return the answer of a host; one without an answer is silent, and one that cannot be read has an error."""
        silent = HostAnswer(answer.host, self._hosts[answer.host], error=answer.error, silent=answer.document is None)
        return self._answers.get(answer.host, silent)


def _not_copied(text: str, incident: str) -> None:
    show([f"NOT COPIED: {text}; later: incident.yml -e incident={incident}"], WARNING)


def _not_halted(lost: list[Lost], answers: list[HostAnswer]) -> list[HostAnswer]:
    """Return an answer for each of the lost bots that no host has answered for."""
    known = {(answer.host, row.bot) for answer in answers if answer.answer for row in answer.answer.rows}
    left = [bot for bot in lost if (bot.host, bot.bot) not in known]
    return [HostAnswer(bot.host or NO_HOST, [bot.bot], error=bot.text) for bot in left]


def _message(result: FleetAnswer) -> str:
    return "NOT ALL PROVEN: " + "; ".join(result.unproven)
