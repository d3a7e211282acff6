"""A change of image or database has all of the database in a dump first, and nothing is touched where that fails."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import NotProven, Refused
from freqops.hostctl.deploy import deploy, shared_postgres
from freqops.hostctl.deploy.dump_first import NONE_YET, DumpFirst
from freqops.hostctl.deploy.switch_order import Switched
from tests.unit.hostctl.deploy.test_shared_postgres import STARTED, STOPPED, postgres
from tests.unit.hostctl.deploy.test_shared_postgres import Host as PostgresHost
from tests.unit.hostctl.deploy.test_switch import NEW, OLD, OTHER_IMAGE, Host

URL = "postgresql+psycopg2://alpha_paper:former@postgres:5432/alpha_paper"


class Dumps:
    """What makes dumps, and what the host was doing meanwhile."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: Exception | None = None
        self.stamp = "20260102T030405Z"
        self.seen: list[Any] = []
        self.look: Any = lambda: None

    def __call__(self, home: Path, *_: Any) -> str:
        self.asked.append(home.name)
        self.seen.append(self.look())
        if self.error is not None:
            raise self.error
        return self.stamp


@pytest.fixture
def dumps() -> Dumps:
    return Dumps()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dumps: Dumps) -> Host:
    host = Host(tmp_path, monkeypatch)
    dumps.look = lambda: (host.running, len(host.processes), (host.home / "switch.json").exists())
    return host


def switch(host: Host, dumps: Dumps, fingerprint: str = NEW, *, accept_stale: bool = False) -> Switched:
    errand = replace(host.errand, first=DumpFirst(dumps, accept_stale))
    [row] = deploy.deploy([("alpha", fingerprint)], errand, host.clock, host.engine)
    return row


def new_secrets(host: Host, url: str) -> None:
    """Let secrets wait that are others, and lead to this database."""
    (host.home / "conf" / "secrets.json").write_text(json.dumps({"db_url": URL, "api_server": {}}))
    (host.home / "staged").mkdir()
    waiting = {"db_url": url, "api_server": {"username": "u", "password": "another"}}
    (host.home / "staged" / "secrets.json").write_text(json.dumps(waiting))


def test_another_image_has_a_dump_first_while_the_former_release_runs(host: Host, dumps: Dumps) -> None:
    host.stage(NEW, OTHER_IMAGE)
    row = switch(host, dumps)
    assert (row.well, row.dump, row.detail) == (True, dumps.stamp, [])
    assert dumps.seen == [(OLD, 1, False)], "nothing was stopped or replaced, and no switch had begun"


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("sqlite:////freqops/var/trades.paper.sqlite", ["alpha"]),
        (URL.replace("alpha_paper", "alpha_live"), ["alpha"]),
        (URL, []),
        (URL.replace("former", "rotated"), []),
    ],
)
def test_another_database_has_a_dump_first_and_another_password_none(
    host: Host, dumps: Dumps, url: str, asked: list[str]
) -> None:
    new_secrets(host, url)
    assert switch(host, dumps).well
    assert dumps.asked == asked


def test_what_changes_neither_image_nor_database_asks_for_no_dump(
    host: Host, dumps: Dumps, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert switch(host, dumps).well
    monkeypatch.setattr(host.engine, "compose_up", lambda *_, **__: None)
    assert switch(host, dumps).changed is False
    assert dumps.asked == []


def test_without_a_dump_nothing_is_touched(host: Host, dumps: Dumps) -> None:
    host.stage(NEW, OTHER_IMAGE)
    (host.home / "conf" / "holds.json").unlink()
    before = {path: path.read_bytes() for path in host.home.rglob("*") if path.is_file() and path.name != ".lock"}
    dumps.error = NotProven("Postgres does not answer")
    row = switch(host, dumps)
    assert (row.outcome, row.changed, row.detail) == (
        "refused", False, ["alpha was not touched: Postgres does not answer"],
    )  # fmt: skip
    assert {path: path.read_bytes() for path in before} == before
    assert not (host.home / "conf" / "holds.json").exists(), "not even what was lost was held"
    assert (host.database.done, len(host.processes), host.running) == ([], 1, OLD)
    assert not (host.root / "incidents" / "one").exists() or not list(
        (host.root / "incidents" / "one").glob("*switch*")
    )


def test_one_that_could_not_be_dumped_keeps_no_other_from_its_release(host: Host, dumps: Dumps) -> None:
    host.stage(NEW, OTHER_IMAGE)
    dumps.error = OSError(28, "No space left on device")
    errand = replace(host.errand, first=DumpFirst(dumps))
    rows = deploy.deploy([("alpha", NEW), ("ghost", NEW)], errand, host.clock, host.engine)
    assert [row.outcome for row in rows] == ["refused", "refused"]
    assert "No space left" in rows[0].detail[0]
    assert "ghost" in rows[1].detail[0]


def test_a_change_without_a_dump_goes_on_where_that_was_accepted_and_says_so(host: Host, dumps: Dumps) -> None:
    host.stage(NEW, OTHER_IMAGE)
    dumps.error = NotProven("it lost all its trades")
    row = switch(host, dumps, accept_stale=True)
    assert (row.well, row.dump) == (True, "")
    assert row.detail == ["changed without a dump, as was accepted: it lost all its trades"]


def test_a_bot_without_a_database_says_so(host: Host, dumps: Dumps) -> None:
    host.stage(NEW, OTHER_IMAGE)
    dumps.stamp = ""
    row = switch(host, dumps)
    assert (row.well, row.dump, row.detail) == (True, "", [NONE_YET])


def test_a_first_deploy_has_nothing_to_dump(host: Host, dumps: Dumps) -> None:
    host.never_deployed()
    assert switch(host, dumps).well
    assert dumps.asked == []


# --- the Postgres of the host


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dumps: Dumps) -> PostgresHost:
    host = PostgresHost(tmp_path, monkeypatch)
    dumps.look = lambda: list(host.done)
    return host


def bring(host: PostgresHost, dumps: Dumps, *, accept_stale: bool = False) -> shared_postgres.Brought:
    return shared_postgres.bring(host.root, host.clock, host.engine, first=DumpFirst(dumps, accept_stale))


def test_each_database_of_a_postgres_that_is_made_again_has_a_dump_first(shared: PostgresHost, dumps: Dumps) -> None:
    assert bring(shared, dumps).changed
    assert dumps.asked == ["alpha", "beta", "delta"], "those that do not run, too, and none on SQLite"
    assert dumps.seen == [[], [], []], "nothing was stopped yet"
    assert shared.done == [*STOPPED, "up new 120", *STARTED]


def test_a_postgres_that_stays_as_it_is_asks_for_no_dump(shared: PostgresHost, dumps: Dumps) -> None:
    shared.used.write_text("new")
    assert not bring(shared, dumps).changed
    assert dumps.asked == []


def test_without_the_dumps_postgres_is_not_touched(shared: PostgresHost, dumps: Dumps) -> None:
    dumps.error = NotProven("the database of alpha could not be dumped")
    with pytest.raises(Refused, match="Postgres was not touched: the database of alpha could not be dumped"):
        bring(shared, dumps)
    assert (shared.done, shared.used.read_text()) == ([], "old")
    brought = bring(shared, dumps, accept_stale=True)
    assert brought.changed
    assert brought.to_json()["detail"][0].startswith("alpha: changed without a dump, as was accepted: ")


def test_a_postgres_that_does_not_run_is_made_again_without(shared: PostgresHost, dumps: Dumps) -> None:
    shared.engine.present = replace(postgres(), status="exited")
    assert bring(shared, dumps).changed
    assert dumps.asked == []


def test_a_change_that_was_interrupted_goes_on_without(shared: PostgresHost, dumps: Dumps) -> None:
    (shared.root / "postgres" / "former.yml").write_text("old")
    assert bring(shared, dumps).changed
    assert dumps.asked == []
