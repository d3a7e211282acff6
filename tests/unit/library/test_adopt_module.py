"""freqops_adopt: what it says of a foreign project, what it never shows, and what it asks of freqops-host."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freqops.core.takeover import adoption
from freqops.core.takeover.foreign import Picture
from library import freqops_adopt
from tests.unit.core.takeover.test_adoption import CONFIG, EXCHANGE, FILES, FOREIGN
from tests.unit.fakes import make_bot
from tests.unit.library.conftest import Run
from tests.unit.library.test_host_command_modules import Stub, use

BOT = {"name": "alpha", "mode": "paper", "api_port": 8081, "strategy": "S", "database": "sqlite", "config": CONFIG}
WORDS = {"incident": "20260102T030405Z-adopt-9f3c21", "reason": "it's; $(moving)", "actor": "maria"}
DONE = {"bot": "alpha", "outcome": "paused", "incident": "one", "trades": ["1 BTC/USDT 0.5"], "detail": ["held"]}


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is found on the host; the last one counts."""
    known = [FOREIGN]
    rules = vars(freqops_adopt)["foreign"]  # the module's own copy of them
    monkeypatch.setattr(rules, "look", lambda *_: known[-1])
    monkeypatch.setattr(rules, "version_of", lambda *_: "2026.9")
    return known


@pytest.mark.parametrize("check", [True, False])
def test_it_says_what_will_change_and_writes_nothing(run: Run, tmp_path: Path, found: list[Any], check: bool) -> None:
    known = {"exchange": {**EXCHANGE, "secret": "canary-secret"}, "max_open_trades": 9}
    found.append(replace(FOREIGN, config={**CONFIG, **known}))
    left = {"accept_dropped": "max_open_trades"}
    asked = {"bot": BOT, "image": "i", "project": "/p", "root": str(tmp_path), "strategies": FILES, **left}
    answer = run(freqops_adopt, check=check, state="looked", **asked)
    assert (answer["changed"], answer["trades"]) == (False, ["1 BTC/USDT 0.5"])
    assert ["image", "freqtrade:stable", "i"] in answer["changes"]
    assert ["not brought along: max_open_trades", "9", "3"] in answer["changes"]
    assert '"max_open_trades": 9' in answer["diff"]["before"]
    assert "canary" not in json.dumps(answer)
    assert list(tmp_path.iterdir()) == []


def test_it_refuses_with_every_reason(run: Run, tmp_path: Path, found: list[Any]) -> None:
    found.append(replace(FOREIGN, strategy="Other", dry_run=False, traded=Picture()))
    answer = run(freqops_adopt, state="looked", bot=BOT, image="i", project="/p", strategies=FILES, root=str(tmp_path))
    assert answer["failed"] is True
    assert "real orders" in answer["msg"]
    assert "its strategy is Other" in answer["msg"]


def test_what_would_be_left_behind_without_a_word_is_refused(run: Run, tmp_path: Path, found: list[Any]) -> None:
    found.append(replace(FOREIGN, config={**CONFIG, "telegram": {"enabled": True, "token": "canary-token"}}))
    answer = run(freqops_adopt, state="looked", bot=BOT, image="i", project="/p", strategies=FILES, root=str(tmp_path))
    assert answer["msg"].startswith("NOT ADOPTED alpha: its telegram will be off after the adoption; accept that: ")
    assert "canary" not in json.dumps(answer)


def test_other_code_of_its_strategy_is_refused_until_it_is_accepted(run: Run, tmp_path: Path, found: list[Any]) -> None:
    assert found
    asked = {"state": "looked", "bot": BOT, "image": "i", "project": "/p", "root": str(tmp_path)}
    for strategies in ({"S.py": "class S: pass"}, {}):
        refused = run(freqops_adopt, strategies=strategies, **asked)
        assert refused["msg"].startswith("NOT ADOPTED alpha: the code of its strategy would change by strategy.S.py (")
        accepted = run(freqops_adopt, strategies=strategies, accept_dropped="strategy", **asked)
        assert "not brought along: strategy.S.py" in [row[0] for row in accepted["changes"]]


@pytest.mark.usefixtures("found")
def test_a_bot_that_is_deployed_is_refused(run: Run, tmp_path: Path) -> None:
    make_bot(tmp_path)
    answer = run(freqops_adopt, state="looked", bot=BOT, image="i", project="/p", strategies=FILES, root=str(tmp_path))
    assert answer["msg"].startswith("NOT ADOPTED alpha: freqops runs alpha already")
    assert "next_steps" not in answer
    (tmp_path / "bots" / "alpha" / adoption.NOTE).write_text('{"incident": "one"}')
    (tmp_path / "bots" / "alpha" / "conf" / "holds.json").write_text("torn")
    answer = run(freqops_adopt, state="looked", bot=BOT, image="i", project="/p", strategies=FILES, root=str(tmp_path))
    assert answer["next_steps"] == [{"step": "resume", "incident": "one"}, {"step": "undo", "incident": ""}]


def test_the_key_of_a_live_bot_is_taken_along_and_never_shown(
    run: Run, tmp_path: Path, found: list[Any], owner: int
) -> None:
    key = {"key": "canary-key-of-16-letters", "secret": "canary-secret-of-16-letters"}
    found.append(replace(FOREIGN, config={"exchange": {**EXCHANGE, **key}}))
    wanted = {"state": "prepared", "bot": {**BOT, "mode": "live"}, "project": "/p", "root": str(tmp_path)}
    first, second = run(freqops_adopt, owner=owner, **wanted), run(freqops_adopt, owner=owner, **wanted)
    assert (first["changed"], second["changed"]) == (True, False)
    path = tmp_path / "bots/alpha/staged/secrets.json"
    assert json.loads(path.read_text()) == {"exchange": key}
    assert oct(path.stat().st_mode & 0o777) == "0o400"
    assert "canary" not in json.dumps([first, second])


def test_a_paper_bot_gets_no_key(run: Run, tmp_path: Path, found: list[Any]) -> None:
    found.append(replace(FOREIGN, config={"exchange": {"key": "k" * 16, "secret": "s" * 16}}))
    answer = run(freqops_adopt, state="prepared", bot=BOT, project="/p", root=str(tmp_path))
    assert (answer["changed"], list(tmp_path.iterdir())) == (False, [])


TELEGRAM = {"token": "canary-token", "chat_id": "12"}
TOLD = {"telegram": {**TELEGRAM, "enabled": True}, "webhook": {"url": "https://canary/1"}, "discord": {"enabled": True}}


def prepared(root: Path, on: tuple[str, ...], **given: Any) -> dict[str, Any]:
    config = {**CONFIG, **{name: {"enabled": True} for name in on}}
    return {"state": "prepared", "bot": {**BOT, "config": config}, "project": "/p", "root": str(root), **given}


def test_what_opens_its_messengers_is_taken_along_and_never_shown(
    run: Run, tmp_path: Path, found: list[Any], owner: int
) -> None:
    found.append(replace(FOREIGN, config={**CONFIG, **TOLD}))
    wanted = prepared(tmp_path, ("telegram", "discord"), owner=owner)
    first, second = run(freqops_adopt, **wanted), run(freqops_adopt, **wanted)
    assert (first["changed"], second["changed"]) == (True, False), "of Discord there is nothing, the webhook is off"
    assert json.loads((tmp_path / "bots/alpha/staged/secrets.json").read_text()) == {"telegram": TELEGRAM}
    assert "canary" not in json.dumps([first, second])


def test_what_the_inventory_has_is_not_taken_from_the_old_one(
    run: Run, tmp_path: Path, found: list[Any], owner: int
) -> None:
    key = {"key": "k" * 16, "secret": "s" * 16}
    found.append(replace(FOREIGN, config={**TOLD, "exchange": {**EXCHANGE, **key}}))
    wanted = prepared(tmp_path, ("telegram", "webhook"), owner=owner, given=["exchange", "telegram"])
    wanted["bot"]["mode"] = "live"
    assert run(freqops_adopt, **wanted)["changed"] is True
    assert json.loads((tmp_path / "bots/alpha/staged/secrets.json").read_text()) == {"webhook": TOLD["webhook"]}


def test_an_address_in_the_configuration_of_the_bot_stands(run: Run, tmp_path: Path, found: list[Any]) -> None:
    found.append(replace(FOREIGN, config={**CONFIG, **TOLD}))
    wanted = prepared(tmp_path, ("webhook",))
    wanted["bot"]["config"]["webhook"]["url"] = "https://freqops.org/1"
    assert (run(freqops_adopt, **wanted)["changed"], list(tmp_path.iterdir())) == (False, [])


def test_it_names_all_that_freqops_host_must_know(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(json.dumps(DONE))
    use(monkeypatch, freqops_adopt, tool)
    more = {"project": "/p", "service": "s", "release": "1" * 16, "deploy_lock": "t", "other_strategy": True,
            "accept_dropped": "telegram,fee"}  # fmt: skip
    answer = run(freqops_adopt, state="adopted", bot=BOT, **more, **WORDS)
    assert (answer["changed"], answer["incident"], answer["detail"]) == (True, "one", ["held"])
    assert noted.read_text().splitlines() == [
        "adopt", "alpha", f"--incident={WORDS['incident']}", f"--reason={WORDS['reason']}", "--actor=maria",
        "--deploy-lock=t",
        "--project=/p", f"--release={'1' * 16}", "--service=s", "--accept-dropped=telegram,fee",
        "--other-strategy",
    ]  # fmt: skip


def test_the_way_back_needs_no_project(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(json.dumps({**DONE, "outcome": "undone"}))
    use(monkeypatch, freqops_adopt, tool)
    assert run(freqops_adopt, state="undone", bot=BOT, **WORDS)["changed"] is True
    assert noted.read_text().splitlines()[-1] == "--undo"


@pytest.mark.parametrize("state", ["prepared", "adopted", "undone"])
def test_nobody_takes_a_check_for_the_deed(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    tool, noted = stub(json.dumps(DONE))
    use(monkeypatch, freqops_adopt, tool)
    answer = run(freqops_adopt, check=True, state=state, bot=BOT, project="/p", release="1" * 16, **WORDS)
    assert (answer["failed"], answer["msg"]) == (True, "NOTHING ADOPTED: this was a check")
    assert not noted.exists()


@pytest.mark.parametrize(("state", "what"), [("adopted", "NOT ADOPTED"), ("undone", "NOT UNDONE")])
def test_a_refusal_of_the_host_fails(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, state: str, what: str
) -> None:
    tool, _ = stub(json.dumps({"refused": "why not"}), 1)
    use(monkeypatch, freqops_adopt, tool)
    answer = run(freqops_adopt, state=state, bot=BOT, project="/p", release="1" * 16, **WORDS)
    assert answer["msg"] == f"{what} alpha: why not"
