"""A whole cluster out of one container and into another: the programs that do it, and no password in what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from freqops.hostctl.bot.database_copies import DatabaseError
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.maintenance.cluster import GLOBALS, Cluster
from tests.unit.fakes import FakeEngine

SAID = b"""--
\\restrict abc
SET standard_conforming_strings = on;
CREATE ROLE alpha_paper;
ALTER ROLE alpha_paper WITH LOGIN CONNECTION LIMIT 20 PASSWORD 'SCRAM-SHA-256$4096:salt$stored:server';
CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER;
\\unrestrict abc
"""


class Programs(FakeEngine):
    """Remembers what was run, and says what a test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.commands: list[tuple[list[str], Path | None]] = []
        self.error = ""

    def pipe(self, argv: list[str], timeout: float, *, source: Path | None = None, output: Path | None = None) -> str:  # noqa: ARG002
        self.commands.append((argv, source))
        if self.error:
            raise EngineError(self.error)
        if output is not None:
            output.write_bytes(SAID)
        return ""


def test_roles_come_with_their_passwords_in_a_file_of_root_alone(tmp_path: Path) -> None:
    engine = Programs()
    Cluster(engine, "one").dump(["alpha_paper"], tmp_path)
    kept = tmp_path / GLOBALS
    assert kept.stat().st_mode & 0o777 == 0o600
    text = kept.read_text()
    assert "PASSWORD 'SCRAM" in text
    assert "CREATE ROLE alpha_paper;" in text
    for line in ("CREATE ROLE postgres;", "\\restrict", "\\unrestrict"):
        assert line not in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alpha_paper.dump", GLOBALS]
    assert [argv[3] for argv, _ in engine.commands] == ["pg_dumpall", "pg_dump"]


def test_all_comes_in_or_it_is_an_error(tmp_path: Path) -> None:
    engine = Programs()
    Cluster(engine, "two").take_in(["alpha_paper", "postgres"], tmp_path)
    ran = [(argv[4 if "--interactive" in argv else 3], source and source.name) for argv, source in engine.commands]
    assert ran == [
        ("psql", GLOBALS), ("pg_restore", "alpha_paper.dump"), ("pg_restore", "postgres.dump"), ("vacuumdb", None),
    ]  # fmt: skip
    psql, alpha, own, _ = (argv for argv, _ in engine.commands)
    assert "--set=ON_ERROR_STOP=1" in psql
    assert ("--exit-on-error" in alpha, "--create" in alpha) == (True, True)
    assert ("--exit-on-error" in own, "--create" in own) == (True, False)


def test_what_a_program_says_has_no_password(tmp_path: Path) -> None:
    engine = Programs()
    engine.error = "psql: ERROR:  syntax error\nLINE 1: alter role x password 'SCRAM-SHA-256$4096:salt$stored'"
    with pytest.raises(DatabaseError) as failure:
        Cluster(engine, "two").take_in([], tmp_path)
    assert str(failure.value) == "psql in two: psql: ERROR:  syntax error"
