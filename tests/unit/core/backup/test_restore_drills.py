"""What a restore drill boots, compares and says: it cannot trade, and no difference passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from freqops.core.backup import restore_drill, scratch_config, scratch_containers, successes, told_trades
from freqops.core.backup.repository import Repository as Declared
from freqops.core.backup.restore_drill import Answer, Rehearsed, Repository
from freqops.core.backup.scratch_containers import ScratchContainer
from freqops.core.backup.successes import Known
from freqops.core.base.kinds import Malformed
from freqops.core.bot import engine_names
from freqops.core.bot.processes import Process
from freqops.core.deploy import policy, release
from tests.unit.fakes import START

ROOT = Path(__file__).parents[4]
IMAGE = f"registry.example.com/freqtrade@sha256:{'0a' * 32}"
PLACE = Path("/srv/freqops/backup/drill/stack")
OPENS = {name: f"made-{name}" for name in scratch_config.SECRETS}
LIVE = {
    "dry_run": False, "initial_state": "running", "db_url": "sqlite:////srv/real.sqlite", "strategy": "Own",
    "force_entry_enable": True, "cancel_open_orders_on_exit": True, "add_config_files": ["/elsewhere.json"],
    "telegram": {"enabled": True, "token": "t", "chat_id": "1"}, "webhook": {"enabled": True, "url": "http://x"},
    "discord": {"enabled": True}, "external_message_consumer": {"enabled": True, "producers": []},
    "api_server": {"enabled": False, "password": "old", "CORS_origins": ["http://x"]},
    "exchange": {
        "name": "binance", "key": "k", "secret": "s", "password": "p", "uid": "u", "pair_whitelist": ["BTC/USDT"],
        "ccxt_config": {"apiKey": "k", "urls": {"api": {"public": "http://10.0.0.1"}}, "walletAddress": "w"},
        "ccxt_async_config": {"privateKey": "p", "timeout": 5},
    },
}  # fmt: skip


def test_a_bot_of_a_drill_can_neither_trade_nor_tell_anybody() -> None:
    made = scratch_config.scratch(LIVE, "sqlite:////freqops/var/x", OPENS)
    assert (made["dry_run"], made["initial_state"], made["db_url"]) == (True, "stopped", "sqlite:////freqops/var/x")
    assert (made["force_entry_enable"], made["cancel_open_orders_on_exit"], made["strategy"]) == (False, False, "Own")
    assert not {"telegram", "webhook", "discord", "external_message_consumer", "add_config_files"} & set(made)
    assert made["exchange"] == {
        "name": "binance", "pair_whitelist": ["BTC/USDT"], "ccxt_async_config": {"timeout": 5},
        "ccxt_config": {"urls": {"api": {"public": "http://10.0.0.1"}}},
    }  # fmt: skip
    api = made["api_server"]
    assert (api["enabled"], api["password"], api["CORS_origins"]) == (True, "made-password", [])


@pytest.mark.parametrize("config", [None, [], "{}", {"exchange": []}])
def test_what_is_no_configuration_boots_nothing(config: object) -> None:
    with pytest.raises(Malformed, match="is none"):
        scratch_config.scratch(config, "sqlite:////freqops/var/x", OPENS)


def of_bot(*, with_postgres: bool = True) -> ScratchContainer:
    return scratch_containers.bot(IMAGE, PLACE, Path("/srv/freqops/packages/1"), with_postgres=with_postgres)


@pytest.mark.parametrize("made", [of_bot(), scratch_containers.postgres(IMAGE, 999, PLACE / "postgres")], ids=str)
def test_a_container_of_a_drill_keeps_every_rule_and_reaches_no_network_of_others(made: ScratchContainer) -> None:
    service, words = made.service(), made.command()
    assert policy.violations_beside(service) == []
    assert set(service["networks"]) <= {engine_names.DRILL_OUTSIDE, engine_names.DRILL_INSIDE}
    assert {"--pull=never", "--restart=no", "--read-only", "--cap-drop=ALL"} <= set(words)
    assert "--security-opt=no-new-privileges" in words
    assert [word[9:] for word in words if word.startswith("--volume=")] == service["volumes"]
    assert [word[10:] for word in words if word.startswith("--network=")] == service["networks"]
    assert words[words.index(IMAGE) + 1 :] == service["command"]
    assert not [word for word in words if word.startswith(("--publish", "--privileged", "--cap-add", "--device"))]


def test_a_database_of_a_drill_has_no_way_to_the_outside_and_a_file_needs_none() -> None:
    assert scratch_containers.postgres(IMAGE, 999, PLACE).networks == (engine_names.DRILL_INSIDE,)
    assert of_bot(with_postgres=False).networks == (engine_names.DRILL_OUTSIDE,)


def test_a_bot_of_a_drill_imports_what_its_release_has_and_is_no_process_of_the_bot_itself() -> None:
    assert scratch_containers.PYTHONPATH == release.PYTHONPATH
    assert not any(mount.endswith("/freqops/conf:ro") for mount in of_bot().mounts)


def test_a_bot_of_a_drill_reads_the_files_of_its_release(tmp_path: Path) -> None:
    def mounts() -> tuple[str, ...]:
        return scratch_containers.bot(IMAGE, tmp_path, None, with_postgres=True).mounts

    assert not any("user_files" in mount for mount in mounts())
    (tmp_path / "release" / "user_files").mkdir(parents=True)
    assert f"{tmp_path}/release/user_files:/freqops/var/user_files:ro" in mounts()


def test_a_halt_does_not_take_it_for_a_freqtrade_that_belongs_to_nobody() -> None:
    made = of_bot()
    assert not Process(7, (made.entrypoint, *made.program), None, is_init=True).is_freqtrade


def test_it_gets_the_memory_that_its_release_gives_to_the_bot() -> None:
    compose = (ROOT / "templates/bot/compose.yml.j2").read_text()
    [line] = [line for line in compose.splitlines() if "mem_limit" in line]
    assert scratch_containers.memory_of(f'x:\n{line.partition("{{")[0]}3g"\n') == "3g"
    assert scratch_containers.memory_of("") == scratch_containers.memory_of("mem_limit: lots") == "1g"
    assert "--memory=3g" in scratch_containers.bot(IMAGE, PLACE, None, with_postgres=True, memory="3g").command()


HELD = [(1, "BTC/USDT", 0.5), (2, "ETH/USDT", 1.5)]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([HELD[0]], "trade 2: the database has 1.5 of ETH/USDT, the bot tells none"),
        ([*HELD, (3, "BTC/USDT", 1.0)], "trade 3: the database has none, the bot tells 1.0 of BTC/USDT"),
        ([HELD[0], (2, "BTC/USDT", 1.5)], "the bot tells 1.5 of BTC/USDT"),
        ([HELD[0], (2, "ETH/USDT", 1.6)], "the bot tells 1.6 of ETH/USDT"),
        ([*HELD, HELD[0]], "trade 1 is told twice"),
    ],
)
def test_a_trade_that_is_told_otherwise_is_named(told: list[Any], said: str) -> None:
    [line] = told_trades.differences(HELD, told)
    assert said in line


def test_an_amount_is_compared_as_freqtrade_tells_it() -> None:
    held = told_trades.of_database([[2, "ETH/USDT", 0.123456789012], [1, "BTC/USDT", 2]])
    told = told_trades.of_api([{"trade_id": 2, "pair": "ETH/USDT", "amount": 0.12345679},
                               {"trade_id": 1, "pair": "BTC/USDT", "amount": 2.0}])  # fmt: skip
    assert told_trades.differences(held, told) == []


@pytest.mark.parametrize("trade", [{}, {"trade_id": "1", "pair": "A", "amount": 1.0}, {"trade_id": 1, "pair": "A"}])
def test_a_trade_without_number_pair_or_amount_is_not_understood(trade: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        told_trades.of_api([trade])


@pytest.mark.parametrize("history", [None, [], {}, {"total_trades": None}, {"total_trades": "1"}])
def test_a_history_that_does_not_count_is_not_understood(history: object) -> None:
    with pytest.raises(Malformed):
        told_trades.closed(history)
    assert told_trades.closed({"total_trades": 3}) == 3


def passed(bot: str = "alpha", **changed: Any) -> Rehearsed:
    values: dict[str, Any] = {**dict.fromkeys(restore_drill.MEASURED, 1), "proven": True, **changed}
    return Rehearsed(bot, repository="local", snapshot="f" * 64, **values)


def answer(*rows: Rehearsed, **changed: Any) -> Answer:
    made = Answer("one", "2026-01-02T03:04:05Z", "2026-01-02T03:05:05Z", list(rows), [Repository("local")])
    return replace(made, **changed)


def test_an_answer_comes_through_as_it_was() -> None:
    said = answer(passed(), passed("beta", problems=["it is not"], proven=False))
    assert restore_drill.read(said.to_json()) == said
    assert restore_drill.read(answer(passed()).to_json()).proven


@pytest.mark.parametrize(
    "said",
    [
        answer(),
        answer(passed(), repositories=[]),
        answer(passed(), left=["network x"]),
        answer(passed(), repositories=[Repository("local", problems=["no snapshot"])]),
        answer(passed(problems=["but"])),
        answer(passed(), passed("beta", proven=False)),
    ],
    ids=["a host without bots", "nothing looked at", "left", "repository", "problem", "one of two"],
)
def test_what_failed_or_stays_is_never_a_pass(said: Answer, request: pytest.FixtureRequest) -> None:
    assert said.proven == ("without" in request.node.callspec.id)
    text = restore_drill.page("one", "why", "ann@desk", [("paper-1", said)], [])
    assert ("**PASSED**" in text) == said.proven
    assert bool(restore_drill.wrong("paper-1", said)) != said.proven
    assert restore_drill.record("one", [("paper-1", said)], [])["passed"] == said.proven


@pytest.mark.parametrize("name", restore_drill.MEASURED)
def test_what_passed_without_a_figure_is_not_believed(name: str) -> None:
    with pytest.raises(Malformed, match="not what was compared"):
        restore_drill.check(answer(replace(passed(), **cast(Any, {name: None}))).to_json())


def test_an_answer_that_contradicts_itself_or_has_a_row_twice_is_none() -> None:
    with pytest.raises(Malformed, match="its rows say otherwise"):
        restore_drill.check({**answer(passed(), left=["x"]).to_json(), "proven": True})
    with pytest.raises(Malformed, match="2 rows"):
        restore_drill.check(answer(passed(), passed()).to_json())


def test_a_host_that_is_silent_keeps_a_drill_from_passing() -> None:
    said = [("paper-1", answer(passed()))]
    assert "**PASSED**" in restore_drill.page("one", "why", "ann@desk", said, [])
    text = restore_drill.page("one", "why", "ann@desk", said, ["prod-1: NO ANSWER: unreachable"])
    assert "**FAILED**" in text
    assert "prod-1: NO ANSWER" in text
    assert not restore_drill.record("one", said, ["x"])["passed"]
    assert not restore_drill.record("one", [], [])["passed"]
    assert "**FAILED**" in restore_drill.page("one", "why", "ann@desk", [], [])


LOCAL = Declared("local", "/srv/freqops/backup/local")


def test_a_drill_is_red_only_after_twice_its_week_and_never_where_none_has_passed() -> None:
    fresh = dict.fromkeys((successes.BACKUP, successes.CHECK), START)
    never = Known("id", START - timedelta(days=90), fresh)
    assert successes.wrong(LOCAL, never, START) == []
    [ages, undrilled] = successes.notes(LOCAL, never, START)
    assert "drill never" in ages
    assert "no restore drill has ever passed" in undrilled
    for days, red in ((13.9, False), (14.1, True)):
        known = never.succeeded(successes.DRILL, START - timedelta(days=days))
        found = successes.wrong(LOCAL, known, START)
        assert [line.startswith("drill of repository local") for line in found] == [True] * red
        assert len(successes.notes(LOCAL, known, START)) == 1


def test_a_repository_of_secrets_is_not_asked_for_a_drill() -> None:
    [ages] = successes.notes(replace(LOCAL, secrets=True), Known("id", START), START)
    assert "drill" not in ages
