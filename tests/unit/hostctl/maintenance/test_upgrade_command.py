"""``freqops-host upgrade-postgres``: its words, its evidence, the deploy lock, and its exit status."""

from __future__ import annotations

import json
from typing import Any

import pytest

from freqops.core.base.errors import NotProven, Refused
from freqops.core.deploy import deploy_lock
from freqops.core.deploy.deploy_lock import DeployLock
from freqops.hostctl import cli
from freqops.hostctl.commands import upgrade_postgres as command
from freqops.hostctl.maintenance.shared_cluster import Order, Upgraded
from tests.unit.fakes import FakeClock

COMMON = ["--reason", "why", "--actor", "ann@host", "--incident", "one", "--json"]
IMAGE = f"registry.example/postgres@sha256:{'17' * 32}"


class Work:
    """Stands for an upgrade, or an undo, and remembers its order."""

    orders: list[tuple[str, Order]] = []  # noqa: RUF012  emptied by the fixture
    error: Exception | None = None
    row = Upgraded("", "upgraded", changed=True, proven=True, stands=17)

    def __init__(self, _root: Any, order: Order, *_: Any) -> None:
        self._order = order

    def run(self) -> Upgraded:
        self.orders.append(("run", self._order))
        if self.error is not None:
            raise self.error
        return self.row

    def look(self) -> Upgraded:
        self.orders.append(("look", self._order))
        return self.row


@pytest.fixture
def work(tmp_path, monkeypatch) -> type[Work]:  # type: ignore[no-untyped-def]
    class Mine(Work):
        orders: list[tuple[str, Order]] = []  # noqa: RUF012

    monkeypatch.setattr(command, "Upgrade", Mine)
    monkeypatch.setattr(command, "Undoing", Mine)
    monkeypatch.setattr(command, "IN_SESSION", False)
    (tmp_path / "postgres").mkdir()
    return Mine


def evidence(root: Any) -> list[Any]:
    return [json.loads(path.read_text()) for path in sorted((root / "incidents").glob("one/*-upgrade-postgres-*.json"))]


def test_it_upgrades_and_leaves_evidence(work: type[Work], tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["upgrade-postgres", "--image", IMAGE, "--host", "paper-1", *COMMON], tmp_path) == 0
    [(act, order)] = work.orders
    assert (act, order.image, order.host, order.overwrite) == ("run", IMAGE, "paper-1", False)
    assert json.loads(capsys.readouterr().out)["outcome"] == "upgraded"
    [said] = evidence(tmp_path)
    assert (said["proven"], said["result"]["stands"], said["reason"]) == (True, 17, "why")


def test_a_look_leaves_nothing(work: type[Work], tmp_path: Any) -> None:
    assert cli.main(["upgrade-postgres", "--undo", "--overwrite", "--look", *COMMON], tmp_path) == 0
    assert [(act, order.overwrite) for act, order in work.orders] == [("look", True)]
    assert not (tmp_path / "incidents").exists()


def test_what_is_not_proven_ends_with_2_and_is_written_down(work: type[Work], tmp_path: Any) -> None:
    work.error = NotProven("the old cluster is back")
    assert cli.main(["upgrade-postgres", "--image", IMAGE, *COMMON], tmp_path) == 2
    assert evidence(tmp_path)[0]["result"] == {"not_proven": "the old cluster is back"}
    work.error, work.row = None, Upgraded("", "upgraded", changed=True, proven=False)
    assert cli.main(["upgrade-postgres", "--image", IMAGE, *COMMON], tmp_path) == 2


def test_a_refusal_ends_with_1_and_leaves_nothing(work: type[Work], tmp_path: Any) -> None:
    work.error = Refused("no room")
    assert cli.main(["upgrade-postgres", "--image", IMAGE, *COMMON], tmp_path) == 1
    for words in (["--image", IMAGE, "--undo"], [], ["--image", IMAGE, "--overwrite"]):
        assert cli.main(["upgrade-postgres", *words, *COMMON], tmp_path) == 1
    assert len(work.orders) == 1
    assert not (tmp_path / "incidents").exists()


def test_another_deploy_keeps_it_off_and_its_own_is_heard_of(work: type[Work], tmp_path: Any) -> None:
    for identity, status in (("another", 1), ("one", 0)):
        (tmp_path / deploy_lock.FILE).unlink(missing_ok=True)
        deploy_lock.take(tmp_path, DeployLock(identity, "ann", "desk", 1, "then"), FakeClock())
        assert cli.main(["upgrade-postgres", "--image", IMAGE, *COMMON], tmp_path) == status
    assert len(work.orders) == 1
