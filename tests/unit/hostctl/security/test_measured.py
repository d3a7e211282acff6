"""What a host measures of itself: all in order is ok but for what no machine sees, and each fault is seen by itself."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from freqops.core.base import commands
from freqops.core.security import answer as answers
from freqops.core.security import items, last, sockets
from freqops.core.security.answer import Answer
from freqops.core.security.row import OK, RED, UNKNOWN, Row
from freqops.hostctl import cli
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.commands import given_order
from freqops.hostctl.commands import security_check as command
from freqops.hostctl.exchange import witness
from freqops.hostctl.security import host_facts, measured
from tests.unit.hostctl.security.place import ANY, Place
from tests.unit.security_facts import NO_UPDATES, container, secrets

UNSEEN = {items.TWO_FACTORS, items.ACCOUNT_UNIQUE}  # what a host alone never knows


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


def test_a_host_in_order_is_ok_but_for_what_it_cannot_see(place: Place) -> None:
    answer = place.answer()
    wrong = {(each.item, each.bot, each.verdict) for each in answer.rows if not each.passes}
    assert wrong == {(item, "alpha", UNKNOWN) for item in UNSEEN}, [
        each.line for each in answer.rows if not each.passes
    ]
    assert not answer.passed
    assert answer.bots == {"alpha": "live", "beta": "paper"}
    assert list(answer.accounts) == ["alpha"]
    assert answer.listening == [sockets.Socket("tcp", ANY, 22)]
    assert answers.of(json.loads(json.dumps(answer.to_json()))) == answer
    assert "354937868" not in json.dumps(answer.to_json())


@pytest.mark.parametrize("right", ["enableWithdrawals", "permitsUniversalTransfer", "enableMargin"])
def test_a_key_that_may_more_is_red(place: Place, right: str) -> None:
    place.account.rights["fields"][right] = True
    assert place.rows("alpha")[items.KEY_RIGHTS].verdict == RED


@pytest.mark.parametrize("question", ["rights", "account", "time"])
def test_a_question_without_an_answer_costs_its_own_rows_alone(place: Place, question: str) -> None:
    place.account.mute.add(question)
    place.said["chronyc"] = (1, "")
    found, of_host = place.rows("alpha"), place.rows()
    assert (found[items.KEY_RIGHTS].verdict == UNKNOWN) == (question == "rights")
    assert not found[items.KEY_RIGHTS].unseen
    assert (place.answer().accounts["alpha"] is None) == (question == "account")
    assert (of_host[items.CLOCK].verdict == UNKNOWN) == (question == "time")


def test_a_key_that_is_refused_from_here_is_not_known(place: Place) -> None:
    place.account.faults["rights"] = [witness.KeyRefused("401")] * 99
    found = place.rows("alpha")
    assert {found[item].verdict for item in (items.KEY_RIGHTS, items.KEY_BOUND, items.KEY_END)} == {UNKNOWN}


def test_a_witness_that_does_not_start_leaves_nothing_known_of_the_key(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> Any:
        raise EngineError("no engine")

    monkeypatch.setattr(witness, "conversation", fails)
    found = place.rows("alpha")
    assert found[items.KEY_RIGHTS].verdict == UNKNOWN
    assert not found[items.KEY_RIGHTS].unseen
    assert place.answer().accounts == {"alpha": None}


def test_an_exchange_that_tells_nothing_leaves_it_to_be_attested(place: Place) -> None:
    place.account.rights = place.account.number = {"told": False}
    found = place.rows("alpha")
    assert {(found[item].verdict, found[item].unseen) for item in (items.KEY_RIGHTS, items.ACCOUNT_UNIQUE)} == {
        (UNKNOWN, True)
    }


def test_a_clock_that_is_off_is_red_and_one_that_nobody_measures_is_not_known(place: Place) -> None:
    place.account.ahead_ms = 5000
    assert place.rows()[items.CLOCK].verdict == RED
    place.account.mute.add("time")
    assert place.rows()[items.CLOCK].verdict == OK  # by chrony
    place.said.pop("chronyc")
    assert place.rows()[items.CLOCK].verdict == UNKNOWN


def test_a_host_of_paper_bots_asks_an_exchange_for_the_time_alone(place: Place) -> None:
    declared = json.loads((place.root / "bots" / "alpha" / "bot.json").read_text())
    (place.root / "bots" / "alpha" / "bot.json").write_text(json.dumps({**declared, "mode": "paper"}))
    place.said.pop("chronyc")
    assert place.rows()[items.CLOCK].verdict == OK
    assert [what for what, _ in place.account.asked] == ["time"]
    assert place.answer().accounts == {}


def test_files_passwords_images_and_updates_are_looked_at(place: Place) -> None:
    (place.root / "bots" / "beta" / "conf" / "secrets.json").chmod(0o444)
    assert place.rows("beta")[items.BOT_FILES].verdict == RED
    assert place.rows("alpha")[items.BOT_FILES].verdict == OK
    file = place.root / "bots" / "alpha" / "conf" / "secrets.json"
    file.chmod(0o600)
    file.write_text(json.dumps(secrets(password="freqtrader")))
    row = place.rows("alpha")[items.PASSWORDS]
    assert (row.verdict, "freqtrader" in row.evidence) == (RED, False)
    (place.system / "etc/sudoers.d/freqops").chmod(0o666)
    assert place.rows()[items.HOST_FILES].verdict == RED
    place.engine.documents = [container("freqtrade:stable")]
    assert place.rows()[items.IMAGES].verdict == RED
    place.said["env"] = (0, f"Inst docker-ce [1] (2 Docker:1.0 [amd64])\n{NO_UPDATES}")
    assert place.rows()[items.UPDATES].verdict == RED


def test_secrets_that_cannot_be_read_are_not_known(place: Place) -> None:
    file = place.root / "bots" / "alpha" / "conf" / "secrets.json"
    file.chmod(0o600)
    file.write_text('{"api_server": 1, "api_server": 2}')
    found = place.rows("alpha")
    assert (found[items.PASSWORDS].verdict, found[items.TELEGRAM].verdict) == (UNKNOWN, UNKNOWN)
    assert not found[items.TELEGRAM].unseen


def test_a_bot_with_telegram_needs_somebody_who_says_that_it_is_protected(place: Place) -> None:
    assert place.rows("beta")[items.TELEGRAM].verdict == OK
    file = place.root / "bots" / "beta" / "conf" / "secrets.json"
    file.chmod(0o600)
    file.write_text(json.dumps({**secrets(), "telegram": {"token": "1:x", "chat_id": "7", "enabled": True}}))
    row = place.rows("beta")[items.TELEGRAM]
    assert (row.verdict, row.unseen) == (UNKNOWN, True)


@pytest.mark.parametrize(
    ("program", "said", "item"),
    [("env", (100, "E: lock"), items.UPDATES), ("env", (commands.NOT_THERE, ""), items.UPDATES),
     ("env", (0, "nothing"), items.UPDATES), ("dpkg-query", (commands.NOT_THERE, ""), items.KERNEL),
     ("dpkg-query", (1, "no packages"), items.KERNEL), ("dpkg-query", (0, "linux-image-1.0 rc \n"), items.KERNEL)],
)  # fmt: skip
def test_what_apt_and_dpkg_do_not_tell_is_not_known(
    place: Place, program: str, said: tuple[int, str], item: str
) -> None:
    place.said[program] = said
    assert place.rows()[item].verdict == UNKNOWN


def test_package_lists_that_are_old_or_missing_are_not_known(place: Place) -> None:
    lists = place.system / host_facts.LISTS
    now = lists.stat().st_mtime
    [found, _] = host_facts.pending(place.run, place.system, now + 4 * 86400)
    assert (found.verdict, "too old" in found.evidence) == (UNKNOWN, True)
    (lists / "deb_Packages").unlink()
    [found, _] = host_facts.pending(place.run, place.system)
    assert found.verdict == UNKNOWN


def test_an_engine_that_does_not_answer_hides_what_is_published_and_what_runs(place: Place) -> None:
    place.engine.documents = EngineError("no answer")
    answer = place.answer()
    assert answer.listening is None
    assert {each.verdict for each in answer.rows if each.item == items.IMAGES} == {UNKNOWN}


def test_a_kernel_that_does_not_tell_what_listens_is_not_believed(place: Place) -> None:
    (place.system / host_facts.NET / "tcp6").write_text("nonsense")
    assert place.answer().listening is None
    (place.system / host_facts.NET / "tcp6").unlink()
    assert place.answer().listening
    (place.system / host_facts.NET / "udp").unlink()
    assert place.answer().listening is None


def test_the_password_of_postgres_counts_where_there_is_one(place: Place) -> None:
    assert place.rows()[items.POSTGRES_PASSWORD].verdict == OK
    (place.root / "postgres" / "secrets").mkdir(parents=True)
    (place.root / "postgres" / "compose.yml").write_text("x")
    assert place.rows()[items.POSTGRES_PASSWORD].verdict == UNKNOWN
    (place.root / "postgres" / "secrets" / "superuser").write_text("postgres")
    assert place.rows()[items.POSTGRES_PASSWORD].verdict == RED


# --- the command


def run(place: Place, monkeypatch: pytest.MonkeyPatch, *words: str, given: str = "") -> int:
    monkeypatch.setattr(measured, "measured", lambda *_: place.answer())
    monkeypatch.setattr(command, "Engine", lambda: place.engine)
    monkeypatch.setattr(command, "Clock", lambda: place.clock)
    monkeypatch.setattr(given_order, "sys", SimpleNamespace(stdin=io.StringIO(given)))
    return cli.main(["security-check", *words], place.root)


def test_the_command_answers_with_what_it_measured(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, monkeypatch, "--json") == 2
    document = json.loads(capsys.readouterr().out)
    assert answers.of(document).bots == {"alpha": "live", "beta": "paper"}
    assert not (place.root / last.FILE).exists(), "what a host sees alone is not kept"
    assert run(place, monkeypatch) == 2
    text = capsys.readouterr().out
    assert "2fa_exchange of alpha is unknown" in text
    assert command.PART in text


def test_what_was_judged_is_kept_and_nothing_else(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bots = {"alpha": "live", "beta": "paper"}
    rows = [Row(item, bot, OK, "seen") for item, bot in items.of_host(bots, afar=True)]
    fleet = [Row(item, "", OK, "seen").to_json() for item, _ in items.of_fleet()]
    judged = {**Answer(rows, bots).to_json(), "fleet": fleet}
    assert run(place, monkeypatch, "--record", given=json.dumps(judged)) == 0
    assert json.loads(capsys.readouterr().out)["recorded"] == "2026-01-02T03:04:05Z"
    assert last.last(place.root, os.getuid()).passed("alpha")
    before = (place.root / last.FILE).read_bytes()
    for given in ("", "{}", "[]", json.dumps({**judged, "bots": {"alpha": "live"}})):
        assert run(place, monkeypatch, "--record", given=given) == 1
    assert (place.root / last.FILE).read_bytes() == before


def test_a_bot_whose_declaration_cannot_be_read_refuses_the_whole(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.root / "bots" / "beta" / "bot.json").write_text("{")
    assert run(place, monkeypatch, "--json") == 1
