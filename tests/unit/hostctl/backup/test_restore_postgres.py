"""A restore on Postgres: both change places in one transaction, and whatever is cut leaves one of both, whole."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from freqops.core.base.errors import NotProven, Refused
from freqops.core.bot.layout import Home
from freqops.hostctl.backup import restore
from freqops.hostctl.backup.restored import Order, Restored
from freqops.hostctl.incident import journal
from freqops.hostctl.recovery import recover
from tests.unit.hostctl.backup.cluster import Cluster, Cut
from tests.unit.hostctl.backup.dumped import MANDATE, Field, lay_dump
from tests.unit.postgres_tables import PostgresTables

NAME = "alpha_paper"


class Shared(Field):
    """The bot on Postgres, beside one of somebody else."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(root, monkeypatch)
        (self.home / "conf" / "secrets.json").write_text(json.dumps({"db_url": f"postgresql://x:y@h/{NAME}"}))
        self.cluster = Cluster(NAME, "beta_paper")
        self.stamp = lay_dump(self.bot, self.cluster, 60)
        self.whole = pickle.dumps(self.cluster.databases[NAME].tables)

    def again(self) -> Restored:
        order = Order(MANDATE, "latest", overwrite=True)
        return restore.restore(self.bot, order, journal.silent(self.clock), self.clock, self.cluster)

    def recovered(self) -> tuple[list[str], list[str]]:
        return recover.recover(self.root, "timer", self.clock, self.cluster)

    def spoil(self) -> PostgresTables:
        self.cluster.databases[NAME].tables.pop(("public", "trade_custom_data"))
        self.cluster.databases[NAME].sequences.pop("trade_custom_data")
        return self.cluster.databases[NAME]

    def stands(self) -> str:
        """Say which of both stands; neither is an error."""
        found = self.cluster.databases[NAME].tables
        if pickle.dumps(found) == self.whole:
            return "restored"
        assert ("public", "trade_custom_data") not in found
        return "former"


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shared:
    return Shared(tmp_path, monkeypatch)


def test_a_dropped_table_is_back_and_nobody_else_was_touched(shared: Shared) -> None:
    former, other = shared.spoil(), pickle.dumps(shared.cluster.databases["beta_paper"])
    done = shared.again()
    assert (done.proven, shared.stands(), done.kept) == (True, "restored", "alpha_paper_replaced")
    assert shared.cluster.databases["alpha_paper_replaced"] is former
    assert pickle.dumps(shared.cluster.databases["beta_paper"]) == other
    assert sorted(shared.cluster.databases) == ["alpha_paper", "alpha_paper_replaced", "beta_paper"]
    assert "beta_paper" not in "".join(line for line in shared.cluster.asked if "alter" in line or "drop" in line)


def test_what_was_replaced_before_goes_only_when_the_next_one_is_proven(shared: Shared) -> None:
    first = shared.spoil()
    shared.again()
    second = shared.spoil()
    shared.cluster.fails = "pg_restore"
    with pytest.raises(NotProven, match="the FORMER database stands"):
        shared.again()
    assert shared.cluster.databases["alpha_paper_replaced"] is first
    shared.cluster.fails = ""
    shared.again()
    assert shared.cluster.databases["alpha_paper_replaced"] is second
    assert sorted(shared.cluster.databases) == ["alpha_paper", "alpha_paper_replaced", "beta_paper"]


def test_a_database_that_postgres_lost_is_made_again_for_its_own_user(shared: Shared) -> None:
    del shared.cluster.databases[NAME]
    shared.cluster.asked.clear()
    done = shared.again()
    assert (done.proven, shared.stands()) == (True, "restored")
    assert any('create database "alpha_paper_restoring" owner "alpha_paper"' in line for line in shared.cluster.asked)


def test_somebody_who_comes_in_meanwhile_leaves_the_former(shared: Shared) -> None:
    shared.spoil()
    shared.cluster.fails = "rename"
    with pytest.raises(NotProven, match="the FORMER database stands"):
        shared.again()
    assert (shared.stands(), sorted(shared.cluster.databases)) == ("former", ["alpha_paper", "beta_paper"])


def test_tables_of_somebody_else_replace_nothing(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    shared.spoil()
    real = shared.cluster.pipe

    def pipe(argv: list[str], timeout: float, **files: Path | None) -> str:
        strange = "belongs to" in argv[-1] and "--dbname=alpha_paper_restoring" in argv
        return "orders belongs to beta_paper\n" if strange else real(argv, timeout, **files)

    monkeypatch.setattr(shared.cluster, "pipe", pipe)
    with pytest.raises(
        NotProven, match=r"the FORMER database stands.*orders belongs to beta_paper, so its bot could not"
    ):
        shared.again()
    assert shared.stands() == "former"


def test_a_dump_of_the_other_kind_is_refused(shared: Shared) -> None:
    (shared.home / "conf" / "secrets.json").write_text(json.dumps({"db_url": "sqlite:////freqops/var/trades.sqlite"}))
    with pytest.raises(Refused, match="it is of kind postgresql, and this is sqlite"):
        shared.again()


def test_cut_at_each_question_it_leaves_one_of_both_and_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before each statement, and right after it was done; the timer ends it, and so does the next restore."""
    clean = Shared(tmp_path / "clean", monkeypatch)
    clean.spoil()
    before = len(clean.cluster.asked)
    clean.again()
    questions = len(clean.cluster.asked) - before
    assert questions > 20
    stood = set()
    for place in range(questions):
        for done in (False, True):
            shared = Shared(tmp_path / f"{place}{done}", monkeypatch)
            shared.spoil()
            shared.cluster.cut_at = (len(shared.cluster.asked) + place, done)
            with pytest.raises(Cut):
                shared.again()
            shared.cluster.cut_at = None
            stands = shared.stands()
            stood.add(stands)
            unfinished = Home(shared.home).restoring.exists()
            said, failed = shared.recovered()
            assert failed == [], (place, done)
            if unfinished:
                assert f"the {stands.upper()} database stands" in said[0], (place, done)
            assert shared.stands() == stands
            left = set(shared.cluster.databases) - {"alpha_paper", "beta_paper", "alpha_paper_replaced"}
            assert left == set(), (place, done)
            assert shared.recovered() == ([], [])
            assert (shared.again().proven, shared.stands()) == (True, "restored")
    assert stood == {"former", "restored"}


def test_the_next_restore_ends_one_that_was_cut_without_the_timer(shared: Shared) -> None:
    shared.spoil()
    shared.cluster.cut_at = (len(shared.cluster.asked) + 30, True)
    with pytest.raises(Cut):
        shared.again()
    shared.cluster.cut_at = None
    done = shared.again()
    assert (done.proven, shared.stands()) == (True, "restored")
    assert done.detail[0].startswith("an interrupted restore: the ")
