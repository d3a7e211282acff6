"""A dump of Postgres is made out of the transaction in which its contents are read, and read back whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from freqops.core.bot.database_contents import POSTGRES
from freqops.hostctl.backup import live_copies, psql_session
from freqops.hostctl.bot.database_copies import DatabaseError
from freqops.hostctl.bot.databases import Postgres
from freqops.hostctl.bot.engine import Engine
from freqops.hostctl.bot.engine_command import EngineError
from tests.unit.fakes import FakeClock

PSQL = """
import sys
answers = dict(%r)
for line in sys.stdin:
    if line.startswith("\\\\echo "):
        print(line[6:].strip(), flush=True)
    for part, answer in answers.items():
        if part in line:
            if answer is None:
                print("ERROR:  refused")
                sys.exit(3)
            print(answer)
"""
TEXT = b"""COPY public.trades (id, pair) FROM stdin;
1\tBTC/USDT
\\.
SELECT pg_catalog.setval('public.trades_id_seq', 1, true);
-- PostgreSQL database dump complete
"""
ANSWERS: dict[str, str | None] = {
    "pg_export_snapshot": "00000003-0000001B-1",
    "a.attname as called from pg_class c": json.dumps(
        [{"space": "public", "place": "trades", "called": name} for name in ("id", "pair")]
    ),
    'md5(row("id", "pair")::text)': json.dumps([{"rows": 1, "one": "-5", "other": "7"}]),
    "s.oid::regclass": json.dumps(
        [{"space": "public", "place": "trades", "called": "id", "sequence": "trades_id_seq"}]
    ),
    "highest": json.dumps([{"last_value": 1, "is_called": True, "highest": 1}]),
    "(select last_value, is_called from trades_id_seq)": json.dumps([{"last_value": 1, "is_called": True}]),
}


class PostgresEngine(Engine):
    """An engine whose psql, pg_dump and pg_restore are others."""

    def __init__(self) -> None:
        self.answers, self.text, self.asked = dict(ANSWERS), TEXT, list[list[str]]()
        self.sessions: list[subprocess.Popen[str]] = []
        self.refuses: str | None = None

    def talk(self, argv: list[str]) -> subprocess.Popen[str]:
        self.asked.append(argv)
        self.sessions.append(self._popen([sys.executable, "-c", PSQL % (list(self.answers.items()),)], subprocess.PIPE))
        return self.sessions[-1]

    def pipe(self, argv: list[str], timeout: float, *, source: Path | None = None, output: Path | None = None) -> str:
        assert (timeout > 0, source) == (True, None)
        self.asked.append(argv)
        assert self.sessions[-1].poll() is None, "the moment is held"
        if self.refuses:
            raise EngineError(self.refuses)
        assert output is not None
        output.write_bytes(b"PGDMP")
        return ""

    def lines(self, argv: list[str], timeout: float, source: Path, reader: Any) -> Any:
        self.asked.append(argv)
        program = f"import sys; sys.stdin.read(); sys.stdout.buffer.write({self.text!r})"
        return super().lines([sys.executable, "-c", program], timeout, source, reader)


@pytest.fixture
def engine() -> PostgresEngine:
    return PostgresEngine()


def copy(engine: PostgresEngine, tmp_path: Path) -> live_copies.Copy:
    return live_copies.copy(Postgres("alpha_paper", engine), tmp_path / "database", FakeClock())


def test_it_is_dumped_out_of_the_same_moment(engine: PostgresEngine, tmp_path: Path) -> None:
    made = copy(engine, tmp_path)
    assert (made.kind, made.next_numbers) == (POSTGRES, {"trades.id": 2})
    assert made.contents.tables["", "trades"][1].rows == 1
    [dump] = [argv for argv in engine.asked if "pg_dump" in argv]
    assert {"--snapshot=00000003-0000001B-1", "--format=custom", "--compress=1", "--lock-wait-timeout=5s"} < set(dump)
    assert "set lock_timeout = '5s'" in psql_session.BEGIN
    [read] = [argv for argv in engine.asked if "pg_restore" in argv]
    assert read[-2:] == ["--data-only", "--file=-"]
    assert engine.sessions[0].wait(10) == 0, "the session is over"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (TEXT.replace(b"1\tBTC/USDT\n", b""), "table trades: 0 rows of 1"),
        (b"", "cannot be read back: it has no end"),
        (TEXT.replace(b"', 1, true", b"', 1, false"), "the next trades.id would be 1, and is 2"),
    ],
)
def test_an_archive_that_lacks_something_is_no_copy(
    engine: PostgresEngine, tmp_path: Path, text: bytes, why: str
) -> None:
    engine.text = text
    with pytest.raises(DatabaseError, match=why):
        copy(engine, tmp_path)


@pytest.mark.parametrize("part", [*ANSWERS, "commit"])
def test_whatever_postgres_refuses_is_named_and_the_session_ends(
    engine: PostgresEngine, tmp_path: Path, part: str
) -> None:
    engine.answers = {part: None, **{key: value for key, value in ANSWERS.items() if key != part}}
    with pytest.raises(DatabaseError, match="ERROR:  refused"):
        copy(engine, tmp_path)
    assert engine.sessions[0].wait(10) == 3


@pytest.mark.parametrize("said", ["", "ERROR", "a b", "'; drop table trades; --"])
def test_what_is_no_moment_is_not_handed_on(engine: PostgresEngine, tmp_path: Path, said: str) -> None:
    engine.answers["pg_export_snapshot"] = said if said != "ERROR" else "ERROR: no"
    with pytest.raises(DatabaseError, match="exported no moment"):
        copy(engine, tmp_path)
    assert not [argv for argv in engine.asked if "pg_dump" in argv]


def test_what_is_no_answer_in_rows_is_named(engine: PostgresEngine, tmp_path: Path) -> None:
    engine.answers["s.oid::regclass"] = "[1]"
    with pytest.raises(DatabaseError, match="Postgres gave no rows"):
        copy(engine, tmp_path)


def test_a_dump_that_fails_is_named(engine: PostgresEngine, tmp_path: Path) -> None:
    engine.refuses = "pg_dump: error: connection to server failed"
    with pytest.raises(DatabaseError, match="alpha_paper: pg_dump: error"):
        copy(engine, tmp_path)


def test_a_session_that_hangs_is_ended(engine: PostgresEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psql_session, "SECONDS", 0.1)
    monkeypatch.setattr(engine, "talk", lambda _argv: engine._popen(["sleep", "60"], subprocess.PIPE))
    with pytest.raises(DatabaseError, match="psql ended"):
        copy(engine, tmp_path)


def test_a_command_that_fails_after_its_lines_is_named(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(b"")
    program = "import sys; print('1'); sys.exit('no more')"
    with pytest.raises(EngineError, match="no more"):
        Engine().lines([sys.executable, "-c", program], 10, tmp_path / "archive", list)
    with pytest.raises(EngineError):
        Engine().lines(["sleep", "60"], 0.1, tmp_path / "archive", list)
