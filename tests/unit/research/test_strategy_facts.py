"""Values of strategies as JSON has them, and the one rule by which the entry gate is known, in both its places."""

from __future__ import annotations

import ast
import json
import math
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from freqops.research import strategy_facts
from freqops.strategy import EntryGate

VALIDATOR = Path(__file__).parents[3] / "roles" / "freqtrade" / "files" / "validate_release.py"


class OfNumpy:
    """A number of numpy, as far as it matters here."""

    def __init__(self, value: object) -> None:
        self._value = value

    def item(self) -> object:
        return self._value

    def __str__(self) -> str:
        return f"of numpy: {self._value}"


def test_the_gate_is_known_by_one_rule() -> None:
    [gate] = [
        ast.literal_eval(node.value)
        for node in ast.parse(VALIDATOR.read_text()).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "GATE"
    ]
    assert strategy_facts.GATE == gate == (EntryGate.__module__, EntryGate.__name__)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (True, True), (None, None), (3, 3), (0.5, 0.5), ("x", "x"), (math.inf, -1), (math.nan, "nan"),
        ((1, "a"), [1, "a"]),
        ({1: {"a": [0.5]}}, {"1": {"a": [0.5]}}), (OfNumpy(3), 3), (OfNumpy(0.5), 0.5), (OfNumpy([1]), "of numpy: [1]"),
        ({"x": object}, {"x": "<class 'object'>"}), ("y" * 2000, "y" * 1000),
    ],
)  # fmt: skip
def test_a_value_is_said_as_json_has_it(value: object, said: object) -> None:
    assert strategy_facts.plain(value) == said
    json.dumps(said, allow_nan=False)


def test_what_is_nested_without_an_end_comes_to_one() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert len(json.dumps(strategy_facts.plain(endless))) < 2 * strategy_facts.LONGEST


def test_nothing_is_left_out_unsaid() -> None:
    with pytest.raises(strategy_facts.NotLoaded, match="501 entries"):
        strategy_facts.plain({"x": list(range(501))})


def test_a_strategy_has_the_modules_of_a_bot_and_not_those_of_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    path = ["", str(Path.cwd()), "/freqops/tool/freqops-host", "/python"]
    own = SimpleNamespace(modules=dict(sys.modules), path=path)
    monkeypatch.setattr(strategy_facts, "sys", own)
    monkeypatch.setattr(strategy_facts, "logging", SimpleNamespace(disable=str, CRITICAL=50))
    strategy_facts.alone(["/freqops/release/python", "/freqops/packages"])
    assert path == ["/freqops/release/python", "/freqops/packages", "/python"]
    assert not [name for name in own.modules if name.partition(".")[0] == "freqops"]
    assert "json" in own.modules
