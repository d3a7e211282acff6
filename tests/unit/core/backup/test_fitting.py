"""Whether a dump fits a bot: every reason is named at once, with its cure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from freqops.core.backup.fitting import digest, fit
from freqops.core.backup.manifest import Manifest
from freqops.core.bot.database_contents import POSTGRES, SQLITE
from freqops.core.bot.layout import Bot
from tests.unit.core.backup.dumped import manifest

ONE, OTHER = ("registry.example/freqtrade@sha256:" + number * 64 for number in "01")


def told(**changed: object) -> Manifest:
    """Return what a dump of alpha says."""
    return replace(manifest(), **{"bot": "alpha", "mode": "paper", "image": ONE, "release": "f00", **changed})  # type: ignore[arg-type]


BOT = Bot("alpha", "paper", 1, ONE, "f00", "running", Path("/nowhere"))


def test_the_same_bot_image_mode_and_kind_fit() -> None:
    found = fit(told(), BOT, told().kind, {"f00"})
    assert (found.reasons, found.remarks) == ((), ())


def test_an_image_is_its_digest_wherever_it_was_pulled_from() -> None:
    mirrored = told(image=ONE.replace("registry.example", "mirror.example:5000"))
    assert fit(mirrored, BOT, mirrored.kind, {"f00"}).reasons == ()
    assert digest("freqtrade:stable") == "freqtrade:stable"


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"bot": "beta"}, "of the bot beta, and this is alpha"),
        ({"mode": "live"}, "of mode live, and this is paper"),
        ({"image": OTHER}, f"deploy alpha with {OTHER} first"),
    ],
)
def test_whatever_differs_is_a_reason_with_a_cure(changed: dict[str, str], text: str) -> None:
    [reason] = fit(told(**changed), BOT, told().kind, {"f00"}).reasons
    assert text in reason


@pytest.mark.parametrize(
    ("dumped", "kind", "fits"),
    [
        (SQLITE, SQLITE, True), (SQLITE, POSTGRES, True), (POSTGRES, POSTGRES, True), (POSTGRES, SQLITE, False),
        ("another", POSTGRES, False), (SQLITE, "another", False),
    ],
)  # fmt: skip
def test_sqlite_fits_into_postgres_and_no_other_way(dumped: str, kind: str, *, fits: bool) -> None:
    found = fit(told(kind=dumped), BOT, kind, {"f00"})
    assert bool(found.reasons) is not fits
    assert any("converts it from" in remark for remark in found.remarks) is (fits and dumped != kind)
    assert fits or f"it is of kind {dumped}, and this is {kind}: deploy alpha with database" in found.reasons[0]


def test_all_reasons_are_named_at_once() -> None:
    found = fit(told(bot="beta", mode="live", image=OTHER), BOT, "neither", {"f00"})
    assert len(found.reasons) == 4


def test_a_release_that_is_gone_is_said_and_forbids_nothing() -> None:
    found = fit(told(), BOT, told().kind, {"f01"})
    assert found.reasons == ()
    assert found.remarks == ("it was made while alpha ran f00, which this host does not have any more",)


def test_another_bot_is_meant_only_where_it_was_said() -> None:
    theirs = told(bot="beta", image=OTHER, release="gone")
    assert "it is of the bot beta, and this is alpha" in fit(theirs, BOT, theirs.kind, set()).reasons[0]
    found = fit(theirs, BOT, theirs.kind, set(), "beta")
    [reason] = found.reasons
    assert reason.endswith(f"may be others: deploy alpha with {OTHER} first, then restore")
    assert found.remarks == ()
    [reason] = fit(told(), BOT, told().kind, set(), "beta").reasons
    assert "it is of the bot alpha, and this is beta" in reason
    live = replace(BOT, mode="live")
    [remark] = fit(told(bot="beta", mode="live"), live, told().kind, set(), "beta").remarks
    assert "its orders keep the ids that the account of beta gave them" in remark
    assert fit(told(mode="live"), live, told().kind, set(), "alpha").remarks == ()
