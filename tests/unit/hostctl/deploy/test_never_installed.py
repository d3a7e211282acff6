"""A bot whose first deploy was refused is no bot of its host, and leaves nothing when nobody wants it any more."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from freqops.core.bot import layout
from freqops.hostctl import cli
from freqops.hostctl.bot import databases
from freqops.hostctl.deploy import never_installed
from tests.unit.fakes import FakeEngine, make_bot


class Postgres:
    """The host's Postgres: what is in it, and how many trades each database has."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.there = ["user omega_paper", "database omega_paper", "user alpha_paper", "database alpha_paper"]
        self.trades: dict[str, int] = {}
        self.asked = 0
        monkeypatch.setattr(databases, "present", lambda _engine: self.present())
        monkeypatch.setattr(databases.Postgres, "trades", lambda database: self.trades.get(database.name, 0))
        monkeypatch.setattr(databases.Postgres, "drop", lambda database: self.drop(database.name))

    def present(self) -> list[str]:
        self.asked += 1
        return self.there

    def drop(self, name: str) -> None:
        self.there = [text for text in self.there if not text.endswith(f" {name}")]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Postgres:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "compose.yml").touch()
    return Postgres(monkeypatch)


def lay_out(root: Path, name: str = "omega") -> Path:
    """Write what a deploy lays out for a bot that Freqtrade then refuses."""
    home = root / "bots" / name
    for file in ("release/f00/config.json", "release/f00/strategies/S.py", "staged/secrets.json", "conf/freqops-host"):
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).write_text("{}")
    (home / "var").mkdir()
    return home


def names(homes: list[Path]) -> list[str]:
    return [home.name for home in homes]


def test_what_was_only_laid_out_is_no_bot(tmp_path: Path) -> None:
    make_bot(tmp_path)
    lay_out(tmp_path)
    assert (names(layout.homes(tmp_path)), names(layout.laid_out(tmp_path))) == (["alpha"], ["omega"])


@pytest.mark.parametrize(
    "file", ["conf/holds.json", "conf/secrets.json", "var/trades.paper.sqlite", "releases.json", "switch.json", "x"]
)
def test_a_bot_that_lost_its_declaration_is_one(tmp_path: Path, file: str) -> None:
    (lay_out(tmp_path) / file).write_text("")
    assert (names(layout.homes(tmp_path)), layout.laid_out(tmp_path)) == (["omega"], [])


def test_a_directory_without_a_release_is_one(tmp_path: Path) -> None:
    shutil.rmtree(lay_out(tmp_path) / "release")
    assert names(layout.homes(tmp_path)) == ["omega"]


def test_it_goes_with_its_empty_database_and_nothing_else_does(tmp_path: Path, server: Postgres) -> None:
    kept, gone = make_bot(tmp_path), lay_out(tmp_path)
    assert never_installed.sweep(tmp_path, FakeEngine()) == ["omega"]
    assert (kept.exists(), gone.exists()) == (True, False)
    assert server.there == ["user alpha_paper", "database alpha_paper"]
    assert never_installed.sweep(tmp_path, FakeEngine()) == []
    assert server.asked == 1, "a host without such a directory costs no question"


def test_what_has_traded_is_somebodys(tmp_path: Path, server: Postgres) -> None:
    gone = lay_out(tmp_path)
    server.trades["omega_paper"] = 1
    assert never_installed.sweep(tmp_path, FakeEngine()) == []
    assert gone.exists()
    assert len(server.there) == 4


def test_without_postgres_its_directory_is_all_of_it(tmp_path: Path, server: Postgres) -> None:
    (tmp_path / "postgres" / "compose.yml").unlink()
    gone = lay_out(tmp_path)
    assert never_installed.sweep(tmp_path, FakeEngine()) == ["omega"]
    assert (gone.exists(), server.asked) == (False, 0)


def test_a_deploy_that_ended_well_says_what_it_took_away(
    tmp_path: Path, server: Postgres, capfd: pytest.CaptureFixture[str]
) -> None:
    lay_out(tmp_path)
    assert cli.main(["manifest", "--wanted=w", "--ground=g", "--write"], tmp_path) == 0
    answer = json.loads(capfd.readouterr().out)
    assert (answer["written"], answer["swept"]) == (True, ["omega"])
    assert server.asked == 1
