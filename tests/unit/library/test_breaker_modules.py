"""The modules that switch and tell the operator breaker: what they ask of the host, what they foretell, what fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.hostctl import cli
from library import freqops_breaker, freqops_breaker_info
from tests.unit.library.conftest import Run

Stub = Callable[..., tuple[str, Path]]
ROW = {"bot": "alpha", "file": "active", "incident": "i", "proven": True, "until": "", "who": "ann", "detail": []}
ANSWER = {"version": 1, "bots": [ROW], "changed": True, "override": "", "detail": ["said"], "exit": 0}
END = "2099-01-31T18:00:00Z"


class Host:
    """A host with a breaker file, and a program that stands for its command."""

    def __init__(self, root: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
        self.state = root / "user_data" / "state"
        self.state.mkdir(parents=True)
        self.stub, self.patch = stub, monkeypatch
        monkeypatch.setattr("library.freqops_breaker.layout.ROOT", root)
        self.write(active=False, reason="")

    def write(self, **document: Any) -> None:
        path = self.state / "circuit_breaker.json"
        path.write_text(json.dumps({"until_iso": None, **document}))
        path.chmod(0o600)

    def answers(self, module: ModuleType, status: int = 0, **changed: Any) -> Path:
        """Let the command answer; the arguments that it was given are noted in the file that is returned."""
        tool, noted = self.stub(json.dumps({**ANSWER, **changed}), status)
        self.patch.setattr(module.host_command, "TOOL", tool)
        return noted


@pytest.fixture
def host(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path / "srv", stub, monkeypatch)


def test_it_asks_for_what_is_wanted_and_passes_on_what_came_of_it(run: Run, host: Host) -> None:
    noted = host.answers(freqops_breaker)
    done = run(freqops_breaker, state="enabled", bots=["alpha", "beta"], reason="why; $(so)", minutes=5)
    assert (done["changed"], done["bots"], done["detail"]) == (True, [ROW], ["said"])
    assert noted.read_text().splitlines() == [
        *("breaker", "enable", "--json", "--bots=alpha,beta"),
        *("--reason=why; $(so)", "--minutes=5", "--deadline=90"),
    ]
    noted = host.answers(freqops_breaker, changed=False)
    assert run(freqops_breaker, state="disabled")["changed"] is False
    assert noted.read_text().splitlines()[:4] == ["breaker", "disable", "--json", "--bots=all"]


def test_what_is_not_proven_fails_and_says_that_the_file_was_changed(run: Run, host: Host) -> None:
    host.answers(freqops_breaker, 2, exit=2, bots=[{**ROW, "proven": False, "detail": ["no answer"]}])
    done = run(freqops_breaker, state="enabled")
    assert (done["failed"], done["changed"]) == (True, True)
    assert "NOT PROVEN: " in done["msg"]
    assert "no answer" in done["msg"]


@pytest.mark.parametrize("name", ["minutes", "deadline"])
def test_a_number_that_is_nothing_goes_to_the_host_which_refuses_it(run: Run, host: Host, name: str) -> None:
    noted = host.answers(freqops_breaker)
    run(freqops_breaker, state="enabled", **{name: 0})
    words = noted.read_text().splitlines()
    assert [word for word in words if word.startswith(f"--{name}=")] == [f"--{name}=0"]
    with pytest.raises(Refused, match="'0' is not a number of"):
        cli._parser(words).parse_args(words)


@pytest.mark.parametrize(
    ("there", "wanted", "changed"),
    [
        ({"active": False, "reason": ""}, {"state": "enabled"}, True),
        ({"active": False, "reason": ""}, {"state": "disabled"}, False),
        ({"active": True, "reason": "manual"}, {"state": "enabled"}, False),
        ({"active": True, "reason": "manual"}, {"state": "enabled", "minutes": 5}, True),
        ({"active": True, "reason": "manual"}, {"state": "enabled", "reason": "other"}, True),
        ({"active": True, "reason": "manual", "until_iso": END}, {"state": "enabled", "ends_at": END}, False),
        ({"active": True, "reason": "manual", "until_iso": END}, {"state": "enabled"}, True),
        ({"active": True, "reason": "manual", "until_iso": "2001-01-01T00:00:00Z"}, {"state": "disabled"}, True),
        ({"active": "false", "reason": ""}, {"state": "disabled"}, True),
        ({"active": False, "reason": ""}, {"state": "disabled", "bots": ["alpha"]}, False),
        ({"active": True, "reason": "manual"}, {"state": "enabled", "bots": ["alpha"]}, True),
    ],
)
def test_a_check_foretells_what_would_change(
    run: Run, host: Host, there: dict[str, Any], wanted: dict[str, Any], changed: bool
) -> None:
    host.write(**there)
    noted = host.answers(freqops_breaker)
    (host.state.parent.parent / "bots" / "alpha").mkdir(parents=True)
    checked = run(freqops_breaker, check=True, **wanted)
    assert checked["changed"] is changed
    assert (checked["diff"]["before"] != checked["diff"]["after"]) is changed
    assert not noted.exists(), "a check asks for nothing"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"state": "enabled", "bots": ["../../etc"]}, "../../etc is no name of a bot"),
        ({"state": "enabled", "ends_at": "soon"}, "ends_at: 'soon' is not a moment"),
        ({"state": "enabled", "ends_at": ""}, "ends_at: it is empty"),
        ({"state": "disabled", "ends_at": ""}, "ends_at: it is empty"),
        ({"state": "enabled", "minutes": 5, "ends_at": END}, "mutually exclusive: minutes|ends_at"),
        ({"state": "tripped"}, "value of state must be one of: enabled, disabled"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, host: Host, wanted: dict[str, Any], said: str) -> None:
    noted = host.answers(freqops_breaker)
    done = run(freqops_breaker, **wanted)
    assert done["failed"]
    assert said in done["msg"]
    assert not noted.exists()


@pytest.mark.parametrize(
    ("status", "active", "readable", "proven"), [(0, False, True, True), (3, True, True, True), (4, True, False, False)]
)
def test_how_it_stands_is_told_and_is_no_failure(
    run: Run, host: Host, status: int, active: bool, readable: bool, proven: bool
) -> None:
    noted = host.answers(freqops_breaker_info, status, exit=status, bots=[{**ROW, "proven": proven}])
    told = run(freqops_breaker_info, bots=["alpha"])
    assert (told["changed"], told["active"], told["readable"], told["proven"]) == (False, active, readable, proven)
    assert noted.read_text().splitlines() == ["breaker", "status", "--json", "--bots=alpha"]


def test_a_host_that_gives_no_answer_fails(run: Run, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("library.freqops_breaker_info.host_command.TOOL", "/nonexistent/freqops-host")
    assert "deploy.yml brings it" in run(freqops_breaker_info)["msg"]
