"""The Postgres of a host is changed with its bots stopped, and comes back as it was where it must."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.base.errors import NotProven, Refused
from freqops.core.bot import layout
from freqops.core.bot.postgres_major import NoMajor
from freqops.core.bot.processes import Process
from freqops.core.deploy import own_container
from freqops.core.deploy.container import Container
from freqops.hostctl.bot import stopped, stopping
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.bot.start import Started
from freqops.hostctl.bot.stopped import Stopped
from freqops.hostctl.deploy import shared_postgres
from tests.unit import clusters
from tests.unit.fakes import FakeClock, FakeEngine, made_container, make_bot, process


def postgres(number: str = "old", **said: Any) -> Container:
    """The container of Postgres, as freqops makes it."""
    return replace(made_container(number=number), project="freqops-shared", service="postgres", **said)


BY = Stopped("postgres", starts="f00")
PORT_TAKEN = EngineError("port is already allocated")


class Engine(FakeEngine):
    """Remembers in which order Postgres and bots were touched."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.failures: list[EngineError] = []
        self.said: list[list[str]] = []

    def execute(self, name: str, argv: list[str]) -> str:
        self.said.append([name, *argv])
        return ""

    def stop(self, name: str, grace: int) -> None:
        self.host.done.append(f"stop {name} {grace}")
        self.host.processes = [each for each in self.host.processes if f"freqops-{each.bot}" != name]

    def compose_up_healthy(self, compose: Path, seconds: int, *, recreate: bool = False) -> None:
        self.host.done.append(f"up {compose.read_text()} {seconds}" + " again" * recreate)
        if self.failures:
            raise self.failures.pop(0)
        self.present = postgres(f"id{len(self.host.done)}")


class Host:
    """Two bots on Postgres, one on SQLite, one on Postgres that does not run."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.clock, self.done = root, FakeClock(), list[str]()
        (root / "postgres" / "staged").mkdir(parents=True)
        self.used, self.staged = root / "postgres" / "compose.yml", root / "postgres" / "staged" / "compose.yml"
        self.used.write_text("old")
        self.staged.write_text("new")
        urls = {"alpha": "postgresql://a", "beta": "postgresql://b", "gamma": "sqlite:////x", "delta": "postgresql://d"}
        for name, url in urls.items():
            (make_bot(root, name) / "conf" / "secrets.json").write_text(json.dumps({"db_url": url}))
        self.processes: list[Process] = [
            process(number, name) for number, name in enumerate(("alpha", "beta", "gamma"))
        ]
        self.engine = Engine(self)
        self.engine.present = postgres()
        own_container.of_postgres(root).take_in(None, self.engine.present, [])
        self.sick: set[str] = set()
        for module in (shared_postgres, stopping):
            monkeypatch.setattr(module, "alive", lambda bot: [p for p in self.processes if p.bot == bot.name])
        monkeypatch.setattr(shared_postgres, "start_locked", self.start)

    def start(self, bot: layout.Bot, *_: object) -> Started:
        self.done.append(f"start {bot.name}")
        if bot.name in self.sick:
            raise NotProven(f"{bot.name} did not come up")
        return Started(bot.name, "running", changed=True)

    def bring(self, *, reread: bool = False) -> shared_postgres.Brought:
        return shared_postgres.bring(self.root, self.clock, self.engine, reread=reread)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


STOPPED = ["stop freqops-alpha 90", "stop freqops-beta 90"]
STARTED = ["start alpha", "start beta"]


def test_only_the_bots_that_run_on_it_are_stopped_and_started_again(host: Host) -> None:
    brought = host.bring()
    assert host.done == [*STOPPED, "up new 120", *STARTED]
    assert host.used.read_text() == "new"
    assert brought.changed
    assert [row["bot"] for row in brought.to_json()["bots"]] == ["alpha", "beta"]


def test_what_is_as_staged_is_left_alone(host: Host) -> None:
    host.used.write_text("new")
    assert host.bring().to_json() == {"changed": False, "bots": [], "detail": []}
    assert (host.done, host.engine.said) == ([], [])
    assert host.bring(reread=True).changed is False
    assert host.engine.said == [["freqops-postgres", "pg_ctl", "reload", "--silent"]]


def test_a_container_that_is_not_as_its_file_declares_is_made_again(host: Host) -> None:
    host.used.write_text("new")
    host.engine.present = postgres(made={"HostConfig.Privileged": "true"})
    assert host.bring().changed is True
    assert host.done[:3] == [*STOPPED, "up new 120 again"]
    assert host.bring().changed is False


def test_a_crash_before_it_is_made_leaves_one_of_which_nothing_is_known(host: Host) -> None:
    host.engine.failures = [EngineError("the power went"), EngineError("again")]
    with pytest.raises(NotProven):
        host.bring()
    host.used.write_text("new")
    assert host.bring().changed is True, "its file says what was wanted, and it was not made from it"


def test_one_of_somebody_else_is_named_with_its_cure_and_left(host: Host) -> None:
    host.engine.present = replace(postgres(), project="", service="")
    with pytest.raises(Refused, match=r"called freqops-postgres is there.*made by hand.*'docker rm freqops-postgres'"):
        host.bring()
    assert host.done == []


def test_a_first_one_needs_no_bots(host: Host) -> None:
    host.used.unlink()
    host.processes = []
    assert host.bring().to_json() == {"changed": True, "bots": [], "detail": []}
    assert host.done == ["up new 120"]


def test_one_that_does_not_come_up_gives_way_to_the_former(host: Host) -> None:
    host.engine.failures = [PORT_TAKEN]
    with pytest.raises(NotProven) as failure:
        host.bring()
    assert host.done == [*STOPPED, "up new 120", "up old 120 again", *STARTED]
    assert host.used.read_text() == "old"
    assert "port is already allocated\nthe former one is back, and so are alpha, beta" in str(failure.value)
    assert str(failure.value).endswith("last words")


def test_a_way_back_that_fails_is_not_claimed(host: Host) -> None:
    host.engine.failures = [PORT_TAKEN, EngineError("no space left")]
    with pytest.raises(NotProven, match="NOT PROVEN to be back: no space left"):
        host.bring()
    assert "start alpha" not in host.done


def test_the_first_one_of_a_host_has_nothing_to_go_back_to(host: Host) -> None:
    host.used.unlink()
    host.processes = []
    host.engine.failures = [PORT_TAKEN]
    with pytest.raises(NotProven, match="there was none before"):
        host.bring()


def test_all_bots_are_started_before_the_first_that_fails_is_named(host: Host) -> None:
    host.sick = {"alpha"}
    with pytest.raises(NotProven, match="Postgres is up, but not all of its bots: alpha did not come up"):
        host.bring()
    assert host.done[-2:] == STARTED


def test_a_bot_in_other_hands_keeps_it_as_it_is(host: Host) -> None:
    with durable.locked(host.root / "bots" / "beta" / ".lock", 1, host.clock) as held:
        assert held
        with pytest.raises(Refused, match="another command is working on beta"):
            host.bring()
    assert (host.done, host.used.read_text()) == ([], "old")


def test_a_bot_whose_secrets_cannot_be_read_may_use_it(host: Host) -> None:
    (host.root / "bots" / "alpha" / "conf" / "secrets.json").write_text("{")
    host.bring()
    assert host.done[:2] == STOPPED


# --- one bot stopped


def stop(host: Host, monkeypatch: pytest.MonkeyPatch, *, gone: bool) -> list[str]:
    """Stop alpha, whose engine does not end it, and return what was killed."""
    killed: list[str] = []

    class HardStop:
        def __init__(self, container: str, *_: object) -> None:
            self.container = container
            self.gone = 1.0 if gone else None
            self.notes = ["process 7 is in state D"]

        def run(self, _deadline: float) -> HardStop:
            killed.append(self.container)
            return self

    def hangs(*_: object) -> subprocess.Popen[str]:
        raise EngineError("no answer within 120 s")

    monkeypatch.setattr(stopping, "HardStop", HardStop)
    monkeypatch.setattr(host.engine, "stop", hangs)
    stopping.stop(layout.load_bot(host.root / "bots" / "alpha"), BY, host.clock, host.engine)
    return killed


def test_what_the_engine_does_not_end_is_killed(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stop(host, monkeypatch, gone=True) == ["freqops-alpha"]


def test_what_cannot_be_killed_is_not_called_stopped(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotProven, match="alpha could not be stopped: process 7 is in state D"):
        stop(host, monkeypatch, gone=False)


def test_a_bot_without_a_container_is_stopped(host: Host) -> None:
    host.processes, host.engine.present = [], None
    stopping.stop(layout.load_bot(host.root / "bots" / "alpha"), BY, host.clock, host.engine)
    assert host.done == []


# --- interrupted


class PowerFailure(BaseException):
    """The end of a command that nobody asked for."""


def cut(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """End a change when its bots are stopped and its new file is there."""

    def fail(*_: object, **__: object) -> None:
        raise PowerFailure

    with monkeypatch.context() as patch:
        patch.setattr(host.engine, "compose_up_healthy", fail)
        with pytest.raises(PowerFailure):
            host.bring()
    host.done.clear()


def resume(host: Host) -> shared_postgres.Brought | None:
    return shared_postgres.resume(host.root, host.clock, host.engine)


def test_bots_that_it_stopped_are_written_down_first(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    cut(host, monkeypatch)
    named = [home.name for home in layout.homes(host.root) if stopped.note_of(home) is not None]
    assert named == ["alpha", "beta"]


def test_an_interrupted_change_goes_on(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    cut(host, monkeypatch)
    assert resume(host) is not None
    assert (host.done, host.used.read_text()) == (["up new 120 again"], "new")
    assert resume(host) is None


def test_an_interrupted_change_that_does_not_come_up_gives_way_to_the_former(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is never well: the former one was written down, too."""
    cut(host, monkeypatch)
    host.engine.failures = [PORT_TAKEN]
    with pytest.raises(NotProven, match="the former one is back"):
        resume(host)
    assert (host.done, host.used.read_text()) == (["up new 120 again", "up old 120 again"], "old")
    assert resume(host) is None


def test_a_way_back_that_fails_is_tried_again(host: Host) -> None:
    host.engine.failures = [PORT_TAKEN, PORT_TAKEN]
    with pytest.raises(NotProven):
        host.bring()
    host.staged.write_text("newer")
    host.engine.failures = [PORT_TAKEN]
    with pytest.raises(NotProven, match="the former one is back"):
        resume(host)
    assert host.used.read_text() == "old", "and not the one that did not come up"


def test_one_that_a_command_works_on_is_left_alone(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    cut(host, monkeypatch)
    with durable.locked(host.root / "postgres" / ".lock", 1, host.clock):
        assert resume(host) is None
        with pytest.raises(Refused, match="another command is working on it"):
            host.bring()
    assert host.done == []


# --- another major version


def of_versions(host: Host, monkeypatch: pytest.MonkeyPatch, cluster: int, image: int | None) -> None:
    """Write a cluster and stage an image, each of a version; None is an image that does not say it."""
    (host.root / "postgres" / "data").mkdir()
    (host.root / "postgres" / "data" / "PG_VERSION").write_text(f"{cluster}\n")
    host.staged.write_text(clusters.compose(clusters.NEW_IMAGE))

    def major(_image: str) -> int:
        if image is None:
            raise NoMajor("the image does not say it")
        return image

    monkeypatch.setattr(host.engine, "postgres_major", major)


@pytest.mark.parametrize(("image", "cure"), [(17, "upgrade_postgres.yml brings all databases"), (14, "action=undo")])
def test_another_major_version_is_refused_before_a_bot_is_stopped(
    host: Host, monkeypatch: pytest.MonkeyPatch, image: int, cure: str
) -> None:
    of_versions(host, monkeypatch, 15, image)
    with pytest.raises(Refused, match=cure):
        host.bring()
    with pytest.raises(Refused, match=cure):
        shared_postgres.judge(host.root, clusters.NEW_IMAGE, host.engine)
    assert (host.done, host.used.read_text()) == ([], "old")


def test_the_same_version_is_brought_up_as_ever(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    of_versions(host, monkeypatch, 17, 17)
    shared_postgres.judge(host.root, clusters.NEW_IMAGE, host.engine)
    assert host.engine.images == [f"bring {clusters.NEW_IMAGE}"]
    assert host.bring().changed is True


def test_a_version_that_is_not_known_is_refused_where_it_is_judged(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    shared_postgres.judge(host.root, clusters.NEW_IMAGE, host.engine)
    assert host.engine.images == [], "without a cluster nothing is asked"
    of_versions(host, monkeypatch, 17, None)
    with pytest.raises(Refused, match="the image does not say it"):
        shared_postgres.judge(host.root, clusters.NEW_IMAGE, host.engine)


def test_nothing_is_changed_while_an_upgrade_is_not_over(host: Host) -> None:
    (host.root / "postgres" / "upgrade.json").write_text("{}")
    with pytest.raises(Refused, match="an upgrade of it is not over; freqops-recover ends it"):
        host.bring()
    assert host.done == []
