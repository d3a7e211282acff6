"""Whether a bot of another host is kept from trading: nothing but a hold of level 3 without a process proves it."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.base.kinds import Malformed
from freqops.core.halt import fenced
from tests.unit.fakes import START

HELD: dict[str, Any] = {"bot": "alpha", "problems": [], "holds": [], "level": 3, "trader": "no process"}


def answer(row: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """Return what a host says of a bot."""
    return {"host": "paper-1", "bots": [{**HELD, **(row or {})}], "undeclared": [], **changed}


def test_a_bot_that_is_held_at_level_3_without_a_process_is_fenced() -> None:
    assert fenced.not_proven(answer(), "paper-1", "alpha") == []
    assert fenced.said("paper-1", "alpha", START) == (
        "paper-1 said at 2026-01-02T03:04:05Z that alpha is held at level 3 and has no process"
    )


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (answer({"level": 1}), "it is held at level 1"),
        (answer({"level": 0, "trader": "running"}), "it is held at level 0; its trader is running"),
        (answer({"trader": "stopped"}), "its trader is stopped"),
        (answer({"trader": None, "problems": ["its declaration cannot be read"]}), "its trader is None"),
        (answer({"holds_unreadable": "half"}), "its holds cannot be read"),
        (answer({"bot": "beta"}), "there is no bot alpha"),
        (answer(bots=[]), "there is no bot alpha"),
        (answer(host="paper-2"), "paper-2 answered"),
        (answer(undeclared=[{"pid": 1, "command": "freqtrade trade"}]), "runs there that belongs to no bot"),
        (
            answer(undeclared=[{"pid": 1, "command": "x", "left_alone": {"project": "/opt/beta", "reason": "x"}}]),
            "runs there that belongs to no bot",
        ),
    ],
)
def test_whatever_else_it_says_proves_nothing(said: dict[str, Any], why: str) -> None:
    assert why in "; ".join(fenced.not_proven(said, "paper-1", "alpha"))


@pytest.mark.parametrize(
    "said",
    [{}, {"bots": [{}], "undeclared": []}, answer(undeclared=None), answer(bots=[HELD, HELD]), answer({"level": "3"})],
)
def test_what_is_no_answer_of_a_host_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        fenced.not_proven(said, "paper-1", "alpha")
