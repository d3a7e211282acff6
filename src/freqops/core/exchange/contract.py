"""The contract of the exchange witness: what must be true of its answers on an exchange before live trading there.

All proofs of freqops rest on these answers. Each claim is judged from what the exchange said; a contract counts for the
exchange and the image with which it was shown, and for a while.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from ..base import iso_time, kinds
from ..base.clock import FUTURE_SECONDS, iso
from ..base.kinds import Malformed
from ..base.visible import visible

FILE = "witness_contract.json"
FORMAT = 1
LARGEST = 256 * 1024
READING, ORDER = "reading", "order"
PARTS = (READING, ORDER)
PROVEN, NOT_PROVEN, LIED = "proven", "not proven", "lied"
VERDICTS = (PROVEN, NOT_PROVEN, LIED)
NOT_REACHED = "not reached"
MOST_DAYS = 180  # an exchange changes its answers, and nobody says so
MARK_LENGTH = 16
SHOWN = 60


@dataclass(frozen=True)
class Claim:
    """One thing that must be true of the answers of an exchange.

    Attributes:
        name: Its name.
        part: Whether the reading part shows it, or the order part.
        meaning: What must be true.
        proof: How it is shown.
    """

    name: str
    part: str
    meaning: str
    proof: str


CLAIMS = (
    Claim("markets", READING, "it knows each pair: spot, smallest amount and cost, step and price",
          "each is there and above zero, and the step is a step"),
    Claim("balances", READING, "it knows all coins of the account", "free and used make the total, and no coin that "
          "ccxt has is left out; the stake is among them"),
    Claim("open_orders", READING, "its open orders are all there are", "asked for all, and pair by pair, they are the "
          "same"),
    Claim("fills", READING, "its fills are all there are", "read in large pages and in small ones they are the same"),
    Claim("time", READING, "its clock is ours", "they differ by 2 s at most"),
    Claim("no_order", READING, "an order that does not exist is none", "a name that nobody used is asked for"),
    Claim("wrong_key", READING, "a wrong key is told from silence", "the balances are asked for with a wrong key"),
    Claim("repeated", READING, "the same question has the same answer", "balances, open orders and fills are asked "
          "for twice"),
    Claim("found", ORDER, "an order is found by its name", "a smallest buy far below the price has the number, pair, "
          "side, amount and price with which it was placed, and rests"),
    Claim("listed", ORDER, "what rests is listed", "it stands among the open orders of all pairs, and of its own"),
    Claim("set_aside", ORDER, "what an order needs is set aside", "of the stake, free falls and used rises by its "
          "cost"),
    Claim("cancelled", ORDER, "what is cancelled rests no more", "it is gone from the open orders, and by its name it "
          "is cancelled and not filled"),
    Claim("given_back", ORDER, "what is cancelled is given back", "free and used of the stake are as before"),
    Claim("bought", ORDER, "a smallest buy at the market is filled", "by its name it is closed and whole, and its "
          "fills add up to it under its number"),
    Claim("received", ORDER, "what was bought is on the account", "the coin rises by the amount, less a fee of 1 % at "
          "most, and the stake falls by the cost"),
    Claim("sold", ORDER, "what was bought can be sold", "the sale of freqops itself is closed and whole, and its fills "
          "add up to it under its number"),
    Claim("dust", ORDER, "all of it was sold", "what is left of the coin is less than the smallest order"),
    Claim("paged", ORDER, "fills are read over the end of a page", "pages so small that there are two have the same "
          "fills, both orders among them"),
    Claim("as_before", ORDER, "nothing else happened", "no order rests, and the stake is what the fills explain, less "
          "fees of 1 % at most"),
)  # fmt: skip
NAMES = tuple(claim.name for claim in CLAIMS)


@dataclass(frozen=True)
class Finding:
    """The judgement on one claim.

    Attributes:
        claim: The name of the claim.
        verdict: ``proven``, ``not proven``, or ``lied`` where the exchange contradicts itself.
        evidence: What was seen.
    """

    claim: str
    verdict: str
    evidence: str

    @property
    def is_proven(self) -> bool:
        """Whether the claim was shown."""
        return self.verdict == PROVEN

    def to_json(self) -> dict[str, str]:
        """Return the judgement as it stands in the document."""
        return {**asdict(self), "evidence": visible(self.evidence)}


def proven(claim: str, evidence: str) -> Finding:
    """Return that a claim was shown."""
    return Finding(claim, PROVEN, evidence)


def not_proven(claim: str, evidence: str) -> Finding:
    """Return that a claim was not shown."""
    return Finding(claim, NOT_PROVEN, evidence)


def lied(claim: str, evidence: str) -> Finding:
    """Return that the exchange contradicts a claim."""
    return Finding(claim, LIED, evidence)


@dataclass(frozen=True)
class Asked:
    """With what the exchange was asked.

    Attributes:
        exchange: The exchange, as ccxt calls it; empty where that was not answered.
        ccxt: The version of ccxt.
        image: The image, by digest.
        account: The mark of the account's key; see `mark`.
        overrides: The settings of the bot that may lead elsewhere than to the exchange of that name, a line each.
    """

    exchange: str
    ccxt: str
    image: str
    account: str
    overrides: tuple[str, ...] = ()


def mark(exchange: str, key: str) -> str:
    """Return what tells one account from others without telling its key."""
    return hashlib.sha256(f"{exchange}\0{key}".encode()).hexdigest()[:MARK_LENGTH]


def complete(findings: Sequence[Finding], parts: Sequence[str]) -> list[Finding]:
    """Return a finding for each claim of ``parts`` in the order of the table; one that is missing was not reached."""
    known = {finding.claim: finding for finding in findings}
    return [known.get(claim.name, not_proven(claim.name, NOT_REACHED)) for claim in CLAIMS if claim.part in parts]


def document(
    asked: Asked, parts: Sequence[str], findings: Sequence[Finding], left: Sequence[str], now: datetime
) -> dict[str, Any]:
    """Return a contract as it is kept.

    Args:
        asked: With what the exchange was asked.
        parts: The parts that were asked for.
        findings: The judgements.
        left: What was placed or bought and could not be taken away, a line each.
        now: The present.
    """
    return {
        "version": FORMAT, **asdict(asked), "overrides": list(asked.overrides), "at": iso(now), "parts": list(parts),
        "claims": [finding.to_json() for finding in complete(findings, parts)], "left": list(left),
    }  # fmt: skip


FIELDS: dict[str, kinds.Kind] = {
    "exchange": kinds.text, "ccxt": kinds.text, "image": kinds.text, "account": kinds.text, "at": kinds.text,
    "overrides": kinds.list_of(kinds.text), "parts": kinds.list_of(kinds.text), "left": kinds.list_of(kinds.text),
    "claims": kinds.list_of(kinds.having(claim=kinds.text, verdict=kinds.text, evidence=kinds.text)),
}  # fmt: skip


def passed(found: object, exchange: str, image: str, now: datetime) -> list[str]:
    """Return why a contract does not count for live trading, a line each; nothing where it counts.

    Nothing in it is believed that can be concluded: each claim of the present table must stand there as proven.

    Args:
        found: The document, None where there is none.
        exchange: The exchange on which is to be traded.
        image: The image with which is to be traded, by digest.
        now: The present.
    """
    if found is None:
        return ["there is none: witness_contract.yml shows it"]
    try:
        said = _understood(found)
        moment = iso_time.parse(said["at"])
    except (Malformed, ValueError) as error:
        return [f"it cannot be understood: {visible(str(error), SHOWN * 2)}"]
    return [*_elsewhere(said, exchange, image), *_too_old(moment, now), *_unshown(said)]


def _understood(found: object) -> dict[str, Any]:
    if not isinstance(found, dict) or found.get("version") != FORMAT:
        raise Malformed(f"it is none of version {FORMAT}")
    return kinds.checked(found, FIELDS, tuple(FIELDS))


def _elsewhere(said: Mapping[str, Any], exchange: str, image: str) -> list[str]:
    why = []
    if said["exchange"] != exchange:
        why.append(f"it was shown on {visible(said['exchange'], SHOWN)}, not on {visible(exchange, SHOWN)}")
    if not _digest(image) or _digest(said["image"]) != _digest(image):
        why.append("it was shown with another image, so with another ccxt, than the present one")
    if not said["ccxt"]:
        why.append("it does not say which ccxt asked")
    why += [f"it was shown elsewhere than on that exchange: {visible(line)}" for line in said["overrides"]]
    return why


def _digest(image: str) -> str:
    return image.partition("@sha256:")[2]


def _too_old(moment: datetime, now: datetime) -> list[str]:
    if moment > now + timedelta(seconds=FUTURE_SECONDS):
        return [f"it is dated {iso(moment)}, which is in the future"]
    if now - moment > timedelta(days=MOST_DAYS):
        return [f"it is of {iso(moment)}, and counts for {MOST_DAYS} days"]
    return []


def _unshown(said: Mapping[str, Any]) -> list[str]:
    """Return the parts and claims that were not shown, and what was left on the account."""
    why = [f"its {part} part was not run" for part in PARTS if part not in said["parts"]]
    wanted = [claim for claim in CLAIMS if claim.part in said["parts"]]
    if [row["claim"] for row in said["claims"]] != [claim.name for claim in wanted]:
        why.append("its claims are not those of this version")
    why += [f"{visible(row['claim'], SHOWN)}: {visible(row['verdict'], SHOWN)}: {visible(row['evidence'])}"
            for row in said["claims"] if row["verdict"] != PROVEN]  # fmt: skip
    return why + [f"it left on the account: {visible(line)}" for line in said["left"]]


def supersedes(newer: Mapping[str, Any], former: object, now: datetime) -> bool:
    """Return whether a newer contract takes the place of the former.

    The last one counts; but a reading part that was shown takes nothing from a whole contract of the same account.
    """
    whole = not passed(former, newer["exchange"], newer["image"], now)
    if not whole or not isinstance(former, dict) or ORDER in newer["parts"]:
        return True
    same = all(former[name] == newer[name] for name in ("ccxt", "account", "overrides"))
    return not same or any(row["verdict"] != PROVEN for row in newer["claims"]) or bool(newer["left"])
