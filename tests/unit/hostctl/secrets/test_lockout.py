"""What leaked is replaced while the bot is held, and only what was seen shut is proven and forgotten."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.mandate import Mandate
from freqops.core.bot import api_doors
from freqops.core.bot.api_doors import Credentials
from freqops.core.halt import holds
from freqops.hostctl import cli
from freqops.hostctl.bot import start
from freqops.hostctl.deploy.switch_files import SwitchFiles
from freqops.hostctl.exchange.witness import Unanswered
from freqops.hostctl.secrets import leaked, lockout
from freqops.hostctl.secrets.lockout import Leak, LockedOut
from tests.unit.accounts import resting
from tests.unit.fakes import made_container
from tests.unit.hostctl.host import Host

OLD = {"username": "freqops", "password": "old-password", "jwt_secret_key": "old-signing-key", "ws_token": "old-stream"}
OLD_KEY = {"key": "old-key-of-16-letters", "secret": "old-secret-of-16"}
NEW_KEY = {"key": "new-key-of-16-letters", "secret": "new-secret-of-16"}
DOORS = ("password", "jwt_secret_key", "ws_token")


class LeakyHost(Host):
    """A host whose bot's API lets in what its file of secrets said when its container was made."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(root, monkeypatch, mode="live")
        monkeypatch.setattr(start, "client", lambda _bot: self.api)
        monkeypatch.setattr(start, "alive", lambda _bot: list(self.processes))
        monkeypatch.setattr(leaked, "CONTAINER_OWNER", (os.getuid(), os.getgid()))
        self.write({"api_server": OLD, "db_url": "sqlite:///x", "exchange": OLD_KEY})
        (self.home / "conf/freqops-host").write_text("tool")
        SwitchFiles(self.home).remember({"release": "f00", "image": "i", "at": "then", "secrets": "old"}, None)
        self.account.keys = {OLD_KEY["key"]}
        self.ajar: set[str] = set()
        self.silent_door: str | None = None
        self._load()
        self.engine.present, self.engine.starting = made_container(number="id0"), self._load
        for door, name in zip(("password_opens", "token_opens", "stream_opens"), DOORS, strict=True):
            monkeypatch.setattr(api_doors, door, lambda _port, shown, *_now, name=name: self.opens(name, shown))
        self.tried: list[tuple[str, str]] = []

    def opens(self, door: str, shown: Credentials) -> bool:
        secret = getattr(shown, door)
        self.tried.append((door, secret))
        if door == self.silent_door and secret == OLD[door]:
            raise api_doors.NotKnown("nothing answered")
        return secret == self.lets_in[door] or (door in self.ajar and secret == OLD[door])

    def _load(self) -> None:
        self.lets_in = dict(self.secrets()["api_server"])

    def secrets(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.home / "conf/secrets.json").read_text())
        return document

    def write(self, document: dict[str, Any]) -> None:
        (self.home / "conf/secrets.json").write_text(json.dumps(document))

    def stage(self, exchange: dict[str, str]) -> None:
        (self.home / "staged").mkdir(exist_ok=True)
        (self.home / "staged/secrets.json").write_text(json.dumps({**self.secrets(), "exchange": exchange}))

    def lock_out(self, what: str) -> LockedOut:
        leak = Leak(what, Mandate("one", "it leaked", "ann@host"))
        return lockout.lock_out(self.home, leak, self.silent, self.clock, self.engine)

    @property
    def kept(self) -> dict[str, Any]:
        return leaked.load(self.bot)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LeakyHost:
    return LeakyHost(tmp_path, monkeypatch)


def test_all_that_opens_the_api_is_replaced_while_the_bot_is_held(host: LeakyHost) -> None:
    result = host.lock_out("api")
    assert result.proven, result
    assert (result.halted, result.level, host.level) == ("HALTED, PROVEN", 1, 1)
    assert result.incident == holds.load(host.bot.holds).holds[0].incident
    now = host.secrets()
    assert all(now["api_server"][door] != OLD[door] for door in DOORS)
    assert (now["db_url"], now["exchange"], now["api_server"]["username"]) == ("sqlite:///x", OLD_KEY, "freqops")
    assert (host.home / "conf/secrets.json").stat().st_mode & 0o777 == 0o400
    assert host.engine.recreate == [True]
    assert host.api.state == "paused"
    assert not host.bot.leaked.exists()


def test_every_door_is_tried_with_what_leaked_and_the_stream_with_nothing_else(host: LeakyHost) -> None:
    host.lock_out("api")
    assert {door for door, secret in host.tried if secret == OLD[door]} == set(DOORS)
    assert {door for door, secret in host.tried if secret != OLD[door]} == {"password", "jwt_secret_key"}


@pytest.mark.parametrize("door", DOORS)
def test_a_door_that_still_opens_is_named_and_what_leaked_is_kept(host: LeakyHost, door: str) -> None:
    host.ajar = {door}
    result = host.lock_out("api")
    assert not result.proven
    assert result.replaced
    assert any(line.startswith("STILL OPEN to what leaked") for line in result.detail)
    assert host.kept["api"] == [OLD]
    host.ajar = set()
    assert host.lock_out("api").proven
    assert not host.bot.leaked.exists()


def test_a_door_that_does_not_answer_is_not_shut(host: LeakyHost) -> None:
    host.silent_door = "jwt_secret_key"
    result = host.lock_out("api")
    assert (result.replaced, result.proven) == (True, False)
    assert "nothing answered" in result.detail
    assert host.kept["api"] == [OLD]


def test_a_new_password_that_does_not_open_proves_nothing_of_the_old_one(host: LeakyHost) -> None:
    host.engine.starting = lambda: host.lets_in.update(dict.fromkeys(DOORS, "neither"))
    result = host.lock_out("api")
    assert not result.proven
    assert "does not accept the new password" in result.detail[-1]


def test_a_halt_that_is_not_proven_is_no_lockout_and_the_secrets_are_replaced_all_the_same(
    host: LeakyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = host.api.lock
    monkeypatch.setattr(host.api, "lock", lambda reason: lock(reason) if host.engine.recreate else None)
    result = host.lock_out("api")
    assert "its API accepts the new password, and nothing that leaked" in result.detail
    assert (result.replaced, result.proven) == (True, False)
    assert "PROVEN" not in result.halted.replace("NOT PROVEN", "")


def test_what_waits_for_a_deploy_goes_with_what_leaked(host: LeakyHost) -> None:
    host.stage(NEW_KEY)
    host.lock_out("api")
    assert not (host.home / "staged/secrets.json").exists()


def test_the_next_switch_does_not_take_the_bot_for_one_with_old_secrets(host: LeakyHost) -> None:
    host.lock_out("api")
    files = SwitchFiles(host.home)
    assert [entry["secrets"] for entry in files.history()] == [files.secrets_mark]


def test_a_crash_after_the_replacement_forgets_nothing(host: LeakyHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(lockout, "start_locked", crash)
        with pytest.raises(KeyboardInterrupt):
            host.lock_out("api")
    assert host.kept["api"] == [OLD]
    host.ajar = {"password"}
    assert not host.lock_out("api").proven, "what leaked before the crash is tried, too"


def test_while_a_switch_is_not_over_nothing_is_replaced(host: LeakyHost) -> None:
    (host.home / "switch.json").write_text("{}")
    result = host.lock_out("api")
    assert (result.replaced, result.proven, host.level) == (False, False, 1)
    assert host.secrets()["api_server"] == OLD


def test_a_key_at_the_exchange_is_replaced_by_the_one_that_was_laid_beside_it(host: LeakyHost) -> None:
    host.stage(NEW_KEY)
    host.account.keys = {NEW_KEY["key"]}
    result = host.lock_out("exchange")
    assert result.proven, result
    assert result.halted == "HALTED, PROVEN"
    assert "halted again, with what is new: HALTED, PROVEN" in result.detail
    assert (host.secrets()["exchange"], host.secrets()["api_server"]) == (NEW_KEY, OLD)
    assert host.level == 1
    assert not host.bot.leaked.exists()
    assert not (host.home / "lockout/asked").exists()
    assert (host.home / "lockout").stat().st_mode & 0o777 == 0o700


def test_a_halt_that_the_new_key_does_not_prove_either_is_no_proof_of_a_lockout(host: LeakyHost) -> None:
    host.stage(NEW_KEY)
    host.account.keys = {NEW_KEY["key"]}
    host.account.open_orders.append(resting("9"))
    result = host.lock_out("exchange")
    assert (result.replaced, result.proven, result.halted) == (True, False, "HALTED, EXCHANGE NOT PROVEN")


def test_a_key_that_the_exchange_still_accepts_is_not_locked_out_until_it_is_deleted_there(host: LeakyHost) -> None:
    host.stage(NEW_KEY)
    host.account.keys = {OLD_KEY["key"], NEW_KEY["key"]}
    result = host.lock_out("exchange")
    assert (result.replaced, result.proven) == (True, False)
    assert lockout.OLD_KEY_OPENS in result.detail
    assert host.kept["exchange"] == [OLD_KEY]
    host.account.keys = {NEW_KEY["key"]}
    again = host.lock_out("exchange")
    assert (again.replaced, again.proven) == (False, True)
    assert not host.bot.leaked.exists()


def test_without_a_new_key_the_bot_is_held_and_the_way_is_named(host: LeakyHost) -> None:
    result = host.lock_out("exchange")
    assert (result.replaced, result.proven, host.level) == (False, False, 1)
    assert "make another one at the exchange" in result.detail[-1]


def test_a_new_key_that_the_exchange_refuses_replaces_nothing(host: LeakyHost) -> None:
    host.stage(NEW_KEY)
    result = host.lock_out("exchange")
    assert (result.replaced, result.proven) == (False, False)
    assert host.secrets()["exchange"] == OLD_KEY
    assert "does not accept the new one" in result.detail[-1]


def test_an_exchange_that_does_not_answer_for_the_old_key_has_not_refused_it(host: LeakyHost) -> None:
    host.stage(NEW_KEY)
    host.account.keys = None
    silent = [Unanswered("silent")] * 1000
    host.account.faults["balances"] = [None, None, None, *silent]  # the halt, the new key twice; then the old one
    result = host.lock_out("exchange")
    assert (result.replaced, result.proven) == (True, False)
    assert host.kept["exchange"] == [OLD_KEY]


OF_MESSENGERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "telegram": (
        {"token": "old-token-of-it", "chat_id": "7", "enabled": True},
        {"token": "new-token-of-it", "chat_id": "7", "enabled": True},
    ),
    "webhook": ({"url": "https://a/old-word-of-it"}, {"url": "https://a/new-word-of-it"}),
    "discord": ({"webhook_url": "https://d/old-word-of-it"}, {"webhook_url": "https://d/new-word-of-it"}),
}


def lay(host: LeakyHost, what: str, new: dict[str, Any] | None) -> None:
    host.write({**host.secrets(), what: OF_MESSENGERS[what][0]})
    if new is not None:
        host.stage(NEW_KEY)
        staged = host.home / "staged/secrets.json"
        staged.write_text(json.dumps({**json.loads(staged.read_text()), what: new}))


@pytest.mark.parametrize("what", OF_MESSENGERS)
def test_what_opens_a_messenger_is_replaced_and_its_provider_named(
    host: LeakyHost, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    new = OF_MESSENGERS[what][1]
    lay(host, what, new)
    result = host.lock_out(what)
    assert result.proven, result
    assert (host.secrets()[what], host.secrets()["exchange"]) == (new, OLD_KEY), "nothing else is replaced"
    assert (host.home / "conf/secrets.json").stat().st_mode & 0o777 == 0o400
    assert (host.engine.recreate, host.level, host.api.state) == ([True], 1, "paused")
    assert result.detail[-2:] == [f"the bot runs with the new {what}", lockout.REVOKE[what]]
    assert not host.bot.leaked.exists()
    shown = json.dumps(result.to_json()) + "".join(capsys.readouterr())
    assert "of-it" not in shown


@pytest.mark.parametrize("what", OF_MESSENGERS)
@pytest.mark.parametrize("staged", ["none", "the old one", "half"])
def test_without_another_one_a_messenger_keeps_what_leaked(host: LeakyHost, what: str, staged: str) -> None:
    old = OF_MESSENGERS[what][0]
    lay(host, what, {"none": None, "the old one": {**old, "chat_id": "8"}, "half": {"chat_id": "8"}}[staged])
    result = host.lock_out(what)
    assert (result.replaced, result.proven, host.level) == (False, False, 1)
    assert f"put it into secrets_notify.alpha.{what} in the inventory's secrets.yml" in result.detail[-1]
    assert (host.secrets()[what], host.engine.recreate) == (old, [])


def test_a_bot_without_the_messenger_has_nothing_to_replace(host: LeakyHost) -> None:
    result = host.lock_out("telegram")
    assert (result.replaced, result.proven) == (False, False)
    assert result.detail[-1] == "alpha has no secrets of telegram; nothing was replaced"


def test_a_second_run_brings_a_messenger_whose_container_was_not_made(
    host: LeakyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(host, "telegram", OF_MESSENGERS["telegram"][1])

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(lockout, "start_locked", crash)
        with pytest.raises(KeyboardInterrupt):
            host.lock_out("telegram")
    assert host.kept["telegram"] == [OF_MESSENGERS["telegram"][0]]
    result = host.lock_out("telegram")
    assert (result.replaced, result.proven, host.engine.recreate) == (False, True, [True])
    assert not host.bot.leaked.exists()


def test_a_bot_at_level_3_does_not_run_with_what_is_new(host: LeakyHost) -> None:
    lay(host, "webhook", OF_MESSENGERS["webhook"][1])
    host.halt(3)
    result = host.lock_out("webhook")
    assert (result.replaced, result.proven) == (True, False)
    assert "resume it one step" in result.detail[-1]
    assert host.kept["webhook"] == [OF_MESSENGERS["webhook"][0]]


def test_what_leaked_before_messengers_were_known_is_still_read(host: LeakyHost) -> None:
    leaked.add(host.bot, "api", OLD)
    document = json.loads(host.bot.leaked.read_text())
    host.bot.leaked.chmod(0o600)
    host.bot.leaked.write_text(json.dumps({kind: document[kind] for kind in ("api", "exchange")}))
    assert host.kept == {"api": [OLD], "exchange": [], "telegram": [], "webhook": [], "discord": []}


def test_neither_secret_is_shown(host: LeakyHost, capsys: pytest.CaptureFixture[str]) -> None:
    host.ajar = {"password"}
    leaked.add(host.bot, "exchange", OLD_KEY)
    result = host.lock_out("api")
    assert {OLD["password"], OLD_KEY["secret"]} <= set(host.bot.secret_values())
    new = host.secrets()["api_server"]
    shown = json.dumps(result.to_json()) + repr(Credentials.of(host.secrets())) + "".join(capsys.readouterr())
    assert not [value for value in (*OLD.values(), *new.values()) if value != "freqops" and value in shown]


def test_the_command_ends_with_2_unless_it_is_proven(
    host: LeakyHost, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("freqops.hostctl.commands.lockout.Clock", lambda: host.clock)
    monkeypatch.setattr("freqops.hostctl.commands.lockout.Engine", lambda: host.engine)
    monkeypatch.setattr("freqops.hostctl.own_session.run", lambda work: work())
    words = ["lockout", "alpha", "--what=api", "--reason=it leaked"]
    host.ajar = {"password"}
    assert cli.main(words, host.root) == 2
    host.ajar = set()
    assert cli.main(words, host.root) == 0
    assert json.loads(capsys.readouterr().out.strip().splitlines()[-1])["proven"] is True
    assert cli.main(["lockout", "alpha", "--what=house", "--reason=it leaked"], host.root) == 1
