"""freqops_secrets: made once, kept, never shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from library import freqops_secrets
from tests.unit.library.conftest import Run

GENERATED = ("password", "jwt_secret_key", "ws_token")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secrets.json"


@pytest.fixture
def arguments(path: Path, owner: int) -> dict[str, Any]:
    return {"path": str(path), "staged": str(staged(path)), "owner": owner, "database": "alpha_paper"}


def staged(path: Path) -> Path:
    return path.parent / "staged" / "secrets.json"


def switched(run: Run, used: Path, **arguments: Any) -> dict[str, Any]:
    """Run the module, and put what it staged into use as a switch does."""
    answer = run(freqops_secrets, **arguments)
    if staged(used).exists():
        staged(used).replace(used)
    return answer


def values(path: Path) -> list[str]:
    document = json.loads(path.read_text())
    password = document["db_url"].split(":")[2].split("@")[0]
    return [document["api_server"][name] for name in GENERATED] + [password]


def test_makes_all_secrets_once_and_keeps_them(run: Run, path: Path, arguments: dict[str, Any]) -> None:
    first = switched(run, path, **arguments)
    made = path.read_bytes()
    second = switched(run, path, **arguments)
    assert first["changed"] is True
    assert second["changed"] is False
    assert path.read_bytes() == made
    assert len(set(values(path))) == 4
    assert min(len(value) for value in values(path)) >= 32


def test_only_its_owner_can_read_the_file(run: Run, path: Path, arguments: dict[str, Any], owner: int) -> None:
    switched(run, path, **arguments)
    status = path.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (owner, owner, 0o400)


def test_takes_back_permissions_that_were_loosened(run: Run, path: Path, arguments: dict[str, Any]) -> None:
    switched(run, path, **arguments)
    made = path.read_bytes()
    path.chmod(0o644)
    assert switched(run, path, **arguments)["changed"] is True
    assert path.stat().st_mode & 0o7777 == 0o400
    assert path.read_bytes() == made


def test_new_secrets_wait_until_they_are_switched_to(run: Run, path: Path, arguments: dict[str, Any]) -> None:
    first = run(freqops_secrets, **arguments)
    made = staged(path).read_bytes()
    assert (first["changed"], first["renewed"], path.exists()) == (True, True, False)
    assert staged(path).stat().st_mode & 0o7777 == 0o400
    again = run(freqops_secrets, **arguments)
    assert (again["changed"], again["renewed"]) == (False, True), "they wait still, and are the same"
    assert staged(path).read_bytes() == made, "the database may know their password already"
    staged(path).replace(path)
    used = run(freqops_secrets, **arguments)
    assert (used["changed"], used["renewed"]) == (False, False)


def test_a_new_key_waits_beside_the_one_in_use(run: Run, path: Path, arguments: dict[str, Any]) -> None:
    switched(run, path, live=True, exchange=KEY, **arguments)
    used = path.read_bytes()
    other = {"key": "o" * 16, "secret": "t" * 16}
    assert run(freqops_secrets, live=True, exchange=other, **arguments)["renewed"] is True
    assert path.read_bytes() == used
    assert json.loads(staged(path).read_text())["exchange"] == other
    assert run(freqops_secrets, live=True, exchange=KEY, **arguments)["renewed"] is False
    assert not staged(path).exists(), "what is wished no more waits no more"


def test_check_predicts_and_writes_nothing(run: Run, path: Path, arguments: dict[str, Any]) -> None:
    assert run(freqops_secrets, check=True, **arguments)["changed"] is True
    assert not path.exists()
    assert not staged(path).exists()
    switched(run, path, **arguments)
    assert run(freqops_secrets, check=True, **arguments)["changed"] is False


def test_check_works_before_the_directory_exists(run: Run, path: Path, arguments: dict[str, Any]) -> None:
    arguments["path"] = str(path.parent / "absent" / "secrets.json")
    assert run(freqops_secrets, check=True, **arguments)["changed"] is True


def test_diff_names_secrets_and_shows_no_value(run: Run, path: Path, arguments: dict[str, Any]) -> None:
    exchange = {"key": "key-of-the-exchange", "secret": "secret-of-the-exchange"}
    answer = switched(run, path, exchange=exchange, **arguments)
    assert answer["diff"] == {"before": "\n", "after": "api_server\ndb_url\nexchange\n"}
    text = json.dumps(answer)
    for value in [*values(path), *exchange.values()]:
        assert value not in text
    assert json.loads(path.read_text())["exchange"] == exchange


def test_keeps_what_the_file_has_and_completes_it(run: Run, path: Path, arguments: dict[str, Any]) -> None:
    path.write_text(json.dumps({"api_server": {"username": "maria", "password": "p" * 40}, "telegram": {"token": "t"}}))
    answer = switched(run, path, **arguments)
    document = json.loads(path.read_text())
    assert answer["changed"] is True
    assert document["api_server"]["username"] == "maria"
    assert document["api_server"]["password"] == "p" * 40
    assert document["telegram"] == {"token": "t"}
    assert len(document["api_server"]["ws_token"]) >= 32


def test_another_host_of_the_database_keeps_its_password(run: Run, path: Path, arguments: dict[str, Any]) -> None:
    switched(run, path, **arguments)
    before = values(path)
    assert switched(run, path, **arguments, database_host="elsewhere")["changed"] is True
    assert values(path) == before
    assert "@elsewhere:5432/" in json.loads(path.read_text())["db_url"]


def test_sqlite_needs_no_password(run: Run, path: Path, owner: int) -> None:
    switched(
        run,
        path,
        path=str(path),
        staged=str(staged(path)),
        owner=owner,
        database_url="sqlite:////freqops/var/trades.paper.sqlite",
    )
    assert json.loads(path.read_text())["db_url"] == "sqlite:////freqops/var/trades.paper.sqlite"


@pytest.mark.parametrize("text", ["", '{"api_server": {"password": "half-a-secr', "[]", "null"])
def test_refuses_a_file_it_cannot_understand(run: Run, path: Path, arguments: dict[str, Any], text: str) -> None:
    path.write_text(text)
    answer = switched(run, path, **arguments)
    assert answer["failed"] is True
    assert "repair or remove it" in answer["msg"]
    assert "half-a-secr" not in json.dumps(answer)
    assert path.read_text() == text


def test_refuses_a_file_it_cannot_read(run: Run, path: Path, arguments: dict[str, Any]) -> None:
    path.mkdir()
    answer = switched(run, path, **arguments)
    assert answer["failed"] is True
    assert "cannot be read" in answer["msg"]


def test_wants_exactly_one_database(run: Run, path: Path, owner: int) -> None:
    neither = switched(run, path, path=str(path), staged=str(staged(path)), owner=owner)
    both = switched(
        run, path, path=str(path), staged=str(staged(path)), owner=owner, database="a", database_url="sqlite://"
    )
    assert neither["failed"] is True
    assert both["failed"] is True
    assert not path.exists()


KEY = {"key": "k" * 16, "secret": "s" * 16}


@pytest.mark.parametrize(
    "exchange", [None, {}, {"key": "k" * 16}, {**KEY, "secret": ""}, {**KEY, "key": "short"}, {**KEY, "secret": 1}]
)
def test_a_live_bot_without_its_key_gets_no_file(
    run: Run, path: Path, arguments: dict[str, Any], exchange: dict[str, Any] | None
) -> None:
    for check in (True, False):
        answer = run(freqops_secrets, check=check, live=True, exchange=exchange, **arguments)
        assert answer["failed"] is True
        assert "needs key and secret of its account" in answer["msg"]
    assert not path.exists()


def test_a_live_bot_keeps_a_key_that_it_has(run: Run, path: Path, arguments: dict[str, Any]) -> None:
    assert switched(run, path, live=True, exchange=KEY, **arguments)["changed"] is True
    assert switched(run, path, live=True, **arguments)["changed"] is False
    assert json.loads(path.read_text())["exchange"] == KEY


def test_a_live_bot_loses_no_key_to_a_worse_one(run: Run, path: Path, arguments: dict[str, Any]) -> None:
    switched(run, path, live=True, exchange=KEY, **arguments)
    assert switched(run, path, live=True, exchange={"key": "other"}, **arguments)["failed"] is True
    assert json.loads(path.read_text())["exchange"] == KEY


def test_a_paper_bot_needs_no_key(run: Run, path: Path, arguments: dict[str, Any]) -> None:
    assert switched(run, path, live=False, **arguments)["changed"] is True


def test_what_is_no_credential_is_refused(run: Run, path: Path, arguments: dict[str, Any]) -> None:
    """Laid over the configuration it would lead a live bot elsewhere, behind the back of the preflight."""
    answer = switched(run, path, live=True, exchange={**KEY, "ccxt_config": {"urls": {}}}, **arguments)
    assert answer["failed"] is True
    assert "ccxt_config" in answer["msg"]
    assert not path.exists()


PROXY = {"ccxt_config": {"httpsProxy": "http://me:word-of-a-proxy@10.0.0.9:3128"}}


def test_a_proxy_comes_and_goes_and_the_key_stays(run: Run, path: Path, arguments: dict[str, Any]) -> None:
    switched(run, path, exchange=KEY, **arguments)
    answer = switched(run, path, exchange=PROXY, **arguments)
    assert json.loads(path.read_text())["exchange"] == {**KEY, **PROXY}
    assert "word-of-a-proxy" not in json.dumps(answer)
    assert switched(run, path, **arguments)["renewed"] is False
    assert switched(run, path, exchange=PROXY, **arguments)["renewed"] is False
    switched(run, path, exchange={"ccxt_config": {}}, **arguments)
    assert json.loads(path.read_text())["exchange"] == KEY
    refused = switched(run, path, exchange={**KEY, **PROXY}, live=True, **arguments)
    assert refused["failed"] is True
    assert json.loads(path.read_text())["exchange"] == KEY


ON = {"telegram": {"enabled": True}, "webhook": {"enabled": True}}
NOTIFY = {"telegram": {"token": "a-token-of-telegram", "chat_id": "12"}, "webhook": {"url": "https://a/word-of-it"}}


def test_messengers_get_their_secrets_and_keep_them(run: Run, path: Path, arguments: dict[str, Any]) -> None:
    answer = switched(run, path, notify=NOTIFY, config=ON, **arguments)
    document = json.loads(path.read_text())
    assert document["telegram"] == {**NOTIFY["telegram"], "enabled": True}
    assert document["webhook"] == NOTIFY["webhook"]
    assert answer["diff"]["after"] == "api_server\ndb_url\ntelegram\nwebhook\n"
    assert not [word for word in ("a-token-of-telegram", "word-of-it") if word in json.dumps(answer)]
    again = switched(run, path, config=ON, **arguments)
    assert (again["changed"], again["renewed"]) == (False, False)
    off = run(freqops_secrets, config={}, **arguments)
    assert off["renewed"] is True
    assert json.loads(staged(path).read_text())["telegram"] == {**NOTIFY["telegram"], "enabled": False}


@pytest.mark.parametrize(
    ("notify", "said"),
    [
        (None, "a messenger is enabled without telegram.token, telegram.chat_id, webhook.url: put it into"),
        ({"telegram": NOTIFY["telegram"]}, "a messenger is enabled without webhook.url"),
        ({**NOTIFY, "telegram": {"token": "canary-of-it", "enabled": False}}, "secrets_notify has telegram.enabled;"),
    ],
)
def test_a_messenger_that_cannot_work_is_refused(
    run: Run, path: Path, arguments: dict[str, Any], notify: dict[str, Any] | None, said: str
) -> None:
    answer = run(freqops_secrets, notify=notify, config=ON, **arguments)
    assert answer["failed"] is True
    assert said in answer["msg"]
    assert "canary" not in json.dumps(answer)
    assert not staged(path).exists()
