"""The command ``freqops-host`` as its callers see it: where it is, and the one JSON object that it answers with."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Callable

from ..base import next_step
from ..base.errors import FreqopsError
from ..base.next_step import NextStep
from ..base.visible import all_visible, visible

TOOL = "/usr/local/bin/freqops-host"
OPERATOR_TOOL = "/usr/local/bin/freqops-operator"
OPERATOR_COMMANDS = ("halt", "status", "incident", "incidents", "breaker")
MANDATE: dict[str, Any] = {name: {"type": "str", "required": True} for name in ("incident", "reason", "actor")}

DEEPEST = 32
TOLD = '{"told": '  # how a line begins that a command tells before it answers

Run = Callable[["list[str]"], "tuple[int, str, str]"]


class NoAnswer(FreqopsError):
    """The command is not on this host, refused, could not prove what it did, or said nothing that can be understood.

    Attributes:
        began: Whether the command did something before that.
        steps: The steps that the command named beside its refusal.
        answer: All that it answered; nothing where that was no answer.
    """

    def __init__(
        self, text: str, *steps: NextStep, began: bool = False, answer: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(text)
        self.began, self.steps, self.answer = began, steps, dict(answer or {})


def as_root(words: Sequence[str]) -> str:
    """Return the line of a shell that runs the command as root without a password, by whichever line of sudo there is.

    An account in the group of operators runs ``freqops-operator``. sudo lists its line; to ask whether the account may
    run the other command would say yes where a password is needed for it.
    """
    arguments = shlex.join(words)
    sudo = f"exec sudo -n {TOOL} {arguments}"
    if words[0] in OPERATOR_COMMANDS:
        sudo = (
            f"if sudo -n -l 2>/dev/null | grep -qF 'NOPASSWD: {OPERATOR_TOOL}'; "
            f"then exec sudo -n {OPERATOR_TOOL} {arguments}; fi; {sudo}"
        )
    return f'if [ "$(id -u)" = 0 ]; then exec {TOOL} {arguments}; fi; {sudo}'


def last_object(output: str) -> dict[str, Any] | None:
    """Return the JSON object on the last line that begins like one, None where there is none.

    A number that is not finite is read as null: it is not known. What is nested deeper than any answer of ours is none.
    """
    lines = [line for line in output.splitlines() if line.startswith("{")]
    try:
        found = json.loads(lines[-1], parse_constant=lambda _name: None, parse_float=_finite)
    except (IndexError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and not _deeper(found, DEEPEST) else None


def told(event: Mapping[str, Any]) -> str:
    """Return the line by which a command that goes on tells an event, before it answers."""
    return f"{TOLD}{json.dumps(event)}}}"


def event_of(line: bytes) -> dict[str, Any]:
    """Return the event that such a line tells.

    Raises:
        NoAnswer: It tells none.
    """
    found = last_object(line.decode("utf-8", "replace"))
    event = (found or {}).get("told")
    if not isinstance(event, dict):
        raise NoAnswer("freqops-host told something that cannot be understood")
    return event


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _deeper(found: object, depth: int) -> bool:
    inner = list(found.values()) if isinstance(found, dict) else found
    return isinstance(inner, list) and (depth == 0 or any(_deeper(value, depth - 1) for value in inner))


def refusal(answer: Mapping[str, Any]) -> str | None:
    """Return why a command did not come to its end; None where it did."""
    return next((str(answer[name]) for name in ("refused", "not_proven") if name in answer), None)


def understood(output: str, errors: str, wanted: str) -> dict[str, Any]:
    """Return the answer of a command that came to its end, its texts visible.

    Args:
        output: The standard output of the command.
        errors: Its standard error.
        wanted: A name that the object of a finished command has.

    Raises:
        NoAnswer: The command refused, could not prove what it did, or printed something else; the text names it.
    """
    answer = last_object(output)
    if answer is None:
        raise NoAnswer(f"freqops-host gave no answer: {errors or output}")
    if wanted not in answer:
        not_proven = answer.get("not_proven")
        text = str(not_proven or answer.get("refused") or output)
        steps = next_step.of_answer(answer)
        raise NoAnswer(text, *steps, began=not_proven is not None, answer=all_visible(answer))
    return dict(all_visible(answer))


def ask(run: Run, words: Sequence[str], wanted: str) -> dict[str, Any]:
    """Run the command and return its answer.

    Args:
        run: The function that runs a command line: ``AnsibleModule.run_command``.
        words: The command and its arguments.
        wanted: As of `understood`.

    Raises:
        NoAnswer: As `understood`, or the command is not on this host.
    """
    if not Path(TOOL).exists():
        raise NoAnswer(f"{TOOL} is not on this host; deploy.yml brings it")
    _, output, errors = run([TOOL, *words])
    return understood(output, errors, wanted)


def options(values: Mapping[str, Any], *names: str) -> list[str]:
    """Return ``--name=value`` for each name that has a value; without names, for those of the mandate.

    None and an empty text are no values. The number zero is one: the command says whether it makes sense.
    """
    return [f"--{name.replace('_', '-')}={values[name]}" for name in names or MANDATE if values[name] not in (None, "")]


def next_steps_in_a_result(steps: Sequence[NextStep]) -> dict[str, Any]:
    """Return the steps of a refusal as they stand in the result of a module; nothing where there are none."""
    return {next_step.NAME: all_visible(next_step.to_json(steps))} if steps else {}


def serve(
    module: Any,
    words: Sequence[str],
    wanted: str,
    title: str = "",
    *,
    touches: bool = True,
    also: Sequence[str] = (),
) -> dict[str, Any]:
    """Run the command for a module and return its answer; without one, the module fails.

    Args:
        module: The ``AnsibleModule``.
        words: The command and its arguments.
        wanted: As of `understood`.
        title: The text before the reason where the module fails, for example ``alpha: NOT LOCKED OUT: ``.
        touches: Whether the command changes anything, so that a failure may have changed something, too.
        also: Names of a refusal's answer that go into the result of the module that fails.
    """
    try:
        return ask(module.run_command, words, wanted)
    except NoAnswer as error:
        changed = touches and error.began
        more = {name: error.answer[name] for name in also if name in error.answer}
        steps = next_steps_in_a_result(error.steps)
        module.fail_json(msg=f"{title}{visible(str(error))}", changed=changed, **more, **steps)
        raise


def refuse_check(module: Any, title: str) -> None:
    """Fail a module that runs in check mode, so that a check is never mistaken for the real run."""
    if module.check_mode:
        module.fail_json(msg=f"{title}: this was a check")
