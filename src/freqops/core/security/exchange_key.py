"""The key of a bot, as its exchange describes it: what it may do, from where, since when and until when.

The description is the exchange's own, field by field. What is not known to be harmless is not taken for harmless: a
right that comes tomorrow is red until somebody has looked at it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from ..base import kinds
from ..base.clock import iso
from ..base.kinds import Malformed
from ..base.visible import visible
from . import items
from .items import KEY_AGE, KEY_BOUND, KEY_END, KEY_RIGHTS
from .row import OK, RED, UNKNOWN, Row

HARMLESS = ("enableReading", "enableSpotAndMarginTrading", "enableFixReadOnly", "ipRestrict")
TRADES, BOUND, MADE, ENDS = "enableSpotAndMarginTrading", "ipRestrict", "createTime", "tradingAuthorityExpirationTime"
MUST_SAY_NO = (
    "enableWithdrawals",
    "enableInternalTransfer",
    "permitsUniversalTransfer",
    "enableMargin",
    "enableFutures",
)
TIME = re.compile(r"[a-z][A-Za-z]*Time")
UNTOLD = "the exchange does not tell what a key may do"
NO_TIME = "the exchange does not tell it"
ITEMS = (KEY_RIGHTS, KEY_BOUND, KEY_AGE, KEY_END)
LONGEST_ID = 100
FIELDS = 200
YEAR_3000_MS = 32_503_680_000_000
SHOWN = 40


def unanswered(bot: str, why: str) -> list[Row]:
    """Return the rows of a key about which the exchange was not to be asked."""
    return [Row(name, bot, UNKNOWN, visible(why, 300)) for name in ITEMS]


def judged(bot: str, answer: Any, now: datetime) -> list[Row]:
    """Return the rows of a bot's key.

    Args:
        bot: The bot.
        answer: What the witness was told: ``{"told": true, "fields": {…}}``, or ``{"told": false}``.
        now: The present.
    """
    try:
        fields = _fields(answer)
    except Malformed as error:
        return unanswered(bot, f"the answer of the exchange is none: {error}")
    if fields is None:
        return [Row(name, bot, UNKNOWN, UNTOLD, unseen=True) for name in ITEMS]
    return [_rights(bot, fields), _bound(bot, fields), _age(bot, fields, now), _end(bot, fields, now)]


def account_mark(exchange: str, answer: Any) -> str | None:
    """Return a mark of the account that two bots share only where their account is one; not its number.

    Args:
        exchange: The name of the exchange.
        answer: What the witness was told: ``{"told": true, "id": …}``, or ``{"told": false}``.

    Returns:
        Empty where the exchange tells no account, None where the answer is none.
    """
    if not isinstance(answer, Mapping) or not isinstance(answer.get("told"), bool):
        return None
    if not answer["told"]:
        return ""
    number = answer.get("id")
    if not isinstance(number, str) or not number.strip() or len(number) > LONGEST_ID:
        return None
    return hashlib.sha256(f"{exchange}\n{number.strip()}".encode(errors="replace")).hexdigest()[:16]


def _fields(answer: Any) -> Mapping[str, Any] | None:
    """Return the fields of an answer; None where the exchange tells none."""
    told = kinds.value(answer if isinstance(answer, Mapping) else {}, "told", kinds.truth)
    if not told:
        return None
    fields = kinds.value(answer, "fields", kinds.object_)
    if not fields or len(fields) > FIELDS or not all(isinstance(name, str) for name in fields):
        raise Malformed("it has no fields, or too many")
    return dict(fields)


def _rights(bot: str, fields: Mapping[str, Any]) -> Row:
    granted = sorted(name for name, value in fields.items() if name not in HARMLESS and _grants(name, value))
    if granted:
        named = ", ".join(visible(each, SHOWN) for each in granted)
        return Row(KEY_RIGHTS, bot, RED, f"it may more than trade: {named}")
    if fields.get(TRADES) is False:
        return Row(KEY_RIGHTS, bot, RED, f"it may not trade: {TRADES} is false")
    silent = [name for name in (TRADES, *MUST_SAY_NO) if not isinstance(fields.get(name), bool)]
    strange = sorted(name for name, value in fields.items() if _is_strange(name, value))
    if silent or strange:
        said = [f"{name} is missing" for name in silent]
        said += [f"{visible(name, SHOWN)} is not understood" for name in strange]
        return Row(KEY_RIGHTS, bot, UNKNOWN, f"the answer of the exchange: {', '.join(said)}")
    return Row(KEY_RIGHTS, bot, OK, f"it reads and trades; {len(fields)} fields of the exchange say nothing else")


def _grants(name: str, value: object) -> bool:
    """Return whether a field that is not known to be harmless says yes."""
    yes = value is True or (isinstance(value, str) and value.strip().lower() in ("true", "yes", "1"))
    return yes or (kinds.number(value) and bool(value) and not TIME.fullmatch(name))


def _is_strange(name: str, value: object) -> bool:
    """Return whether nobody knows what a field says: it is neither yes nor no, nor a moment."""
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, str) and value.strip().lower() in ("", "false", "no", "0"):
        return False
    return not kinds.number(value) or (name in HARMLESS)


def _bound(bot: str, fields: Mapping[str, Any]) -> Row:
    said = fields.get(BOUND)
    if said is True:
        return Row(KEY_BOUND, bot, OK, "it is bound to addresses, and this host was answered")
    if said is False:
        return Row(KEY_BOUND, bot, RED, "it works from any address")
    return Row(KEY_BOUND, bot, UNKNOWN, f"the exchange says nothing of {BOUND}", unseen=BOUND not in fields)


def _age(bot: str, fields: Mapping[str, Any], now: datetime) -> Row:
    if MADE not in fields:
        return Row(KEY_AGE, bot, UNKNOWN, NO_TIME, unseen=True)
    made = _moment(fields[MADE])
    if made is None or made > now + timedelta(days=1):
        return Row(KEY_AGE, bot, UNKNOWN, f"{MADE} is no moment of the past")
    days = max(0, (now - made).days)
    return Row(KEY_AGE, bot, RED if days > items.KEY_AGE_DAYS else OK, f"{days} days old, made at {iso(made)}")


def _end(bot: str, fields: Mapping[str, Any], now: datetime) -> Row:
    ends = fields.get(ENDS)
    if not ends:
        if fields.get(BOUND) is True:
            return Row(KEY_END, bot, OK, "none: at this exchange keys that are bound to addresses have no end")
        return Row(KEY_END, bot, UNKNOWN, "it is bound to no address, and the exchange tells no end")
    end = _moment(ends)
    if end is None:
        return Row(KEY_END, bot, UNKNOWN, f"{ENDS} is no moment")
    left = (end - now).days
    return Row(KEY_END, bot, OK if left >= items.KEY_END_DAYS else RED, f"it ends at {iso(end)}, in {left} days")


def _moment(value: object) -> datetime | None:
    """Return the moment that milliseconds since 1970 mean; None where they mean none."""
    if not kinds.whole(value) or not 0 < value < YEAR_3000_MS:  # type: ignore[operator]
        return None
    return datetime.fromtimestamp(value / 1000, timezone.utc)  # type: ignore[operator]
