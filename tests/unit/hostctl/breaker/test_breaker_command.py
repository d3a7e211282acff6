"""``freqops-host breaker`` as it is typed: what is not possible is refused, and an operator names no path."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from freqops.core.bot.host_command import OPERATOR_COMMANDS
from freqops.core.breaker import override_file, places
from freqops.hostctl import cli, own_session
from freqops.hostctl.commands import breaker as command
from tests.unit.hostctl.breaker.guarded import ME, GuardedHost

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GuardedHost:
    made = GuardedHost(tmp_path, monkeypatch)
    made.lay_inactive()
    made.round()
    monkeypatch.setattr(own_session, "run", lambda work: work())  # the real one forks
    monkeypatch.setattr(command, "Clock", lambda: made.clock)
    return made


@pytest.fixture
def run(host: GuardedHost, capsys: pytest.CaptureFixture[str]) -> Run:
    def typed(*words: str, operator: bool = False) -> tuple[int, str]:
        capsys.readouterr()
        tool = (OPERATOR_COMMANDS, "freqops-operator") if operator else (cli.COMMANDS, "freqops-host")
        code = cli.main(["breaker", *words], host.root, *tool)
        return code, capsys.readouterr().out

    return typed


def file_of(host: GuardedHost) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(host.file.read_text())
    return found


@pytest.mark.parametrize("operator", [False, True])
def test_status_enable_and_disable(run: Run, operator: bool) -> None:
    assert run("status", operator=operator)[0] == 0
    code, said = run("enable", "--reason", "outage", "--minutes", "5", operator=operator)
    assert (code, said.splitlines()[-1]) == (0, "ALL PROVEN")
    assert run("status", operator=operator)[0] == 3
    assert run("disable", operator=operator)[0] == 0
    assert run("status", operator=operator)[0] == 0


def test_unreadable_is_4_and_named(host: GuardedHost, run: Run) -> None:
    host.write(host.file, '{"active": "false"}')
    host.round()
    code, said = run("status")
    assert code == 4
    assert f'{host.file} counts as active: active is "false", not true or false' in said


def test_the_answer_is_one_object(host: GuardedHost, run: Run) -> None:
    code, said = run(
        "enable", "--json", "--actor", "ann@desk", "--incident", "one", "--until", "2026-01-02T04:00:00+00:00"
    )
    answer = json.loads(said)
    assert (code, answer["exit"], answer["changed"], answer["version"]) == (0, 0, True, 1)
    assert (answer["command"], answer["action"], answer["actor"], answer["incident"], answer["reason"]) == (
        *("breaker", "enable", "ann@desk", "one", "manual"),
    )  # fmt: skip
    assert {row["bot"]: row["proven"] for row in answer["bots"]} == {"alpha": True, "beta": True}
    assert file_of(host) == {"active": True, "reason": "manual", "until_iso": "2026-01-02T04:00:00Z"}


@pytest.mark.parametrize(
    ("words", "until"),
    [
        ((), None),
        (("--minutes", "90"), "2026-01-02T04:34:05Z"),
        (("--until", "2026-01-02 05:00"), "2026-01-02T05:00:00Z"),
        (("--minutes", "90", "--until", "2026-01-02T05:00:00+01:00"), "2026-01-02T04:00:00Z"),
        (("--until", "2099-12-31T23:59:59Z"), "2099-12-31T23:59:59Z"),
    ],
)
def test_its_end(host: GuardedHost, run: Run, words: tuple[str, ...], until: str | None) -> None:
    assert run("enable", *words)[0] == 0
    assert file_of(host)["until_iso"] == until


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "the following arguments are required: action"),
        (("reset",), "invalid choice: 'reset'"),
        (("enable", "--minutes", "0"), "is not a number of minutes from 1"),
        (("enable", "--minutes", "-5"), "is not a number of minutes from 1"),
        (("enable", "--minutes", "1.5"), "is not a number of minutes from 1"),
        (("enable", "--until", "tomorrow"), "is not a moment like 2026-01-31T18:00:00Z"),
        (("enable", "--until", "2026-01-02T03:04:05Z"), "has passed: it is 2026-01-02T03:04:05Z"),
        (("enable", "--until", "2100-01-01T00:00:00Z"), "is later than 2099; leave it out for no end"),
        (("enable", "--reason", "two\nlines"), "must be one line"),
        (("enable", "--bots", "gamma"), "unknown bot gamma; this host has alpha, beta"),
        (("enable", "--bots", ""), "no bot is named"),
        (("enable", "--withdraw"), "--withdraw cannot be given with enable"),
        (("disable", "--minutes", "5"), "--minutes cannot be given with disable"),
        (("status", "--until", "2027-01-01T00:00:00Z"), "--until cannot be given with status"),
        (("override",), "an override needs an end"),
        (("override", "--withdraw", "--minutes", "5"), "an override needs an end"),
        (
            ("override", "--minutes", "1441"),
            "an override ends at most 24 hours ahead, and 2026-01-03T03:05:05Z is 24.0",
        ),
        (("override", "--minutes", "5", "--bots", "alpha"), "--bots and --file cannot be given with it"),
        (("override", "--minutes", "5", "--file", "/a/b"), "--bots and --file cannot be given with it"),
        (("enable", "--bots", "alpha", "--file", "/a/b"), "--bots cannot be given with --file"),
        (("enable", "--incident", "../../etc"), "is not an incident id"),
    ],
)
def test_what_is_not_possible_is_refused_and_nothing_is_touched(
    host: GuardedHost, run: Run, words: tuple[str, ...], said: str
) -> None:
    before = sorted(path for path in host.root.rglob("*") if "run" not in path.parts)
    code, answer = run(*words)
    assert code == 1
    assert said in json.loads(answer)["refused"]
    assert sorted(path for path in host.root.rglob("*") if "run" not in path.parts) == before


@pytest.mark.parametrize("words", [("--file", "/tmp/x.json"), ("--state-dir", "/tmp"), ("--file=/tmp/x",)])  # noqa: S108
@pytest.mark.parametrize("action", ["status", "enable", "disable"])
def test_an_operator_names_no_path(host: GuardedHost, run: Run, action: str, words: tuple[str, ...]) -> None:
    code, answer = run(action, *words, operator=True)
    assert code == 1
    assert "unrecognized arguments" in json.loads(answer)["refused"]
    assert file_of(host)["active"] is False


def test_root_names_another_file_or_directory(host: GuardedHost, run: Run) -> None:
    one, two = host.root / "one", host.root / "two"
    for place in (one, two):
        place.mkdir(mode=0o755)
    assert run("enable", "--state-dir", str(one))[0] == 0
    assert run("status", "--state-dir", str(one))[0] == 3
    assert run("enable", "--state-dir", str(one), "--file", f"{two}/../two/b.json")[0] == 0  # the file wins
    assert sorted(path.name for path in two.glob("*.json")) == ["b.json", "b.json.set.json"]
    assert run("override", "--state-dir", str(one), "--minutes", "5")[0] == 0
    assert override_file.read(places.override_of(one), host.clock.utcnow(), owner=ME).in_force
    assert file_of(host)["active"] is False
    code, said = run("enable", "--file", str(host.file), "--json")
    assert (code, len(json.loads(said)["bots"])) == (0, 2), "the host's own file, named"


def test_an_override_is_given_shown_and_withdrawn(run: Run) -> None:
    assert run("override", "--minutes", "1440", "--reason", "the report")[0] == 0
    code, said = run("status")
    assert code == 0
    assert "runs may start in spite of the breaker until 2026-01-03T03:04:05Z" in said
    assert run("override", "--withdraw")[0] == 0
    assert "in spite of" not in run("status")[1]


def test_without_proof_it_ends_with_2(host: GuardedHost, run: Run) -> None:
    host.lives = False
    code, said = run("enable", "--deadline", "3")
    assert (code, said.splitlines()[-1]) == (2, "NOT ALL PROVEN")
    assert "'systemctl status freqops-guard' says why" in said or "guard has not looked since" in said
