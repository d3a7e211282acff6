"""The acts on one run, where it is: followed to its end, cancelled, run again and compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from freqops.core.base.errors import Refused
from freqops.core.runs import reproduction, run_answer, run_end, run_id, run_order, runs_answer

from . import mandate, run_following
from .fleet_action import FleetAction
from .output import BAD, GOOD, WARNING, show

PATIENCE = 60.0
CANCEL_PATIENCE = 300.0  # a run has some minutes to end by itself
CHECKED = "NOTHING DONE: this was a check"


def follow(action: FleetAction, hosts: Sequence[str], run: str) -> dict[str, Any]:
    """Show how far a run is until it is over, and return the result of the task.

    Raises:
        Refused: No host has it.
    """
    begun = dict.fromkeys(_having(action, hosts, run), run)
    ends = run_following.follow(action, begun)
    wrong, failed = run_following.ended(begun, ends), run_answer.not_passed(begun, ends)
    title = "NOT FINISHED" if wrong else "NOT PASSED"
    return _result(title, [*wrong, *failed], changed=False, runs=list(ends.values()))


def cancel(action: FleetAction, hosts: Sequence[str], run: str) -> dict[str, Any]:
    """Cancel a run, keep what was finished of it, and return the result of the task.

    Raises:
        Refused: No host has it.
    """
    actor, reason = _mandate(action, f"cancelled by {mandate.actor()}")
    having = _having(action, hosts, run)
    if action._task.check_mode:
        return _result(CHECKED, [run], changed=False)
    words = ["run", "cancel", run, f"--reason={reason}", f"--actor={actor}"]
    answers = action.ask(dict.fromkeys(having, words), CANCEL_PATIENCE, partial(run_answer.of_cancel, run=run))
    told = {each.host: run_answer.of_cancel(each.document, run) for each in answers if each.document is not None}
    wrong = [f"{each.host}: {each.error}" for each in answers if each.document is None]
    lines = {host: f"{host} {run}: {end['status']}: {end['reason']}" for host, end in told.items()}
    wrong += [lines[host] for host, end in told.items() if end["status"] != run_end.STOPPED]
    show([*lines.values(), *(f"NOT CANCELLED {text}" for text in wrong)], BAD if wrong else GOOD)
    return _result("NOT CANCELLED", wrong, changed=bool(told))


def reproduce(action: FleetAction, hosts: Sequence[str], run: str, wait: int, *, force: bool) -> dict[str, Any]:
    """Run again what a run was, compare what came of both, and return the result of the task.

    Args:
        action: The action.
        hosts: The hosts that may have it.
        run: The id of the run.
        wait: Seconds to try again where its host has no room for it yet.
        force: Whether it begins beside live bots whatever the load of the host is.

    Raises:
        Refused: No host has it, or more than one.
    """
    actor, reason = _mandate(action, f"{run} again, by {mandate.actor()}")
    having = _having(action, hosts, run)
    if len(having) > 1:
        raise Refused(f"{', '.join(having)} have {run}: name one of them with --limit")
    if action._task.check_mode:
        return _result(CHECKED, [run], changed=False)
    order = json.dumps(run_order.Again(run, actor, reason, wait, force).to_json()).encode()
    begun, wrong = run_following.begin(action, dict.fromkeys(having, order), wait)
    wrong += run_following.ended(begun, run_following.follow(action, begun))
    if wrong:
        return _result("NOT FINISHED", wrong, changed=bool(begun))
    [(host, again)] = begun.items()
    judged = _compared(action, host, run, again)
    said = f"{host} {again}: {judged.said}"
    lines = [said if judged.same else f"NOT THE SAME {said}", *(f"{host} | {cause}" for cause in judged.causes)]
    show(["", *lines], GOOD if judged.same else BAD)
    wrong = [] if judged.same else [said, *judged.causes]
    return _result("NOT THE SAME", wrong, changed=True, run=again, reproduced=judged.same, causes=list(judged.causes))


def _compared(action: FleetAction, host: str, run: str, again: str) -> reproduction.Reproduced:
    [answer] = action.ask({host: ["runs", "show", "--json", run, again]}, PATIENCE, runs_answer.of_documents)
    if answer.document is None:
        return reproduction.Reproduced(False, f"it cannot be compared: {answer.error}")
    found = {each.run["id"]: each for each in runs_answer.of_documents(answer.document)}
    if set(found) != {run, again}:
        return reproduction.Reproduced(False, "it cannot be compared: the host does not tell of both")
    return reproduction.judged(found[run], found[again])


def _mandate(action: FleetAction, default: str) -> tuple[str, str]:
    return mandate.actor(), mandate.reason(action.variables, default)


def _having(action: FleetAction, hosts: Sequence[str], run: str) -> list[str]:
    """Return the hosts that have a run; of those that do not answer it is said.

    Raises:
        Refused: None is known to have it.
    """
    words = ["runs", "show", "--json", run]
    answers = action.ask(dict.fromkeys(hosts, words), PATIENCE, runs_answer.of_documents)
    silent = [each for each in answers if each.document is None]
    wrong = [f"{each.host}: {each.error}" for each in silent if not str(each.error).startswith(run_id.ABSENT)]
    found = [each.host for each in answers if each.document is not None]
    if not found:
        raise Refused("; ".join([f"no host has a run {run}", *wrong]))
    show([f"NOT ASKED {text}" for text in wrong], WARNING)
    return found


def _result(title: str, wrong: Sequence[str], **judged: Any) -> dict[str, Any]:
    return {**judged, "failed": True, "msg": f"{title}: {'; '.join(wrong)}"} if wrong else judged
