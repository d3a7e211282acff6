# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: the logs of all hosts of the play at once, merged by time, or the errors in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.base.kinds import Malformed
from freqops.core.bot import host_command, inputs
from freqops.core.logs import answer, query, told
from freqops.core.logs.merge import Merge, Row
from freqops.fleet.fanout import Answer, Event
from freqops.plays import connections, fleet
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import GOOD, WARNING, show, trace

PATIENCE = 60.0
NAMES = ("since", "level", "match", "correlation", "duration")


class ActionModule(FleetAction):
    """See library/freqops_logs.py."""

    def act(self) -> dict[str, Any]:
        """Ask every host, show what they say, and fail unless every log could be read."""
        action, bots = self.argument("action", query.SHOW), self.argument("bots", inputs.ALL)
        follow, clock = self._follow(), Clock()
        query.of_following(action, self.argument("duration", ""), follow=follow)
        words = [action, "--json", *self._asked(clock), *(["--follow"] if follow else [])]
        chosen = fleet.chosen(bots, self.declared())
        everything = inputs.means_all(bots)
        named = {host: [] if everything else [f"--bots={','.join(names)}"] for host, names in chosen.items()}
        commands = {host: ["logs", *words, *more] for host, more in named.items()}
        answers = self._followed(commands, clock) if follow else self.ask(commands, PATIENCE, answer.checked)
        found = {each.host: answer.checked(each.document) for each in answers if each.document is not None}
        wrong = [f"{each.host}: {each.error}" for each in answers if each.document is None]
        wrong += [f"{host}: {text}" for host, said in found.items() for text in said["wrong"]]
        if everything:
            wrong += [lost.refusal.line for lost in fleet.lost(self.variables) if not self.limited]
        if not follow:
            lines = answer.text(found, errors=action == query.ERRORS)
            show([*lines, *(_not_read(each) for each in answers if each.document is None)], WARNING if wrong else GOOD)
        judged: dict[str, Any] = {"changed": False, "hosts": found}
        return {**judged, "failed": True, "msg": "NOT ALL READ: " + "; ".join(wrong)} if wrong else judged

    def _follow(self) -> bool:
        """Return whether the logs are followed.

        Raises:
            Refused: It is neither yes nor no.
        """
        wanted = self.argument("follow", False)
        try:
            return bool(boolean(wanted, strict=True))
        except TypeError:
            raise Refused(f"follow is {wanted!r}; allowed: true or false") from None

    def _asked(self, clock: Clock) -> list[str]:
        """Return what is asked for as ``freqops-host`` wants to hear it.

        Raises:
            Refused: An input is not what it must be.
        """
        asked = {name: str(self.argument(name, "")) for name in NAMES}
        query.since(asked["since"] or query.DEFAULT_SINCE, clock.utcnow())
        query.rank(asked["level"] or query.DEFAULT_LEVEL)
        query.match(asked["match"])
        query.correlation(asked["correlation"])
        query.duration(asked["duration"])
        return [f"--{name}={value}" for name, value in asked.items() if value]

    def _followed(self, commands: dict[str, list[str]], clock: Clock) -> list[Answer]:
        """Show what every host tells, until all have ended, and return their answers, as `ask` does."""
        seconds = query.duration(self.argument("duration", ""))
        listener = Follower(commands, clock)
        patience = None if seconds is None else seconds + PATIENCE
        answers = connections.follow(self, self.hostvars, commands, patience, listener, clock)
        listener.finish()
        for each in answers:
            if each.error is not None:
                each.document = None
            if each.trace is not None:
                trace(each.host, each.trace)
        return answers


class Follower:
    """Shows the lines that hosts tell, merged by time.

    Args:
        hosts: All of them.
        clock: The source of the time.
    """

    def __init__(self, hosts: Mapping[str, Sequence[str]], clock: Clock) -> None:
        self._clock = clock
        self._merge = Merge(hosts, clock.monotonic())

    def heard(self, host: str, event: Event) -> None:
        """Take in an event.

        Raises:
            Malformed: It is not what it must be.
        """
        found, now = told.checked(event), self._clock.monotonic()
        if told.LINE in found:
            self._merge.take(host, found[told.LINE], now)
        elif told.READING in found:
            self._merge.begun(host, now)
        else:
            show(told.shown(host, found), WARNING)

    def ended(self, ended: Answer) -> None:
        """Take in the end of a host; one that did not answer as it should is said at once."""
        self._merge.gone(ended.host, self._clock.monotonic())
        ended.error = ended.error or host_command.refusal(ended.document or {})
        try:
            said = [_not_read(ended)] if ended.error else answer.remarks({ended.host: answer.checked(ended.document)})
        except Malformed as error:
            ended.error = f"its answer cannot be understood: {error}"
            said = [_not_read(ended)]
        if said:
            show(said, WARNING)

    def idle(self) -> None:
        """Show the lines that wait for nothing any more."""
        _shown(self._merge.due(self._clock.monotonic()))

    def finish(self) -> None:
        """Show what is left."""
        _shown(self._merge.rest())


def _shown(rows: Iterable[tuple[str, Row]]) -> None:
    lines = [answer.shown(host, row) for host, row in rows]
    if lines:
        show(lines, GOOD)


def _not_read(lost: Answer) -> str:
    return f"NOT READ {lost.host}: {lost.error}"
