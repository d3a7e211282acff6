"""Containers beside a bot: each keeps the rules for them, and what is judged is what is started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freqops.core.bot import layout
from freqops.core.bot.side_container import SideContainer
from freqops.core.deploy import policy
from freqops.core.takeover import foreign
from freqops.hostctl.bot import conversion, login
from freqops.hostctl.exchange import witness
from library import freqops_validate

HOME = Path("/srv/freqops/bots/alpha")
IMAGE = f"registry.example.com/freqtrade@sha256:{'0a' * 32}"
BOT = layout.Bot("alpha", "live", 8081, IMAGE, "f00", "running", HOME)
PLACE = "/srv/freqops/bots/alpha/release/f00"
PACKAGES = "/srv/freqops/packages/1"
OWN = {"release": PLACE, "packages": PACKAGES, "database": "sqlite", "known_keys": ["my_key"]}
VALIDATED = {"image": IMAGE, "owner": 1000, **OWN}


def asked_for_version() -> SideContainer:
    return SideContainer(IMAGE, ("-c", foreign.VERSION))


ALL: dict[str, Callable[[], SideContainer]] = {
    "witness": lambda: witness.container(BOT, "name", "freqops.witness", None),
    "recovery": lambda: witness.container(BOT, "name", "freqops.witness.update_records", HOME / "lockout"),
    "login": lambda: login.container(BOT, HOME / "conf" / "secrets.json", "name"),
    "conversion": lambda: conversion.container(BOT, HOME / "adopted", "name"),
    "validation": lambda: freqops_validate.container(VALIDATED),
    "version": asked_for_version,
}


@pytest.mark.parametrize("made", ALL.values(), ids=ALL)
def test_it_keeps_every_rule(made: Callable[[], SideContainer]) -> None:
    assert policy.violations_beside(made().service()) == []


def test_what_loads_a_strategy_sees_the_files_that_it_reads(tmp_path: Path) -> None:
    bot = replace(BOT, home=tmp_path / "bots" / "alpha")
    made: list[Callable[[], SideContainer]] = [
        lambda: witness.container(bot, "name", "freqops.witness.update_records", None),
        lambda: freqops_validate.container({**VALIDATED, "release": str(bot.release_home)}),
    ]
    bot.release_home.mkdir(parents=True)
    assert not any("user_files" in mount for each in made for mount in each().mounts)
    (bot.release_home / "user_files").mkdir()
    for each in made:
        assert f"{bot.release_home}/user_files:/tmp/user_files:ro" in each().mounts


@pytest.mark.parametrize("made", ALL.values(), ids=ALL)
def test_what_is_judged_is_what_is_started(made: Callable[[], SideContainer]) -> None:
    container = made()
    service, words = container.service(), container.command()
    assert {"--rm", "--pull=never", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"} <= set(words)
    assert f"--user={service['user']}" in words
    assert f"--memory={service['mem_limit']}" in words
    assert f"--pids-limit={service['pids_limit']}" in words
    assert [word[9:] for word in words if word.startswith("--volume=")] == service["volumes"]
    assert [word[10:] for word in words if word.startswith("--network=")] == (service["networks"] or ["none"])
    assert words[words.index(IMAGE) + 1 :] == service["command"]
    assert not [word for word in words if word.startswith(("--publish", "--privileged", "--cap-add", "--device"))]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"mounts": ("/etc:/etc:ro",)}, "/etc is mounted"),
        ({"mounts": ("/srv/freqops/../../etc:/x",)}, "is mounted"),
        ({"user": 0}, "not root's"),
        ({"networks": ("host",)}, "network host is none of ours"),
        ({"memory": "lots"}, "mem_limit"),
        ({"image": "freqtrade:latest"}, "not named by digest"),
        ({"environment": {"DB_PASSWORD": "x"}}, "secrets are files"),
    ],
    ids=str,
)
def test_what_breaks_a_rule_is_named(changed: dict[str, Any], said: str) -> None:
    [wrong] = policy.violations_beside(replace(asked_for_version(), **changed).service())
    assert said in wrong
