"""The look at the structure of a restored Postgres database: never left out in silence."""

from __future__ import annotations

import pytest

from freqops.hostctl.backup import structure
from freqops.hostctl.bot.database_copies import DatabaseError
from freqops.hostctl.bot.databases import Postgres
from freqops.hostctl.bot.engine_command import EngineError
from tests.unit.fakes import FakeEngine


class Looking(FakeEngine):
    """A Postgres; what contains a word of ``fails`` fails as that says, and ``heap`` is found by hand."""

    def __init__(self, heap: str = "", **fails: str) -> None:
        super().__init__()
        self.heap, self.fails, self.asked = heap, fails, list[str]()

    def pipe(self, argv: list[str], timeout: float, **_files: object) -> str:  # noqa: ARG002  the engine's
        line = " ".join(argv)
        self.asked.append(line)
        for word, said in self.fails.items():
            if word in line:
                raise EngineError(said)
        if "--version" in line:
            return "pg_amcheck (PostgreSQL) 17.1\n"
        return self.heap if "verify_heapam" in line else ""


def look(engine: Looking) -> str:
    return structure.of_postgres(Postgres("alpha_paper", engine, container="freqops-restore-drill.postgres"))


MISSING = 'exec: "pg_amcheck": executable file not found in $PATH: unknown'


def test_pg_amcheck_looks_in_the_container_of_the_drill() -> None:
    engine = Looking()
    assert look(engine) == "pg_amcheck (PostgreSQL) 17.1"
    assert "docker exec freqops-restore-drill.postgres pg_amcheck" in engine.asked[-1]
    assert "--database=alpha_paper" in engine.asked[-1]


def test_what_it_finds_is_an_error() -> None:
    with pytest.raises(DatabaseError, match="heap table is spoilt"):
        look(Looking(**{"--heapallindexed": "heap table is spoilt"}))


def test_without_it_the_extension_looks_at_every_index_and_table() -> None:
    engine = Looking(pg_amcheck=MISSING)
    assert look(engine) == structure.BY_HAND
    assert [word for word in ("create extension", "bt_index_check", "verify_heapam") if word in "\n".join(engine.asked)]
    assert len(engine.asked) == 4


@pytest.mark.parametrize("word", ["extension", "bt_index_check", "verify_heapam"])
def test_where_nobody_can_look_nothing_is_sound(word: str) -> None:
    with pytest.raises(DatabaseError, match="its structure could not be checked: not there"):
        look(Looking(pg_amcheck=MISSING, **{word: "not there"}))


def test_what_the_extension_finds_is_an_error() -> None:
    with pytest.raises(DatabaseError, match=r"spoilt: trades\|wrong"):
        look(Looking(heap="trades|wrong\n", pg_amcheck=MISSING))


def test_an_engine_that_is_silent_is_not_an_image_without_pg_amcheck() -> None:
    with pytest.raises(DatabaseError, match="no answer"):
        look(Looking(pg_amcheck="no answer"))
