"""A database of Postgres: measured, vacuumed while its bot trades, and written anew table by table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.hostctl.maintenance import of_postgres
from tests.unit.fakes import process
from tests.unit.hostctl.maintenance.bloated import MEBIBYTE, NAME, OnPostgres

LIMITS = "set application_name = 'freqops-vacuum'; set search_path = pg_catalog; set lock_timeout = '5s'; "
ONLINE = LIMITS + "set statement_timeout = '600s'; vacuum (analyze) "
FULL = LIMITS + "set statement_timeout = '120s'; vacuum (full, analyze) "
NO_LOCK = "ERROR:  55P03: canceling statement due to lock timeout"


def at(shared: OnPostgres, name: str) -> dict[str, Any]:
    """Return what is told of a table before."""
    row = shared.vacuum(look=True)
    assert row.before is not None
    return next(table for table in row.before["tables"] if table["name"] == name)


# --- figures


def test_the_target_is_where_the_url_of_the_bot_leads_and_no_other(shared: OnPostgres) -> None:
    row = shared.vacuum()
    assert row.database == f"postgresql+psycopg2://postgres:5432/{NAME}"
    assert "a-long-password" not in json.dumps(row.to_json())
    url = f"postgresql+psycopg2://{NAME}:a-long-password@analytics:5432/{NAME}"
    (shared.home / "conf" / "secrets.json").write_text(json.dumps({"db_url": url}))
    shared.server.statements.clear()
    with pytest.raises(Refused, match=f"its db_url leads to analytics:5432/{NAME}"):
        shared.vacuum()
    assert shared.server.statements == []


def test_bloat_is_an_estimate_that_says_so(shared: OnPostgres) -> None:
    row = shared.vacuum(look=True)
    assert row.before is not None
    assert row.before["measured_by"] == "estimate from pg_class and pg_stats"
    assert at(shared, "trades")["wasted"] == 2000 * MEBIBYTE - 8192
    assert not any("pgstattuple(" in line for line in shared.server.statements)


def test_bloat_is_measured_where_pgstattuple_is_there_already(shared: OnPostgres) -> None:
    shared.server.measure = '"Ext"'
    row = shared.vacuum(look=True)
    assert row.before is not None
    assert row.before["measured_by"] == "pgstattuple"
    assert at(shared, "trades")["wasted"] == 1000 * MEBIBYTE
    assert any('lateral "Ext".pgstattuple(c.oid::regclass)' in line for line in shared.server.statements)
    assert not any("create extension" in line for line in shared.server.statements)


def test_a_table_that_nobody_ever_analysed_is_not_known(shared: OnPostgres) -> None:
    shared.server.grown["trades"].rows = -1
    assert at(shared, "trades")["wasted"] is None


@pytest.mark.parametrize(
    "values",
    [{"size": -1}, {"size": "5"}, {"oldest": None}, {"page": 0}, {"place": 7}, {"size": 1.5}, {"counts": "on"}],
)
def test_figures_that_are_none_are_refused(shared: OnPostgres, values: dict[str, Any]) -> None:
    shared.server.values = values
    with pytest.raises(Refused, match="was not touched: its database does not answer"):
        shared.vacuum()
    assert shared.vacuums() == []


# --- online


def test_each_table_is_vacuumed_with_limits_of_its_own_and_the_catalogue_too(shared: OnPostgres) -> None:
    shared.runs()
    row = shared.vacuum()
    assert (row.outcome, row.proven, row.changed) == ("vacuumed", True, True), row.detail
    tables = [name for name, table in shared.server.grown.items() if table.space == "public"]
    catalogue = LIMITS + 'set statement_timeout = \'600s\'; vacuum (analyze, skip_locked) "pg_catalog"."pg_class"'
    assert shared.vacuums() == [*(f'{ONLINE}"public"."{name}"' for name in tables), catalogue]
    assert [act["what"] for act in row.acts] == [*tables, "pg_catalog"]
    assert row.after is not None
    assert row.after["oldest"] == 7


def test_a_lock_that_is_not_to_be_had_is_said_and_the_others_are_done(shared: OnPostgres) -> None:
    shared.server.refuses['vacuum (analyze) "public"."trades"'] = NO_LOCK
    row = shared.vacuum()
    assert (row.outcome, row.proven) == ("NOT ALL DONE", False)
    assert [line for line in row.detail if "trades: NOT DONE: its lock was not to be had within 5 s" in line]
    assert [act["done"] for act in row.acts].count(False) == 1
    assert len(row.acts) == len(shared.server.grown)


def test_a_vacuum_that_says_that_it_was_done_and_was_not_is_not_proven(shared: OnPostgres) -> None:
    shared.server.lazy.add('"orders"')
    row = shared.vacuum()
    assert (row.outcome, row.proven) == ("NOT ALL DONE", False)
    assert "orders: NOT DONE: Postgres tells of no vacuum of it" in row.detail


def test_where_postgres_counts_nothing_it_is_not_proven(shared: OnPostgres) -> None:
    shared.server.lazy.add("(analyze)")
    shared.server.values = {"counts": False}
    assert "trades: NOT DONE: Postgres counts no vacuums (track_counts is off), so it is not proven" in (
        shared.vacuum().detail
    )


def test_a_catalogue_that_is_locked_is_said(shared: OnPostgres) -> None:
    shared.server.lazy.add("skip_locked")
    row = shared.vacuum()
    assert (row.outcome, row.proven) == ("NOT ALL DONE", False)
    assert "pg_catalog: NOT DONE: 1 of 1 tables were locked, and are left for the next time" in row.detail


def test_a_database_that_is_away_is_not_touched(shared: OnPostgres) -> None:
    shared.server.refuses["from ("] = "connection to server failed"
    with pytest.raises(Refused, match=r"was not touched: its database does not answer: .*connection to server failed"):
        shared.vacuum()


def test_a_database_that_goes_away_in_the_middle_is_not_proven(shared: OnPostgres) -> None:
    shared.server.refuses['vacuum (analyze) "public"."orders"'] = "server closed the connection"
    row = shared.vacuum()
    assert (row.outcome, row.proven) == ("NOT ALL DONE", False)
    assert [act["what"] for act in row.acts] == ["trades", "orders"]


def test_columns_whose_number_is_taken_are_refused(shared: OnPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("freqops.core.bot.database_contents.Contents.behind", lambda _: ["trades: the next id is 1"])
    with pytest.raises(Refused, match=r"the next id is 1; restore\.yml brings it back"):
        shared.vacuum()
    assert shared.vacuums() == []


# --- full


def test_the_largest_bloat_is_first_and_what_has_none_is_left(shared: OnPostgres) -> None:
    shared.server.grown["orders"].heap = 3000 * MEBIBYTE
    shared.server.grown["wallet_history"].rows = 20_000
    row = shared.vacuum(full=True)
    assert (row.outcome, row.proven, row.changed) == ("vacuumed in full", True, True), row.detail
    done = [act["what"] for act in row.acts]
    assert done[:2] == ["orders", "trades"]
    assert "wallet_history" not in done
    assert shared.vacuums()[0] == f'{FULL}"public"."orders"'
    assert (row.before or {})["size"] > 5000 * MEBIBYTE > (row.after or {})["size"]
    again = shared.vacuum(full=True)
    assert (again.outcome, again.proven, again.changed) == ("not needed", True, False)


def test_the_longest_time_without_a_table_is_a_limit_of_postgres(shared: OnPostgres) -> None:
    shared.vacuum(full=True, longest_s=30)
    assert all("set statement_timeout = '30s'; vacuum (full" in line for line in shared.vacuums())
    shared.server.grown["trades"].heap = 2000 * MEBIBYTE
    shared.server.refuses["vacuum (full"] = "ERROR:  57014: canceling statement due to statement timeout"
    row = shared.vacuum(full=True, longest_s=30)
    assert row.detail[-1] == "trades: NOT DONE: it was given up after 30 s, or cancelled; it is as it was"
    assert (row.outcome, len(row.acts)) == ("NOT ALL DONE", 1)


@pytest.mark.parametrize(
    ("level", "text"), [(0, "not held at level 1 .*killswitch.yml -e level=1"), (None, "holds cannot be read")]
)
def test_a_bot_that_is_not_held_keeps_its_tables(shared: OnPostgres, level: int | None, text: str) -> None:
    holds = '{"version": 1, "seq": 0, "holds": []}' if level == 0 else "{"
    (shared.home / "conf" / "holds.json").write_text(holds)
    with pytest.raises(Refused, match=text):
        shared.vacuum(full=True)
    assert shared.vacuums() == []


def test_open_trades_keep_them_too_unless_allowed(shared: OnPostgres) -> None:
    shared.open = ["1 BTC/USDT", "2 ETH/USDT"]
    with pytest.raises(Refused, match=r"2 open trades \(1 BTC/USDT, 2 ETH/USDT\)"):
        shared.vacuum(full=True)
    assert shared.vacuum(full=True, open_trades_ok=True).proven


def test_without_room_for_the_largest_table_and_its_log_nothing_is_touched(shared: OnPostgres) -> None:
    shared.server.free_mib = 4511
    with pytest.raises(Refused, match=r"4511.0 MiB are left on its disk, and 4512.0 MiB are needed"):
        shared.vacuum(full=True)
    shared.server.free_mib = 4512
    assert shared.vacuum(full=True).proven


def test_a_disk_that_fills_in_the_middle_ends_it_before_the_next_table(shared: OnPostgres) -> None:
    def filled() -> None:
        shared.server.free_mib = 10

    shared.server.meanwhile = filled
    row = shared.vacuum(full=True)
    assert (row.outcome, row.proven) == ("NOT ALL DONE", False)
    assert len(shared.vacuums()) == 1
    assert "10.0 MiB are left on its disk" in row.detail[-1]


def test_a_hold_that_is_gone_in_the_middle_ends_it(shared: OnPostgres) -> None:
    def gone() -> None:
        (shared.home / "conf" / "holds.json").write_text('{"version": 1, "seq": 0, "holds": []}')

    shared.server.meanwhile = gone
    row = shared.vacuum(full=True)
    assert (row.outcome, len(shared.vacuums())) == ("NOT ALL DONE", 1)


def test_a_full_disk_inside_postgres_is_said_and_nothing_follows(shared: OnPostgres) -> None:
    shared.server.refuses["vacuum (full"] = "ERROR:  53100: could not extend file: No space left on device"
    row = shared.vacuum(full=True)
    assert (row.outcome, row.proven, len(row.acts)) == ("NOT ALL DONE", False, 1)
    assert "No space left on device" in row.detail[-1]


def test_a_lock_that_is_not_to_be_had_lets_the_next_table_follow(shared: OnPostgres) -> None:
    shared.server.refuses['vacuum (full, analyze) "public"."trades"'] = NO_LOCK
    row = shared.vacuum(full=True)
    assert (row.outcome, row.proven) == ("NOT ALL DONE", False)
    assert len([act for act in row.acts if act["done"]]) == len(row.acts) - 1 > 0


def test_a_table_with_the_same_file_was_not_written_anew(shared: OnPostgres) -> None:
    shared.server.lazy.add("full")
    row = shared.vacuum(full=True)
    assert (row.outcome, row.proven) == ("NOT ALL DONE", False)
    assert "trades: NOT DONE: it has the same file as before" in row.detail


def test_what_a_running_bot_writes_meanwhile_is_no_loss(shared: OnPostgres) -> None:
    shared.processes.append(process())
    tables = shared.server.databases[NAME]

    def written() -> None:
        tables.tables["public", "trades"].append({**tables.tables["public", "trades"][0], "id": 99})
        tables.sequences["trades"] = (100, False)

    shared.server.meanwhile = written
    assert shared.vacuum(full=True).proven


@pytest.mark.parametrize("runs", [True, False])
def test_rows_that_are_lost_are_found(shared: OnPostgres, runs: bool) -> None:
    if runs:
        shared.processes.append(process())
    rows = shared.server.databases[NAME].tables["public", "orders"]
    shared.server.meanwhile = lambda: rows.__delitem__(slice(1, None))
    row = shared.vacuum(full=True)
    assert (row.outcome, row.proven) == ("NOT ALL DONE", False)
    assert "table orders: 2 rows before, 1 " in row.detail[-1]


def test_rows_that_are_other_ones_are_found_where_nothing_runs(shared: OnPostgres) -> None:
    rows = shared.server.databases[NAME].tables["public", "orders"]
    shared.server.meanwhile = lambda: rows[0].update(order_id="another")
    row = shared.vacuum(full=True)
    assert (row.outcome, row.proven) == ("NOT ALL DONE", False)
    assert "table orders: 2 rows, and not what was in them" in row.detail[-1]


@pytest.mark.parametrize("runs", [True, False])
def test_a_number_that_goes_back_is_found(shared: OnPostgres, runs: bool) -> None:
    if runs:
        shared.processes.append(process())
    shared.server.databases[NAME].sequences["trades"] = (50, False)
    shared.server.meanwhile = lambda: shared.server.databases[NAME].sequences.update(trades=(40, False))
    row = shared.vacuum(full=True)
    assert (row.outcome, row.proven) == ("NOT ALL DONE", False)
    assert "next" in row.detail[-1]


def test_a_vacuum_of_a_command_that_was_killed_is_waited_for(shared: OnPostgres) -> None:
    shared.server.pids = [77]
    with pytest.raises(Refused, match=r"a vacuum of an earlier command is not over in Postgres \(process 77\)"):
        shared.vacuum(full=True)
    assert shared.vacuums() == []


def test_a_place_of_its_files_that_is_none_is_not_asked_for(shared: OnPostgres) -> None:
    shared.server.values = {"place": "--output=x"}
    with pytest.raises(Refused, match="does not say where its files are"):
        shared.vacuum(full=True)


def test_a_table_is_asked_for_by_itself_and_no_more() -> None:
    with pytest.raises(ValueError, match="one table at a time"):
        of_postgres.PostgresMaintenance(None, None).full(None)  # type: ignore[arg-type]
