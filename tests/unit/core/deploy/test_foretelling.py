"""What a check says of bots and Postgres: what a deploy would do with them, and what it would refuse."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import NotProven
from freqops.core.bot import processes
from freqops.core.bot.layout import Home
from freqops.core.bot.processes import Process
from freqops.core.deploy import foretelling, own_container
from freqops.core.deploy.foretelling import Foretold
from tests.unit.core.deploy.test_container import INSPECTED
from tests.unit.fakes import made_container, make_bot, process

RELEASE, OTHER = "f00", "1" * 16
HOLD = {"holder": "halt", "level": 3, "reason": "r", "actor": "a", "incident": "i", "seq": 1, "set_at": "t"}


class Host:
    """A bot at work on Postgres, both as freqops made them."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.home = root, make_bot(root)
        (self.home / "conf" / "secrets.json").write_text('{"db_url": "postgresql+psycopg2://alpha"}')
        self.container: Any = made_container()
        self.postgres: Any = replace(made_container(), project="freqops-shared", service="postgres")
        (root / "postgres" / "staged").mkdir(parents=True)
        for place in ("compose.yml", "staged/compose.yml"):
            (root / "postgres" / place).write_text("x")
        own_container.of_postgres(root).take_in(None, self.postgres, [])
        self.installs = {name: (self.home / name).read_text() for name in ("bot.json", "compose.yml")}
        self.processes: list[Process] = [process()]
        monkeypatch.setattr(processes, "scan", lambda *_: self.processes)

    def hold(self) -> None:
        document = {"version": 1, "seq": 1, "holds": [{**HOLD, "rest": "paused"}]}
        (self.home / "conf" / "holds.json").write_text(json.dumps(document))

    def want(self, **changed: Any) -> None:
        self.installs["bot.json"] = json.dumps({**json.loads(self.installs["bot.json"]), **changed})

    def of_bot(self, release: str = RELEASE) -> Foretold:
        return foretelling.of_bot(self.home, release, self.installs, self.container)

    def of_postgres(self, *, stale: bool = False) -> Foretold:
        return foretelling.of_postgres(self.root, self.postgres, stale=stale)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def test_nothing_is_foretold_of_what_is_as_it_should_be(host: Host) -> None:
    assert host.of_bot() == Foretold()
    assert host.of_postgres() == Foretold()


def test_a_bot_that_is_stopped_by_plan_is_not_foretold_to_be_started(host: Host) -> None:
    host.processes.clear()
    assert host.of_bot().changes == ["it does not run, and would be started"]
    Home(host.home).stopped.write_text('{"command": "stop"}')
    assert host.of_bot() == Foretold()


def test_another_initial_state_is_foretold_and_shown(host: Host) -> None:
    host.want(initial_state="stopped")
    foretold = host.of_bot()
    said = 'initial_state is "running", and would be "stopped"; it would be started again in that state'
    assert (foretold.changes, foretold.refused) == ([said], "")
    [shown] = foretold.diff
    assert '"initial_state": "running"' in shown["before"]
    assert '"initial_state": "stopped"' in shown["after"]


@pytest.mark.parametrize(
    ("changed", "first"),
    [({"image": "freqtrade@sha256:01"}, ["alpha"]), ({"mode": "live"}, ["alpha"]), ({"initial_state": "stopped"}, [])],
)
def test_the_dump_before_another_image_or_database_is_foretold(
    host: Host, changed: dict[str, str], first: list[str]
) -> None:
    host.want(**changed)
    assert host.of_bot(OTHER).dumped_first == first
    (host.home / "bot.json").unlink()
    assert host.of_bot(OTHER).dumped_first == [], "a new bot has no database"


def test_the_dumps_before_a_change_of_postgres_are_foretold(host: Host) -> None:
    assert host.of_postgres().dumped_first == []
    assert host.of_postgres(stale=True).dumped_first == ["alpha"]
    host.postgres = None
    assert host.of_postgres(stale=True).dumped_first == [], "what does not run can be asked for no dump"


def test_coins_that_are_not_its_own_start_nothing_again(host: Host) -> None:
    host.want(foreign_holdings={"BTC": "1"})
    assert host.of_bot().changes == ['foreign_holdings is null, and would be {"BTC": "1"}']


def test_a_container_changed_by_hand_is_foretold_with_both_values(host: Host) -> None:
    host.container = made_container(made={"HostConfig.Privileged": "true", "Config.Env.TOKEN": "canary"})
    foretold = host.of_bot()
    assert foretold.changes == [
        "its container would be made again: Config.Env.TOKEN is [not shown], not unset",
        "its container would be made again: HostConfig.Privileged is true, not unset",
    ]
    [shown] = foretold.diff
    assert (shown["before_header"], "HostConfig.Privileged: true\n" in shown["before"]) == (
        "container freqops-alpha", True,
    )  # fmt: skip
    assert "HostConfig.Privileged: unset\n" in shown["after"]
    assert "canary" not in str(foretold)


def test_a_container_of_which_nothing_is_known_is_foretold(host: Host) -> None:
    (host.home / own_container.RECORD).unlink()
    assert host.of_bot().changes == ["its container would be made again: how it was made is not known"]


@pytest.mark.parametrize("release", [RELEASE, OTHER])
def test_a_container_of_somebody_else_would_be_refused(host: Host, release: str) -> None:
    host.container = made_container(project="", service="")
    foretold = host.of_bot(release)
    assert foretold.refused.startswith("a container called freqops-alpha is there that is not freqops' own")
    assert not any("made again" in text for text in foretold.changes)


def test_a_compose_file_changed_by_hand_is_foretold(host: Host) -> None:
    (host.home / "compose.yml").write_text("privileged")
    foretold = host.of_bot()
    assert foretold.changes == ["compose.yml is not that of its release, which would replace it"]
    assert (foretold.diff[0]["before"], foretold.diff[0]["after"]) == ("privileged", "services: {}\n")


def test_what_does_not_run_would_be_started_unless_it_is_held(host: Host) -> None:
    host.processes = []
    assert host.of_bot().changes == ["it does not run, and would be started"]
    host.hold()
    host.container = made_container(project="", made={"HostConfig.Privileged": "true"})
    assert host.of_bot() == Foretold(), "nothing of it is touched"
    assert host.of_bot(OTHER).refused != "", "a switch looks whose container that is"


def test_another_release_and_a_first_one_are_foretold(host: Host) -> None:
    assert host.of_bot(OTHER).changes == [f"release {OTHER} would replace f00"]
    (host.home / "bot.json").write_text("{")
    assert host.of_bot(OTHER).changes == [f"release {OTHER} would replace nothing"]


def test_a_change_of_postgres_is_foretold_with_the_bots_that_it_stops(host: Host) -> None:
    meanwhile = "the bots on it would be stopped meanwhile: alpha"
    assert host.of_postgres(stale=True).changes == ["its description would change", meanwhile]
    host.postgres = replace(host.postgres, made={"HostConfig.Privileged": "true"})
    foretold = host.of_postgres()
    assert foretold.changes[0] == "its container would be made again: HostConfig.Privileged is true, not unset"
    assert foretold.diff[0]["before"] == "HostConfig.Privileged: true\n"
    host.processes = []
    assert meanwhile not in host.of_postgres().changes


def test_a_postgres_that_does_not_run_or_has_another_file_is_foretold(host: Host) -> None:
    host.postgres = replace(host.postgres, status="exited")
    assert host.of_postgres().changes[0] == "it does not run, and would be started"
    host.postgres = None
    assert host.of_postgres().changes[0] == "it does not run, and would be started"
    (host.root / "postgres" / "compose.yml").write_text("y")
    assert host.of_postgres().changes[0] == "its compose.yml is not the staged one, which would replace it"


def test_somebody_elses_postgres_would_be_refused(host: Host) -> None:
    host.postgres = replace(host.postgres, project="mine")
    assert "it was made service postgres of the Compose project mine" in host.of_postgres().refused


def answering(status: int, out: str = "", error: str = "") -> Any:
    return lambda words: subprocess.CompletedProcess(words, status, out, error)


def test_what_the_engine_has_is_known_by_name() -> None:
    document = {**INSPECTED, "State": {"Status": "running", "StartedAt": "x"}, "RestartCount": 0}
    gone = "Error: No such container: freqops-beta"
    found = foretelling.containers(["freqops-alpha", "freqops-beta"], answering(1, json.dumps(document), gone))
    assert list(found) == ["freqops-alpha"]
    assert found["freqops-alpha"].made["Config.User"] == "1000:1000"


def test_without_an_engine_there_are_none_and_a_silent_one_is_no_answer() -> None:
    assert foretelling.containers(["freqops-alpha"], answering(127, "", "docker is not there")) == {}
    for status, error in ((1, "Cannot connect to the Docker daemon"), (124, "no end within 10 s")):
        with pytest.raises(NotProven, match="the engine does not answer"):
            foretelling.containers(["freqops-alpha"], answering(status, "", error))
