"""The order to read strategies, and the container for it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.runs import reading_container, strategy_order
from freqops.core.runs.strategy_order import StrategyOrder

IMAGE = f"registry.example.com/freqtrade@sha256:{'0' * 64}"
PLACE = Path("/srv/freqops/user_data/strategies_read")
FILES = {"strategies/Mine.py": b"class Mine: ...", "python/freqops/__init__.py": b""}
ORDER = StrategyOrder(("Mine", "Other"), "", FILES, IMAGE, "0" * 16)
MADE = reading_container.of(IMAGE, ("Mine",), PLACE, Path("/srv/freqops/packages/0123"))


def test_an_order_is_read_as_it_was_sent() -> None:
    for order in (ORDER, StrategyOrder(bot="alpha")):
        assert strategy_order.parsed(json.loads(json.dumps(order.to_json()))) == order


@pytest.mark.parametrize(
    "odd",
    [
        {"version": 2}, {"classes": None}, {"classes": "Mine"}, {"classes": ["a b"]}, {"classes": ["Mine", "Mine"]},
        {"classes": [1]}, {"classes": [f"A{number}" for number in range(201)]}, {"image": "freqtrade:latest"},
        {"image": ""}, {"packages": "../x"}, {"bot": "alpha"}, {"bot": "../x"}, {"files": {}},
        {"files": {"strategies/../../x.py": ""}}, {"files": {"bots/alpha/conf/secrets.json": ""}},
        {"files": {"strategies/x.py": "no base64"}},
    ],
)  # fmt: skip
def test_what_is_no_order_is_refused(odd: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        strategy_order.parsed({**ORDER.to_json(), **odd})


def test_the_container_has_no_network_and_writes_nothing_but_64_mib() -> None:
    words = MADE.command()
    assert [word for word in words if word.startswith("--network")] == ["--network=none"]
    assert [word for word in words if word.startswith("--tmpfs")] == ["--tmpfs=/tmp:size=64m"]
    for word in ("--read-only", "--cap-drop=ALL", "--user=1000:1000", "--memory=1g", "--pids-limit=256", "--pull=never",
                 "--security-opt=no-new-privileges", "--cpu-shares=256", "--oom-score-adj=800", "--rm",
                 "--log-driver=none", "--entrypoint=python3"):  # fmt: skip
        assert word in words
    assert "--init" not in words, "its program is the first process, which nothing in it can end"
    assert all(mount.endswith(":ro") for mount in MADE.mounts)
    assert not [mount for mount in MADE.mounts if "/bots/" in mount]
    told = json.loads(words[-1])
    assert (told["classes"], told["directory"]) == (["Mine"], "/freqops/release/strategies")
    assert told["seconds"] <= 60


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("networks", ("freqops-run-x",)), ("mounts", (f"{PLACE}/input:/freqops/release",)),
        ("mounts", ("/srv/freqops/bots/alpha/conf:/freqops/conf:ro",)), ("mounts", (f"{PLACE}:/freqops/release:ro",)),
    ],
)  # fmt: skip
def test_a_container_that_sees_or_does_more_is_refused(name: str, value: tuple[str, ...]) -> None:
    assert not list(reading_container.violations(MADE, PLACE))
    assert list(reading_container.violations(replace(MADE, **{name: value}), PLACE))  # type: ignore[arg-type]


def test_an_image_without_a_digest_is_refused() -> None:
    with pytest.raises(Refused, match="not named by digest"):
        reading_container.of("freqtrade:latest", (), PLACE, None)
