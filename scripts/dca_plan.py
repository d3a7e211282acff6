# SPDX-License-Identifier: GPL-3.0-or-later
"""Print a plan of regular purchases of one amount: a row for each day, with the amount and the total so far.

`make dca-plan PLAN=plan.json [FORMAT=csv]`. The file has `start_utc`, `end_utc`, `interval`, `pair` and `amount_usdt`.
All amounts are exact decimals; in JSON they are text, as a number there is read as a binary fraction by most programs.
Nothing is bought.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import sys
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from decimal import Decimal
from itertools import count, takewhile
from pathlib import Path
from typing import Any

from freqops.core.base import iso_time, strict_json
from freqops.core.base.errors import Refused
from freqops.core.base.visible import visible

FIELDS = ("start_utc", "end_utc", "interval", "pair", "amount_usdt")
LONGEST = 10_000  # bytes of a file
MOST_ROWS = 40_000  # each day of a century
LARGEST, PLACES = Decimal(10) ** 12, 8  # below the one, with the other after the point: a total needs 25 digits of 28
PAIR = re.compile(r"[A-Za-z0-9]{1,20}/USDT")
AMOUNT = re.compile(r"[0-9]+(?:\.[0-9]+)?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
HEADINGS = ("date", "pair", "amount_usdt", "total_usdt")


def days_apart(days: int) -> Callable[[date, int], date]:
    """Return what gives the day that is a number of intervals of ``days`` after another."""
    return lambda start, number: start + timedelta(days=days * number)


def months_apart(months: int) -> Callable[[date, int], date]:
    """Return what gives the day that is a number of intervals of ``months`` after another.

    It is the same day of its month; the last one of a month that does not have it. A plan that begins on the 31st comes
    back to the 31st after a February.
    """

    def day(start: date, number: int) -> date:
        years, month = divmod(start.month - 1 + months * number, 12)
        year = start.year + years
        return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))

    return day


INTERVALS = {
    "daily": days_apart(1),
    "weekly": days_apart(7),
    "biweekly": days_apart(14),
    "monthly": months_apart(1),
    "quarterly": months_apart(3),
}


@dataclass(frozen=True)
class Plan:
    """What is bought, and when.

    Attributes:
        start: The day of the first purchase, in UTC.
        end: The last day on which a purchase may be.
        interval: One of `INTERVALS`.
        pair: The pair, whose price is in USDT.
        amount: What is spent each time, in USDT.
    """

    start: date
    end: date
    interval: str
    pair: str
    amount: Decimal

    def rows(self) -> Iterator[tuple[date, Decimal]]:
        """Yield the day of each purchase, and what is spent up to it, in USDT."""
        for number, day in enumerate(self._days(), 1):
            yield day, self.amount * number

    def _days(self) -> Iterator[date]:
        after = INTERVALS[self.interval]
        return takewhile(lambda day: day <= self.end, (after(self.start, number) for number in count()))


def plan_of(document: object) -> Plan:
    """Return the plan that a document describes.

    Raises:
        Refused: It has another field or lacks one, or a value is none that a plan can have.
    """
    if not isinstance(document, dict):
        raise Refused(f"a plan is an object with {', '.join(FIELDS)}")
    unknown, missing = sorted(set(document) - set(FIELDS)), [name for name in FIELDS if name not in document]
    if unknown or missing:
        wrong = f"has an unknown field '{visible(unknown[0], 60)}'" if unknown else f"has no {missing[0]}"
        raise Refused(f"the plan {wrong}; it has {', '.join(FIELDS)}, and nothing else")
    plan = Plan(
        _day(document, "start_utc"), _day(document, "end_utc"), _interval(document), _pair(document), _amount(document)
    )
    if plan.end < plan.start:
        raise Refused(f"end_utc {plan.end} is before start_utc {plan.start}")
    if (plan.end - plan.start).days >= MOST_ROWS:
        raise Refused(f"from {plan.start} to {plan.end} are more than {MOST_ROWS} days")
    return plan


def _day(document: Mapping[str, Any], name: str) -> date:
    value = document[name]
    text = value if isinstance(value, str) else visible(value, 60)
    try:
        found = iso_time.parse(f"{text}T00:00:00Z" if DAY.fullmatch(text) else text)
    except ValueError as error:
        raise Refused(f"{name}: {error}; or a day like 2026-01-31") from None
    if found.year == MAXYEAR:  # the day after the last purchase must be one
        raise Refused(f"{name}: {found.date()} is too late")
    return found.date()


def _interval(document: Mapping[str, Any]) -> str:
    value = document["interval"]
    if not isinstance(value, str) or value not in INTERVALS:
        raise Refused(f"interval is '{visible(value, 60)}'; allowed: {', '.join(INTERVALS)}")
    return value


def _pair(document: Mapping[str, Any]) -> str:
    value = document["pair"]
    if not isinstance(value, str) or not PAIR.fullmatch(value):
        raise Refused(f"pair is '{visible(value, 60)}'; the amounts are in USDT, so it must be like BTC/USDT")
    return value


def _amount(document: Mapping[str, Any]) -> Decimal:
    value = document["amount_usdt"]
    number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    amount = Decimal(value if number or (isinstance(value, str) and AMOUNT.fullmatch(value)) else "NaN")
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -PLACES or not 0 < amount < LARGEST:
        raise Refused(
            f"amount_usdt is '{visible(str(value), 60)}'; allowed: a number above 0 and below 10^12, with at most "
            f"{PLACES} digits after the point"
        )
    return amount


def as_json(plan: Plan) -> str:
    """Return a plan as JSON, its amounts as text."""
    rows = [
        {"date": f"{day}", "amount_usdt": f"{plan.amount:f}", "total_usdt": f"{total:f}"} for day, total in plan.rows()
    ]
    document = {
        "version": 1, "pair": plan.pair, "interval": plan.interval, "start_utc": f"{plan.start}",
        "end_utc": f"{plan.end}", "amount_usdt": f"{plan.amount:f}", "total_usdt": rows[-1]["total_usdt"], "rows": rows,
    }  # fmt: skip
    return json.dumps(document, indent=2) + "\n"


def as_csv(plan: Plan) -> str:
    """Return a plan as CSV, with a line of headings."""
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(HEADINGS)
    writer.writerows((day, plan.pair, f"{plan.amount:f}", f"{total:f}") for day, total in plan.rows())
    return made.getvalue()


FORMATS = {"json": as_json, "csv": as_csv}


def main(arguments: list[str]) -> int:
    """Print the plan, and end with 0, or say why there is none, and end with 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", required=True, help="a file of JSON")
    parser.add_argument("--format", default="json", help=" or ".join(FORMATS))
    options = parser.parse_args(arguments)
    try:
        said = _format(options.format)(plan_of(_document(options.plan)))
    except Refused as refusal:
        sys.stderr.write(f"dca-plan: refused: {refusal}\n")
        return 1
    sys.stdout.write(said)
    return 0


def _format(name: str) -> Callable[[Plan], str]:
    if name not in FORMATS:
        raise Refused(f"format is '{visible(name, 60)}'; allowed: {', '.join(FORMATS)}")
    return FORMATS[name]


def _document(path: str) -> object:
    try:
        return strict_json.load(Path(path), LONGEST, Decimal)
    except strict_json.Unreadable as error:
        raise Refused(f"{visible(path)}: {error}") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
