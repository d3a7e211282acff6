"""The order of a run, read where it arrives: what it may have, and what is refused before anything is done."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.runs import run_order
from freqops.core.runs.run_order import Again

RUN = "backtest-20260131T180000Z-0a1b2c"
GIVEN = Again(RUN, "ann@host", "before the next release", 30, True)


def test_an_order_to_run_something_again_arrives_as_it_was_sent() -> None:
    assert run_order.parsed(GIVEN.to_json()) == GIVEN


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"again": "the last one"}, "is not the id of a run"),
        ({"again": None}, "is not the id of a run"),
        ({"again": f"{RUN}/../{RUN}"}, "is not the id of a run"),
        ({"inputs": {"kind": "backtest"}}, "has 'inputs', which that run had already"),
        ({"config": {"stake_amount": 1}}, "has 'config'"),
        ({"image": "other@sha256:" + "0" * 64}, "has 'image'"),
        ({"actor": ""}, "the actor"),
        ({"reason": "two\nlines"}, "the reason"),
        ({"wait": "soon"}, "allowed: whole seconds"),
    ],
)
def test_what_it_may_not_have_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        run_order.parsed({**GIVEN.to_json(), **changed})


def test_only_true_forces() -> None:
    for value in ("true", 1, "yes", None):
        found = run_order.parsed({**GIVEN.to_json(), "force": value})
        assert isinstance(found, Again)
        assert found.force is False
