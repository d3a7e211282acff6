"""The container of a run: what it may see and do, and that nothing of a bot is in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from freqops.core.base.errors import Refused
from freqops.core.runs import run_command, run_config, run_container, run_id
from freqops.core.runs.run_inputs import parsed

RUN = "backtest-20260131T180000Z-0a1b2c"
PLACE = Path("/srv/freqops/user_data/runs") / RUN
IMAGE = f"registry.example.com/freqtrade@sha256:{'0' * 64}"
WORDS = ["freqtrade", "backtesting"]
MADE = run_container.of_run(RUN, IMAGE, WORDS, PLACE, Path("/srv/freqops/packages/0123"), "1g")


def test_it_is_alone_on_its_network_and_steps_back() -> None:
    words = MADE.command()
    assert [word for word in words if word.startswith("--network")] == [f"--network=freqops-run-{RUN.lower()}"]
    for word in ("--read-only", "--cap-drop=ALL", "--user=1000:1000", "--cpu-shares=256", "--oom-score-adj=800",
                 "--security-opt=no-new-privileges", "--pull=never", "--memory=1g",
                 "--stop-signal=SIGINT"):  # fmt: skip
        assert word in words
    assert words[-5:] == [IMAGE, "-n", "10", *WORDS]
    assert "--entrypoint=nice" in words
    assert not [word for word in words if word.startswith(("--publish", "--privileged", "--cap-add", "--env-file"))]


def test_it_writes_its_own_output_and_sees_no_directory_of_a_bot() -> None:
    writable = [mount for mount in MADE.mounts if not mount.endswith(":ro")]
    assert writable == [f"{PLACE / 'output'}:{run_command.OUTPUT}"]
    assert not [mount for mount in MADE.mounts if "/bots/" in mount or "/freqops/conf" in mount]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("networks", ("freqops-alpha",), "only its own is allowed"),
        ("networks", (run_id.network(RUN), "freqops-database"), "only its own is allowed"),
        ("networks", (), "only its own is allowed"),
        ("mounts", ("/srv/freqops/bots/alpha/conf:/freqops/conf:ro",), "secrets of a bot"),
        ("mounts", ("/srv/freqops/bots/alpha/var:/freqops/var:ro",), "none of its own"),
        ("mounts", ("/srv/freqops/user_data/data:/freqops/data",), "can be written"),
        ("mounts", (f"{PLACE / 'input'}:/freqops/release",), "can be written"),
        ("mounts", (f"{PLACE}x/input:/freqops/release:ro",), "none of its own"),
    ],
)
def test_what_is_not_its_own_is_a_violation(name: str, value: tuple[str, ...], why: str) -> None:
    made = replace(MADE, **{name: value})  # type: ignore[arg-type]
    assert any(why in text for text in run_container.violations(made, RUN, PLACE))


@pytest.mark.parametrize("kind", run_id.KINDS)
def test_of_each_kind_of_run_there_may_be_one(kind: str) -> None:
    run = f"{kind}-20260131T180000Z-0a1b2c"
    made = run_container.of_run(run, IMAGE, WORDS, PLACE.with_name(run), None, "1g")
    assert made.networks == (f"freqops-run-{run.lower()}",)


def test_a_backtest_says_how_far_it_is_and_a_search_paints_no_table() -> None:
    other = RUN.replace("backtest", "hyperopt")
    search = run_container.of_run(other, IMAGE, WORDS, PLACE.with_name(other), None, "1g")
    assert MADE.environment["TTY_COMPATIBLE"] == "1"
    assert "TTY_COMPATIBLE" not in search.environment


def test_an_image_without_a_digest_is_refused() -> None:
    with pytest.raises(Refused, match="not named by digest"):
        run_container.of_run(RUN, "freqtrade:stable", WORDS, PLACE, None, "1g")


def test_names_of_a_run_are_none_of_a_bot() -> None:
    assert run_id.container(RUN) == f"freqops-run.{RUN}"
    assert len(run_id.network(RUN)) > len("freqops-") + 31
    with pytest.raises(Refused):
        run_id.checked("../../etc")


def test_a_configuration_keeps_no_secret_no_messenger_and_no_pairlist_that_asks() -> None:
    given = {
        "api_server": {"password": "p"}, "telegram": {"token": "t"}, "db_url": "postgresql://a:b@c/d",
        "stake_amount": 5,
        "exchange": {"name": "binance", "key": "k", "secret": "s", "pair_whitelist": ["BTC/USDT"],
                     "ccxt_config": {"apiKey": "k", "httpsProxy": "http://a:b@192.0.2.1:1", "timeout": 3}},
        "pairlists": [{"method": "VolumePairList"}],
    }  # fmt: skip
    inputs = parsed({"kind": "backtest", "bot": "alpha", "pairs": "ETH/USDT"})
    made = run_config.of_run(given, inputs)
    assert made == {
        "stake_amount": 5, "dry_run": True, "pairlists": [{"method": "StaticPairList"}],
        "exchange": {"name": "binance", "pair_whitelist": ["ETH/USDT"], "ccxt_config": {"timeout": 3}},
    }  # fmt: skip
    with pytest.raises(Refused, match="name the pairs"):
        run_config.of_run(given, parsed({"kind": "backtest", "bot": "alpha"}))


def test_a_search_changes_no_parameter_file_and_a_test_uses_no_result_of_before() -> None:
    search = parsed({"kind": "hyperopt", "bot": "alpha", "seed": "7", "jobs": "2", "epochs": "50"})
    [words] = run_command.commands(search, "Mine", "binance")
    assert "--disable-param-export" in words
    assert words[words.index("--random-state") + 1] == "7"
    [words] = run_command.commands(parsed({"kind": "backtest", "bot": "alpha", "fee": "0"}), "Mine", "binance")
    assert words[words.index("--cache") + 1] == "none"
    assert words[words.index("--fee") + 1] == "0"
    assert words[words.index("--backtest-directory") + 1] == "/freqops/output/backtest_results"


def test_a_download_adds_what_comes_before_in_a_command_of_its_own() -> None:
    asked = parsed({"kind": "download", "timeframes": "5m", "timerange": "20240101-20240201"})
    assert [("--prepend" in words) for words in run_command.commands(asked, "", "binance", prepend=True)] == [
        True,
        False,
    ]
    assert [("--prepend" in words) for words in run_command.commands(asked, "", "binance")] == [False]
