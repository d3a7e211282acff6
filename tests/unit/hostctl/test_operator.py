"""What ``freqops-operator`` lets an operator do as root: halt, switch the breaker, look; nothing that names a file."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from freqops.core.bot.host_command import OPERATOR_COMMANDS
from freqops.hostctl import cli, operator
from tests.unit.fakes import make_bot

# Every argument that an operator may give; one more is a decision, since root takes it.
ARGUMENTS = {
    "halt": {"level", "reason", "bots", "deadline", "incident", "actor", "json"},
    "status": {"json"},
    "incident": {"incident", "json"},
    "incidents": {"action"},  # which only looks: the parts that change an incident are not there
    "breaker": {
        *("action", "bots", "minutes", "until", "withdraw", "deadline", "json"),
        *("reason", "actor", "incident"),
    },
}


def arguments_of(command: str) -> list[argparse.Action]:
    parser = cli._parser([command], OPERATOR_COMMANDS, "freqops-operator")
    [subparsers] = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return [action for action in subparsers.choices[command]._actions if action.dest != "help"]


def test_no_argument_is_a_path() -> None:
    found = {command: arguments_of(command) for command in OPERATOR_COMMANDS}
    assert {command: {action.dest for action in actions} for command, actions in found.items()} == ARGUMENTS
    assert not any(action.type is Path for actions in found.values() for action in actions)


@pytest.mark.parametrize("command", [*sorted(set(cli.COMMANDS) - set(OPERATOR_COMMANDS)), "release", "recover", ""])
def test_no_other_command_is_there(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert operator.main([command, "alpha"]) == 1
    said = capsys.readouterr()
    assert "invalid choice" in said.out
    assert said.err.startswith("freqops-operator: refused: ")


def test_an_operator_looks_at_the_bots(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_bot(tmp_path)
    cli.main(["status", "--json"], tmp_path, OPERATOR_COMMANDS, "freqops-operator")
    assert '"bot": "alpha"' in capsys.readouterr().out
