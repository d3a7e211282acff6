"""A plan of regular purchases: its days, its exact amounts, and what makes no plan."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base.errors import Refused
from scripts import dca_plan

ROOT = Path(__file__).parents[3]
PLAN: dict[str, Any] = {
    "start_utc": "2024-01-31", "end_utc": "2024-05-31", "interval": "monthly", "pair": "BTC/USDT",
    "amount_usdt": Decimal("50.10"),
}  # fmt: skip


def days(**changed: Any) -> list[str]:
    return [f"{day}" for day, _ in dca_plan.plan_of({**PLAN, **changed}).rows()]


def written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


# --- days


def test_a_month_without_that_day_has_its_last_one_and_the_next_month_has_the_day_again() -> None:
    assert days() == ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]
    assert days(start_utc="2023-11-30", end_utc="2024-03-30")[3:] == ["2024-02-29", "2024-03-30"]
    assert days(start_utc="2022-12-31", end_utc="2023-02-28") == ["2022-12-31", "2023-01-31", "2023-02-28"]


def test_a_leap_day_comes_back_only_where_there_is_one() -> None:
    quarters = days(start_utc="2024-02-29", end_utc="2025-03-01", interval="quarterly")
    assert quarters == ["2024-02-29", "2024-05-29", "2024-08-29", "2024-11-29", "2025-02-28"]
    assert days(start_utc="2024-02-28", end_utc="2024-03-01", interval="daily")[1] == "2024-02-29"
    assert days(start_utc="2023-02-28", end_utc="2023-03-01", interval="daily")[1] == "2023-03-01"


@pytest.mark.parametrize(("interval", "apart"), [("daily", 1), ("weekly", 7), ("biweekly", 14)])
def test_days_and_weeks_are_that_far_apart(interval: str, apart: int) -> None:
    found = days(interval=interval, end_utc="2024-03-31")
    assert found[0] == "2024-01-31"
    assert {(date.fromisoformat(b) - date.fromisoformat(a)).days for a, b in pairwise(found)} == {apart}
    assert date.fromisoformat(found[-1]) + timedelta(days=apart) > date(2024, 3, 31)


def test_the_last_day_is_in_the_plan_and_a_moment_is_its_day_in_utc() -> None:
    assert days(start_utc="2024-01-01", end_utc="2024-01-08", interval="weekly") == ["2024-01-01", "2024-01-08"]
    assert days(start_utc="2024-01-01T01:00:00+02:00", end_utc="2024-01-01T00:00", interval="daily") == [
        "2023-12-31", "2024-01-01",
    ]  # fmt: skip
    assert days(end_utc="2024-01-31") == ["2024-01-31"]


@given(
    st.dates(date(1900, 1, 1), date(9000, 1, 1)),
    st.integers(0, 3000),
    st.sampled_from(sorted(dca_plan.INTERVALS)),
    st.decimals(Decimal("0.00000001"), Decimal("999999999999"), places=8),
)
def test_every_plan_begins_at_its_start_rises_and_ends_before_its_end_was_passed(
    start: date, length: int, interval: str, amount: Decimal
) -> None:
    end = start + timedelta(days=length)
    plan = dca_plan.plan_of({**PLAN, "start_utc": f"{start}", "end_utc": f"{end}", "interval": interval,
                             "amount_usdt": amount})  # fmt: skip
    rows = list(plan.rows())
    found = [day for day, _ in rows]
    assert found[0] == start
    assert found == sorted(set(found))
    assert found[-1] <= end < dca_plan.INTERVALS[interval](start, len(rows))
    assert all(day.day in (start.day, monthrange(day.year, day.month)[1]) for day in found if interval == "monthly")
    assert [int(total * 10**8) for _, total in rows] == [int(amount * 10**8) * n for n in range(1, len(rows) + 1)]


# --- what is printed


def test_amounts_are_exact_decimals_in_both_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = '{"start_utc": "2026-01-01", "end_utc": "2026-01-03", "interval": "daily", "pair": "BTC/USDT", '
    path = written(tmp_path / "plan.json", text + '"amount_usdt": 0.1}')
    assert dca_plan.main(["--plan", path]) == 0
    made = json.loads(capsys.readouterr().out)
    assert [row["total_usdt"] for row in made["rows"]] == ["0.1", "0.2", "0.3"]
    assert made["rows"][0] == {"date": "2026-01-01", "amount_usdt": "0.1", "total_usdt": "0.1"}
    assert {name: made[name] for name in made if name != "rows"} == {
        "version": 1, "pair": "BTC/USDT", "interval": "daily", "start_utc": "2026-01-01", "end_utc": "2026-01-03",
        "amount_usdt": "0.1", "total_usdt": "0.3",
    }  # fmt: skip
    assert dca_plan.main(["--plan", path, "--format", "csv"]) == 0
    assert list(csv.reader(capsys.readouterr().out.splitlines())) == [
        ["date", "pair", "amount_usdt", "total_usdt"],
        *(["2026-01-0" + n, "BTC/USDT", "0.1", "0." + n] for n in "123"),
    ]


@pytest.mark.parametrize(
    ("amount", "total"),
    [("123456789012.12345678", "493827156048.49382712"), (250, "1000"), (Decimal("1E+3"), "4000"), ("5.00", "20.00")],
)
def test_a_total_has_every_digit(amount: Any, total: str) -> None:
    made = json.loads(dca_plan.as_json(dca_plan.plan_of({**PLAN, "end_utc": "2024-04-30", "amount_usdt": amount})))
    assert made["total_usdt"] == total


def test_make_prints_it(tmp_path: Path) -> None:
    """The words reach the program as they are, whatever a shell would make of them."""
    path = written(tmp_path / "a $(plan) ' of mine.json", json.dumps({**PLAN, "amount_usdt": "50.10"}))
    asked = ["make", "--no-print-directory", "--assume-old=.venv/.done", "dca-plan", f"PLAN={path}", "FORMAT=csv"]
    done = subprocess.run(
        asked,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "2024-05-31,BTC/USDT,50.10,250.50"


# --- what is refused

ODD = "allowed: a number above 0 and below 10^12, with at most 8 digits after the point"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"end_utc": "2024-01-30"}, "end_utc 2024-01-30 is before start_utc 2024-01-31"),
        ({"end_utc": "2124-01-31", "start_utc": "2000-01-01"}, "more than 40000 days"),
        ({"end_utc": "9999-01-31"}, "end_utc: 9999-01-31 is too late"),
        ({"start_utc": "2024-02-30"}, "'2024-02-30T00:00:00Z' is not a moment like"),
        ({"start_utc": "31.1.2024"}, "or a day like 2026-01-31"),
        ({"start_utc": 1706659200}, "'1706659200' is not a moment like"),
        ({"interval": "hourly"}, "interval is 'hourly'; allowed: daily, weekly, biweekly, monthly, quarterly"),
        ({"interval": "Daily"}, "interval is 'Daily'"),
        ({"interval": ["daily"]}, "allowed: daily"),
        ({"pair": "ETH/BTC"}, "pair is 'ETH/BTC'; the amounts are in USDT, so it must be like BTC/USDT"),
        ({"pair": "=1+1/USDT"}, "it must be like BTC/USDT"),
        ({"pair": "BTC/USDT\n"}, "it must be like BTC/USDT"),
        ({"amount_usdt": 0}, f"amount_usdt is '0'; {ODD}"),
        ({"amount_usdt": "0.00"}, ODD),
        ({"amount_usdt": "-5"}, ODD),
        ({"amount_usdt": Decimal("1E+999999999")}, ODD),
        ({"amount_usdt": "1000000000000"}, ODD),
        ({"amount_usdt": "0.000000001"}, ODD),
        ({"amount_usdt": "Infinity"}, ODD),
        ({"amount_usdt": "sNaN"}, ODD),
        ({"amount_usdt": "fifty"}, ODD),
        ({"amount_usdt": "1_000"}, ODD),
        ({"amount_usdt": "\u0665"}, ODD),
        ({"amount_usdt": " 5"}, ODD),
        ({"amount_usdt": True}, ODD),
        ({"amount_usdt": 0.1}, ODD),  # a binary fraction is none that anybody meant
        ({"amount_usdt": None}, ODD),
        ({"amount": 5}, "has an unknown field 'amount'; it has start_utc, end_utc, interval, pair, amount_usdt"),
    ],
)
def test_what_makes_no_plan_is_refused(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused) as refusal:
        dca_plan.plan_of({**PLAN, **changed})
    assert why in str(refusal.value)


@pytest.mark.parametrize("missing", dca_plan.FIELDS)
def test_every_field_is_needed(missing: str) -> None:
    with pytest.raises(Refused, match=f"has no {missing}"):
        dca_plan.plan_of({name: value for name, value in PLAN.items() if name != missing})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "a plan is an object with start_utc"),
        ("", "it is empty"),
        ('{"pair": "A", "pair": "B"}', "it says 'pair' twice"),
        (" " * 10_001, "more than 10000"),
    ],
)
def test_a_file_that_is_none_is_refused_and_nothing_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, why: str
) -> None:
    assert dca_plan.main(["--plan", written(tmp_path / "plan.json", text)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("dca-plan: refused: ")
    assert why in said.err


def test_another_format_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "plan.json", json.dumps({**PLAN, "amount_usdt": "1"}))
    assert dca_plan.main(["--plan", path, "--format", "xlsx"]) == 1
    assert capsys.readouterr().err == "dca-plan: refused: format is 'xlsx'; allowed: json, csv\n"
    assert dca_plan.main(["--plan", str(tmp_path / "none.json")]) == 1
    assert "it is missing" in capsys.readouterr().err


def test_the_page_has_a_plan_and_its_beginning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "research.md").read_text()
    (plan,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert dca_plan.main(["--plan", written(tmp_path / "plan.json", plan), "--format", "csv"]) == 0
    said = capsys.readouterr().out
    assert f"```\n{''.join(said.splitlines(keepends=True)[:4])}```" in page
    assert ", ".join(f"`{name}`" for name in dca_plan.INTERVALS) == page.split("| `interval` | ")[1].split(" |")[
        0
    ].replace(" (each fourteenth day)", "")
    assert f"more than {dca_plan.MOST_ROWS:,} days" in page
