"""A deploy is skipped only where files, services, containers and bots were all read back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import machine
from freqops.core.deploy import host_manifest, own_container
from freqops.core.deploy.container import Container
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.deploy import compiled, unchanged
from tests.unit.fakes import IMAGE, FakeClock, FakeEngine, made_container, make_bot


class Engine(FakeEngine):
    """Containers by name."""

    def __init__(self) -> None:
        super().__init__()
        postgres = replace(made_container(), project="freqops-shared", service="postgres")
        self.found = {"freqops-alpha": made_container(), "freqops-postgres": postgres}
        self.error: EngineError | None = None

    def container(self, name: str) -> Container | None:
        if self.error is not None:
            raise self.error
        return self.found.get(name)


class Host:
    """A host that the last deploy left behind, at work."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.engine = root, Engine()
        self.home = make_bot(root, image=IMAGE)
        (root / "postgres" / "staged").mkdir(parents=True)
        for place in ("compose.yml", "staged/compose.yml"):
            (root / "postgres" / place).write_text("x")
        self.bots: list[dict[str, Any]] = [{"bot": "alpha", "problems": [], "trader": "running"}]
        self.host_problems: list[str] = []
        self.firewall: list[str] = []
        monkeypatch.setattr(unchanged, "host_problems", lambda _clock: self.host_problems)
        monkeypatch.setattr(unchanged, "status", lambda *_: {"bots": self.bots, "undeclared": []})
        monkeypatch.setattr(
            unchanged, "problems_of_bots", lambda answer: [p for row in answer["bots"] for p in row["problems"]]
        )
        monkeypatch.setattr(unchanged, "_firewall", lambda: self.firewall)
        self.place = root / "compiled"
        self.place.mkdir()
        monkeypatch.setattr(compiled, "directory", lambda _tool: self.place)
        own_container.of_postgres(root).take_in(None, self.engine.found["freqops-postgres"], [])
        unchanged.write("w", "g", root)

    def become(self, **changed: Any) -> None:
        """Make Postgres another one."""
        self.engine.found["freqops-postgres"] = replace(self.engine.found["freqops-postgres"], **changed)

    def compare(self, wanted: str = "w", host_wanted: str = "g") -> dict[str, Any]:
        return unchanged.compare(wanted, host_wanted, self.root, FakeClock(), self.engine)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def test_a_host_as_it_was_left_and_at_work_is_the_same(host: Host) -> None:
    answer = host.compare()
    assert (answer["same"], answer["ground_same"], answer["differences"]) == (True, True, [])
    assert answer["bots"] == host.bots
    assert answer["machine"] == machine.identity()
    assert answer["host_problems"] == []


def test_what_is_wrong_with_postgres_is_said_once_and_is_none_of_the_ground(host: Host) -> None:
    host.engine.found.pop("freqops-postgres")
    answer = host.compare()
    assert answer["differences"] == answer["host_problems"]
    assert "freqops-postgres is gone: no database of alpha answers" in answer["host_problems"][0]
    assert answer["ground_same"] is True


DISEASES: dict[str, tuple[Callable[[Host], object], str, bool]] = {
    "the host": (lambda h: h.host_problems.append("reassert is masked"), "reassert is masked", False),
    "the firewall": (lambda h: h.firewall.append("the firewall is another"), "the firewall is another", False),
    "no Postgres": (lambda h: h.engine.found.pop("freqops-postgres"), "freqops-postgres is gone", True),
    "no bot": (lambda h: h.engine.found.pop("freqops-alpha"), "freqops-alpha is gone", True),
    "a dead bot": (
        lambda h: h.engine.found.update({"freqops-alpha": made_container(status="exited")}),
        "freqops-alpha is exited",
        True,
    ),
    "a changed Postgres": (
        lambda h: h.become(made={"HostConfig.Memory": "1"}),
        "freqops-postgres is not as it was made: HostConfig.Memory is 1, not unset; a deploy makes it again",
        True,
    ),
    "somebody else's Postgres": (
        lambda h: h.become(project="mine"),
        "made service postgres of the Compose project mine",
        True,
    ),
    "a Postgres of which nothing is known": (
        lambda h: own_container.of_postgres(h.root).forget(),
        "freqops-postgres is not as it was made: how it was made is not known",
        True,
    ),
    "newer Python": (lambda h: h.place.rmdir(), "is not compiled for this host's Python", False),
    "a refused bot": (
        lambda h: (h.root / "bots" / "omega" / "release" / "f00").mkdir(parents=True),
        "omega was laid out and never installed",
        True,
    ),
    "a switch": (lambda h: (h.home / "switch.json").touch(), "alpha: a switch is not over", True),
    "a problem": (lambda h: h.bots[0]["problems"].append("its loop stands"), "its loop stands", True),
}


@pytest.mark.parametrize("name", DISEASES)
def test_whatever_does_not_work_is_something_to_do(host: Host, name: str) -> None:
    spoil, said, host_same = DISEASES[name]
    spoil(host)
    answer = host.compare()
    assert (answer["same"], answer["ground_same"]) == (False, host_same)
    assert len(answer["differences"]) == 1
    assert said in answer["differences"][0]


def test_a_bot_held_at_level_3_needs_no_container(host: Host) -> None:
    (host.home / "conf" / "holds.json").write_text("{")  # counts as level 3
    host.engine.found.pop("freqops-alpha")
    assert host.compare()["same"] is True


def test_another_release_is_something_to_do_and_leaves_the_host(host: Host) -> None:
    answer = host.compare(wanted="other")
    assert (answer["same"], answer["ground_same"]) == (False, True)
    assert host.compare(host_wanted="other")["ground_same"] is False
    (host.root / host_manifest.FILE).unlink()
    assert host.compare()["differences"] == ["no deploy has succeeded here yet"]


def test_whatever_differs_what_does_not_work_is_said_beside_it(host: Host) -> None:
    host.engine.found.pop("freqops-postgres")
    wanted, gone = host.compare(wanted="other")["differences"]
    assert wanted == "what the inventory wants differs from what was deployed"
    assert "freqops-postgres is gone" in gone


def test_a_bot_that_cannot_be_read_is_no_bot_at_work(host: Host) -> None:
    (host.home / "bot.json").write_text("{}")
    unchanged.write("w", "g", host.root)
    [said] = host.compare()["differences"]
    assert "bot.json" in said


def test_an_engine_without_an_answer_leaves_nothing_the_same(host: Host) -> None:
    host.engine.error = EngineError("cannot connect")
    with pytest.raises(EngineError):
        host.compare()
