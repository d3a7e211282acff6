"""What the image finds in a configuration becomes a line for the operator, with the cure."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.preflight import config_lint
from tests.unit.core.preflight.fleets import bot, fleet, inventory, linted

Finding = dict[str, Any]
MISSING = "ModuleNotFoundError: No module named 'pandas_ta.{x}'"


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (
            {"path": ["max_open_trade"], "kind": "unknown", "near": "max_open_trades", "elsewhere": []},
            (
                "max_open_trade is a key that this Freqtrade does not know and ignores; did you mean max_open_trades? "
                "If something reads it as it is, list it in freqtrade_known_keys"
            ),
        ),
        (
            {"path": ["stoploss_on_exchange"], "kind": "unknown", "near": "stoploss", "elsewhere": ["order_types.x"]},
            "stoploss_on_exchange is a key that this Freqtrade does not know and ignores; it belongs in order_types.x",
        ),
        (
            {"path": ["exchange", "sandbox"], "kind": "unknown", "near": None, "elsewhere": []},
            (
                "exchange.sandbox is a key that this Freqtrade does not know and ignores; take it out, or list it in "
                "freqtrade_known_keys if something reads it"
            ),
        ),
        (
            {"path": ["max_open_trades"], "kind": "type", "found": "string", "wants": ["integer", "number"]},
            "max_open_trades is a text ('3'); it must be a whole number or a number, without quotes",
        ),
        (
            {"path": ["telegram", "chat_id"], "kind": "type", "found": "integer", "wants": ["string"]},
            "telegram.chat_id is a whole number (123); it must be a text; write it in quotes",
        ),
        (
            {"path": ["telegram", "on"], "kind": "type", "found": "boolean", "wants": ["string"]},
            "telegram.on is true or false (True); it must be a text; write it in quotes",
        ),
        (
            {"path": ["pairlists", 0, "method"], "kind": "choice", "found": "string", "allowed": ["A", "B"]},
            "pairlists[0].method is 'C', which this Freqtrade does not allow; allowed are A, B",
        ),
        (
            {"path": [], "kind": "missing", "file": "Some.py", "line": 3, "module": "pandas_ta", "why": MISSING},
            (
                "Some.py, line 3: ModuleNotFoundError: No module named 'pandas_ta.{x}'; add pandas_ta to a lock file "
                "that freqtrade_packages names, or put its file beside the strategy"
            ),
        ),
        (
            {"path": [], "kind": "broken", "file": "Some.py", "line": 7, "why": "NameError: name 'x' is not defined"},
            "Some.py, line 7: NameError: name 'x' is not defined; correct it there",
        ),
        (
            {"path": [], "kind": "absent", "strategy": "Some", "names": ["A", "B"]},
            (
                "no file of strategy_dir has a class Some; they have A, B; name one of them as strategy, or put its "
                "file there"
            ),
        ),
        (
            {"path": [], "kind": "driver", "module": "psycopg2", "python": "3.12", "why": "ImportError: x"},
            (
                "Python 3.12 of its image cannot load psycopg2 of freqtrade_packages: ImportError: x; give it an image "
                "with the Python for which they are fetched, which freqtrade_python names"
            ),
        ),
        (
            {"path": ["timeframe"], "kind": "open"},
            (
                "timeframe has no value: a file of its strategy assigns it, and Freqtrade does not find it in the "
                "strategy; write timeframe into the configuration"
            ),
        ),
        (
            {"path": ["made", "up"], "kind": "type", "found": "string", "wants": ["array"]},
            "made.up is a text (not in the inventory); it must be a list, without quotes",
        ),
    ],
)
def test_a_finding_is_a_line(found: Finding, line: str) -> None:
    hosts = inventory()
    bot(hosts, "beta")["config"] = {
        "max_open_trades": "3",
        "telegram": {"chat_id": 123, "on": True},
        "pairlists": [{"method": "C"}],
    }
    assert linted("beta", [found], hosts) == [f"paper-1 beta: {line}"]


def test_findings_are_taken_from_whatever_else_was_said() -> None:
    said = 'a warning\nfreqops-lint: [{"path": ["a"]}, {"path": ["b"]}]\nFreqtrade refuses this release: x\n'
    assert config_lint.findings(said) == [{"path": ["a"]}, {"path": ["b"]}]
    assert config_lint.findings("Freqtrade refuses this release: x") == []


def test_a_finding_is_looked_for_in_the_bots_own_configuration_first() -> None:
    declared = next(each for each in fleet().bots if each.name == "beta")
    [refusal] = config_lint.from_image(declared, [{"path": ["a", "b"], "kind": "unknown"}])
    assert refusal.paths == (("freqtrade_bots", 1, "config", "a", "b"), ("freqtrade_config", "a", "b"))


def test_a_limit_without_a_gate_is_a_line_about_the_strategy() -> None:
    found = [{"path": [], "kind": "no_gate", "strategy": "Some", "names": ["max_concurrent_trades"]}]
    assert linted("alpha", found) == [
        (
            "paper-1 alpha: max_concurrent_trades: it acts through the entry gate, and Some, as Freqtrade loaded it, "
            "has none; give it freqops.strategy.EntryGate, see docs/strategies.md, or take the limit out"
        )
    ]
