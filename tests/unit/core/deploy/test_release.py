"""What makes a release, and what a diff may show of it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base.errors import Refused
from freqops.core.bot import configuration, layout
from freqops.core.deploy import release

IMAGE = "registry.example/freqtrade@sha256:00"
BOT = {"name": "alpha", "mode": "paper", "api_port": 8081, "strategy": "S"}


def built(
    bot: dict[str, Any] | None = None, *, image: str = IMAGE, packages: str = "p", **more: Any
) -> release.Release:
    bot = {**BOT, **(bot or {})}
    config = configuration.effective(more.get("shared", {}), bot)
    compose = more.get("compose", f"port {bot['api_port']} release {release.PLACEHOLDER}")
    strategies = more.get("strategies", {"S.py": "code"})
    package = more.get("package", {"freqops/strategy/__init__.py": "gate"})
    declared = release.declaration(bot, image, packages)
    return release.build(declared, config, compose, strategies, package, more.get("read"))


def test_everything_that_the_process_sees_makes_another_release() -> None:
    others = [
        built(),
        built(image=IMAGE[:-1] + "1"),
        built(packages="q"),
        built({"config": {"max_open_trades": 4}}),
        built(shared={"timeframe": "1m"}),
        built({"api_port": 8082}),
        built(strategies={"S.py": "other"}),
        built(strategies={"S.py": "code", "S.json": "{}"}),
        built(strategies={"S.py": "code", "helpers/levels.py": "code"}),
        built(strategies={"S.py": "code", "helpers/levels.py": "other"}),
        built(read={"levels.csv": b"1"}),
        built(read={"levels.csv": b"2"}),
        built(read={"deep/levels.csv": b"1"}),
        built(read={"levels.csv": b"1", "more.bin": b"\xff"}),
        built(package={"freqops/strategy/__init__.py": "another gate"}),
    ]
    assert len({each.fingerprint for each in others}) == len(others)
    assert all(release.FINGERPRINT.fullmatch(each.fingerprint) for each in others)


def test_what_the_process_does_not_see_makes_none() -> None:
    limits = {"risk_live_max_concurrent_trades": 5, "risk_live_max_per_market_exposure": 0.25}
    declared = built({"foreign_holdings": {"BNB": "0.5"}, "foreign_orders": [7], "initial_state": "stopped", **limits})
    assert declared.fingerprint == built().fingerprint
    assert declared.files != built().files


def test_files_that_its_strategy_reads_lie_beside_the_strategies() -> None:
    made = built(read={"deep/levels.bin": b"\xff\0"})
    assert made.user_files == {"user_files/deep/levels.bin": b"\xff\0"}
    assert not [name for name in made.files if name.startswith("user_files")]


def test_a_bot_that_reads_no_files_has_the_release_that_it_had_before_there_were_any() -> None:
    assert built(read={}) == built()
    config, compose = configuration.effective({}, BOT), f"port 8081 release {release.PLACEHOLDER}"
    covered = {"image": IMAGE, "packages": "p", "config.json": config, "compose.yml": compose}
    covered |= {"strategies": {"S.py": "code"}, "python": {"freqops/strategy/__init__.py": "gate"}}
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"))
    assert built().fingerprint == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_its_files_name_it(tmp_path: Any) -> None:
    made = built({"foreign_orders": [7]})
    assert release.PLACEHOLDER not in made.files["compose.yml"]
    assert made.fingerprint in made.files["compose.yml"]
    bot = layout.declared(json.loads(made.files["bot.json"]), tmp_path / "alpha")
    assert (bot.release, bot.foreign_orders, bot.api_port) == (made.fingerprint, frozenset({"7"}), 8081)


@pytest.mark.parametrize("more", [{"compose": "it names nothing"}, {"strategies": {}}])
def test_what_is_no_release_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(release.ReleaseUnusable):
        built(**more)


def test_what_freqops_needs_cannot_be_overridden() -> None:
    config = configuration.effective(
        {"api_server": {"listen_port": 1, "CORS_origins": ["*"]}, "cancel_open_orders_on_exit": True},
        {**BOT, "mode": "live", "config": {"dry_run": True, "force_entry_enable": True, "exchange": {"name": "x"}}},
    )
    assert config["api_server"]["listen_port"] == 8080
    assert config["api_server"]["CORS_origins"] == []
    assert (config["dry_run"], config["force_entry_enable"], config["cancel_open_orders_on_exit"]) == (
        False,
        False,
        False,
    )
    assert config["exchange"] == {"name": "x"}


@given(st.recursive(st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner)))
def test_laid_over_nothing_it_is_itself(value: Any) -> None:
    value = value if isinstance(value, dict) else {"key": value}
    assert configuration.merged({}, value) == value
    assert configuration.merged(value, value) == value


def test_an_address_with_a_password_is_not_shown() -> None:
    text = json.dumps({"exchange": {"ccxt_config": {"httpsProxy": "http://me:canary@p:1", "x": ["http://p:1"]}}})
    shown = release.shown("config.json", text)
    assert "canary" not in shown
    assert '"http://p:1"' in shown


@pytest.mark.parametrize(
    "key",
    [
        "password", "jwt_secret_key", "ws_token", "secret", "key", "apiKey", "db_url", "uid", "webhook_url", "url",
        "chat_id", "accountId", "wallet_address",
    ],
)  # fmt: skip
def test_a_diff_shows_no_secret(key: str) -> None:
    text = json.dumps({"telegram": {key: "canary"}, "stake": 1, "pairs": [{key: ["canary"]}]})
    shown = release.shown("config.json", text)
    assert "canary" not in shown
    assert '"stake": 1' in shown
    assert "canary" not in release.shown("config.json", '{"password": "canary"')
    assert release.shown("compose.yml", "as it is") == "as it is"


@pytest.mark.parametrize("content", [b"\xff", b"a\0b", b"\x1b[31m", b"x" * (2**14 + 1)])
def test_of_a_file_that_is_no_short_text_size_and_digest_are_shown(content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    assert release.shown("user_files/levels", content) == f"{len(content)} bytes, sha256 {digest}\n"


def test_a_short_text_is_shown_as_it_is() -> None:
    assert release.shown("user_files/levels.csv", "päir,level\r\n\tBTC,1\n".encode()) == "päir,level\r\n\tBTC,1\n"
    assert release.shown("user_files/levels.csv", b"") == ""


def test_its_declaration_has_limits_also_where_there_are_none() -> None:
    none = {"version": 1, "max_concurrent_trades": None, "max_market_exposure": None}
    assert json.loads(built().files["bot.json"])["limits"] == none
    some = built({"risk_live_max_concurrent_trades": 5})
    assert json.loads(some.files["bot.json"])["limits"] == {**none, "max_concurrent_trades": 5}
    with pytest.raises(Refused, match=r"risk_live_max_per_market_exposure: 25 is above 1.*0\.25"):
        built({"risk_live_max_per_market_exposure": 25})
