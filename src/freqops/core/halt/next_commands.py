"""The next commands on the way from a halt back to trading, complete, with bots and incident filled in.

They are pasted into a shell. So nothing stands in them that a host said, unless it is what such a name must be.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..base import next_step
from ..base.outcome import BY_PLAN, NOT_TOUCHED
from ..bot.layout import BOT_NAME
from .answer import Row
from .holds import ENTRIES, HARD

INCIDENT = re.compile(r"[0-9]{8}T[0-9]{6}Z-[a-z_]+[0-9]?-[0-9a-f]{6}", re.ASCII)
EXIT = 2  # the level that sells
GONE = "when the cause is gone"
BY_HAND = ("halt", "restore")  # the holders whose holds only a resume takes down
Result = Mapping[str, Any]
UNDER = "-e bots={bots} -e incident={incident}"
PLACES = ("{bots}", "{incident}", "{host}")


@dataclass(frozen=True)
class _Form:
    """A command with places for bots, incident and host.

    Attributes:
        what: What it is for.
        playbook: The playbook.
        words: Its arguments.
        acts: Whether it acts, so that it needs a reason.
    """

    what: str
    playbook: str
    words: str = UNDER
    acts: bool = True

    def suits(self, incident: str) -> bool:
        """Return whether it needs no incident, or this is one."""
        return "{incident}" not in self.words or INCIDENT.fullmatch(incident) is not None

    def line(self, bots: str, incident: str, host: str) -> str:
        """Return the line for an operator, its places filled in."""
        words = self.words
        for place, text in zip(PLACES, (bots, incident, shlex.quote(host))):
            words = words.replace(place, text)
        return f"{self.what}: {_typed(self.playbook, words, acts=self.acts)}"


UP = _Form(f"{GONE}, to have it up and paused", "resume")
ENTER = _Form(f"{GONE}, to let it buy again", "resume")
GIVE_BACK = _Form("or, to give the old one back", "adopt", "-e bot={bots} -e undo=true")
ANEW = "under the incident that is in force"
AGAIN = ("flatten", "reconcile", "restore", "resume")
REPORT = _Form("what it did, and what Freqtrade said", "incident", "-e incident={incident}", acts=False)
AFTER = {  # what follows on a step that was proven, for a bot on paper, and for a live one
    "flatten": {"paper": UP, "live": _Form("next, to take in what was sold", "reconcile")},
    "reconcile": {"paper": UP, "live": UP},
    "migrate_host": {"paper": UP, "live": UP},
    "rebuild_host": {"paper": UP, "live": UP},
    "restore": {"paper": UP, "live": _Form("next, to take in what its exchange has", "reconcile")},
}
# What a host names as the way out of a refusal.
WAYS_OUT = {
    next_step.HALT: _Form("to stop it for certain", "killswitch", "-e bots={bots} -e level=3"),
    next_step.SELL: _Form("to sell what it has open", "killswitch", "-e bots={bots} -e level=2"),
    next_step.RESUME: _Form("to take its hold one step down", "resume"),
    next_step.RECONCILE: _Form("to bring its records and its exchange together", "reconcile"),
    next_step.DISABLE: _Form(
        "to switch the breaker of its host off", "circuit_breaker", "--limit {host} -e action=disable"
    ),
    next_step.DISABLE_OWN: _Form(
        "to switch its own breaker off", "circuit_breaker", "-e bots={bots} -e action=disable"
    ),
    next_step.START: _Form("to start it", "bots", "-e bots={bots} -e action=start"),
    next_step.UNDO: GIVE_BACK,
    next_step.LOOK: _Form("look first", "status", "", acts=False),
    next_step.CLOSE: _Form(
        "to close its incident",
        "incident",
        """-e action=close -e incident={incident} -e "root_cause='…'" -e "remedy='…'\"""",
        acts=False,
    ),
    next_step.VOUCH: _Form("then, with the items that you have looked at", "resume", f"{UNDER} -e ticked='…'"),
}


def after_halt(level: int, rows: Iterable[tuple[str, Row]], declared: Collection[str]) -> list[str]:
    """Return the commands that are due next, a line each; first those for bots that are not proven.

    Args:
        level: The level that was commanded.
        rows: Hosts, and what became of each bot.
        declared: The bots of the inventory; no other name gets into a command.
    """
    known = [row for _, row in rows if row.bot in declared and BOT_NAME.fullmatch(row.bot)]
    return [*_again(level, [row for row in known if not row.proven]), *_way_back([row for row in known if row.proven])]


def of_holds(rows: Iterable[Mapping[str, Any]], declared: Collection[str]) -> list[str]:
    """Return the way back for each hold that a person takes down, a line each.

    Args:
        rows: The rows of the bots, as ``freqops-host status`` makes them.
        declared: As in `after_halt`.
    """
    held = [
        Row(row["bot"], hold["level"], hold["incident"], mode=row.get("mode") or "")
        for row in rows if row["bot"] in declared and BOT_NAME.fullmatch(row["bot"])
        for hold in row["holds"] if hold["holder"] in BY_HAND
    ]  # fmt: skip
    return list(_way_back(held))


def after_step(
    step: str, incident: str, results: Iterable[tuple[str, Result]], modes: Mapping[str, str], host: str, more: str = ""
) -> list[str]:
    """Return the commands that are due after a step on single bots, a line each; one line for several bots.

    Args:
        step: The playbook.
        incident: The incident under which it acted.
        results: The names of the bots, and the result of the module for each. What a host said in it gets into no
            command, unless it is an incident.
        modes: The mode of each bot that the inventory declares on the host; no other name gets into a command.
        host: The name of the host in the inventory.
        more: The further words with which the step is repeated.
    """
    found: dict[tuple[_Form, str], list[str]] = {}
    for bot, result in results:
        if bot in modes and BOT_NAME.fullmatch(bot):
            for form, under in _due(step, incident, result, modes[bot], more):
                if form.suits(under):
                    found.setdefault((form, under), []).append(bot)
    return [form.line(",".join(sorted(set(bots))), under, host) for (form, under), bots in found.items()]


def after_disable(waiting: Iterable[tuple[str, str]], declared: Collection[str]) -> list[str]:
    """Return how the holds end that a breaker left to a person, a line for each incident.

    Args:
        waiting: Bots, and the incidents that hold them.
        declared: As in `after_halt`.
    """
    rows = [Row(bot, ENTRIES, incident) for bot, incident in waiting if bot in declared and BOT_NAME.fullmatch(bot)]
    return list(_way_back(rows))


def to_disable(bots: Collection[str], hosts: Collection[str]) -> str:
    """Return how a breaker that was switched on is switched off.

    Args:
        bots: The bots that were named; none where the breaker of hosts was meant.
        hosts: The hosts that were named; none where all of the inventory were meant.
    """
    limit = f"--limit {shlex.quote(','.join(sorted(hosts)))} " if hosts else ""
    named = f"-e bots={','.join(sorted(bots))} " if bots else ""
    return f"{GONE}, to switch it off: {_typed('circuit_breaker', f'{limit}{named}-e action=disable')}"


def _due(step: str, incident: str, result: Result, mode: str, more: str) -> Iterator[tuple[_Form, str]]:
    """Give the steps that are due for one bot, each with its incident."""
    if step == "deploy":
        if result.get("well") is False and result.get("outcome") not in NOT_TOUCHED:
            yield REPORT, incident
            yield WAYS_OUT[next_step.LOOK], ""
    elif result.get("failed") is True or result.get("proven") is False:
        if step == "lockout":
            yield _Form("when that is put right, again", step, f"-e bots={{bots}} {more}"), ""
        else:
            yield from _ways_out(step, result, more)
    elif result.get("outcome") == BY_PLAN:
        yield WAYS_OUT[next_step.START], ""
    elif step in AFTER:
        yield AFTER[step]["paper" if mode == "paper" else "live"], incident
    elif step in ("adopt", "lockout") and "incident" in result:
        yield UP if result.get("level") == HARD else ENTER, str(result["incident"])
        if step == "adopt":
            yield GIVE_BACK, ""


def _ways_out(step: str, result: Result, more: str) -> Iterator[tuple[_Form, str]]:
    """Give the way out that a host named, each with its incident; without one the status, which has the next step."""
    again = _Form(ANEW, step, f"{UNDER} {more}".rstrip()) if step in AGAIN else None
    named = [(again if each.step == next_step.AGAIN else WAYS_OUT.get(each.step), each.incident)
             for each in next_step.of_answer(result)]  # fmt: skip
    known = [(form, under) for form, under in named if form is not None and form.suits(under)]
    yield from known or [(WAYS_OUT[next_step.LOOK], "")]


def look() -> str:
    """Return the command of status, for where no other step is due."""
    return WAYS_OUT[next_step.LOOK].line("", "", "")


def _again(level: int, rows: list[Row]) -> Iterator[str]:
    """Give the same command for the bots that are not proven, and the next stronger one."""
    if not rows:
        return
    bots = _names(rows)
    yield f"not proven: look at the lines above, then repeat: {_command('killswitch', bots, f'-e level={level}')}"
    if level < HARD:
        yield f"if that does not prove it: {_command('killswitch', bots, f'-e level={HARD}')}"
    if level >= EXIT:
        yield "then sell what a dead bot has left: flatten.yml, with the incident of that halt"


def _way_back(rows: list[Row]) -> Iterator[str]:
    """Give the steps back to trading, for each incident and level that is in force."""
    held = {(row.incident, row.level >= HARD) for row in rows if INCIDENT.fullmatch(row.incident)}
    for incident, is_hard in sorted(held):
        those = [row for row in rows if (row.incident, row.level >= HARD) == (incident, is_hard)]
        under = f"-e incident={incident}"
        live = [row for row in those if row.mode == "live"]
        if is_hard and live:
            yield f"to sell what is open: {_command('flatten', _names(live), under)}"
            yield f"after a flatten, or a sale by hand: {_command('reconcile', _names(live), under)}"
        back = _command("resume", _names(those), under)
        if is_hard:
            yield f"{GONE}, to have them up and paused: {back}"
            yield "then, to let them buy again: the same once more"
        else:
            yield f"{GONE}, to let them buy again: {back}"


def _names(rows: list[Row]) -> str:
    return ",".join(sorted({row.bot for row in rows}))


def _command(playbook: str, bots: str, words: str) -> str:
    return _typed(playbook, f"-e bots={bots} {words}")


def _typed(playbook: str, words: str, *, acts: bool = True) -> str:
    reason = "FREQOPS_REASON='…' " if acts else ""
    return f"{reason}ansible-playbook playbooks/{playbook}.yml {words}".rstrip()
