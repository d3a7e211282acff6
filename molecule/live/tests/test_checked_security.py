"""The security check of the host with the deployed live bot: keys that may too much, two bots of one account, all well.

Its name sorts first on purpose: the diseased bots of the other files are not laid as deploy lays a bot, and would be
red. Only what a lab host cannot have is waived: it is a container behind loopback, without a kernel or fresh package
lists of its own.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.services.accounts import account_of
from lab.services.control import control
from tests.support import fleet
from tests.support.field import Field, Played, play
from tests.support.live import HOST, MODEL, LiveBot, deployed

ACCOUNT = account_of(HOST, MODEL)
SECRETS = f"/srv/freqops/bots/{MODEL}/conf/secrets.json"
KEPT = "/srv/freqops/security_check.json"
TRADES = ["reading", "trading"]
NOT_OF_A_CONTAINER = ("updates", "kernel", "reachable_ports")


class Twin(LiveBot):
    """A second bot with a key of the deployed one's account, as somebody makes it who copies a bot by hand."""

    def credentials(self) -> dict[str, Any]:
        """Return another key of the same account."""
        made = control("POST", f"/accounts/{ACCOUNT}/keys", {})
        return {"exchange": {"key": made["api_key"], "secret": made["secret"]}}


def said(about: str) -> dict[str, str]:
    until = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    return {"about": about, "says": "a container of the lab, nothing more", "by": "a test", "until": until}


@pytest.fixture
def inventory(tmp_path: Path) -> str:
    """An inventory of the one host, with what no lab host can have waived, and what no machine sees attested."""
    statements = {
        "security_attestations": [said("2fa_exchange")],
        "security_waivers": [said(item) for item in NOT_OF_A_CONTAINER],
    }
    place = fleet.inventory(tmp_path, lambda hosts: hosts[HOST].update(statements))
    path = Path(place) / "hosts.yml"
    groups = yaml.safe_load(path.read_text())
    for group in groups.values():
        group["hosts"] = {name: each for name, each in (group.get("hosts") or {}).items() if name == HOST}
    path.write_text(yaml.safe_dump(groups))
    return place


@pytest.fixture
def field() -> Field:
    return Field(HOST, MODEL)


@contextmanager
def key(field: Field, *permissions: str, bound: bool = True) -> Iterator[None]:
    """Let the bot's file of secrets have another key of its account; the bot itself goes on with the one it has."""
    addresses = [each for each in field.sh("hostname -I").split() if ":" not in each] if bound else []
    made = control("POST", f"/accounts/{ACCOUNT}/keys", {"permissions": [*permissions], "addresses": addresses})
    before = field.sh(f"cat {SECRETS}")
    document = json.loads(before)
    try:
        write(field, json.dumps({**document, "exchange": {**document["exchange"], **renamed(made)}}))
        yield
    finally:
        write(field, before)
        control("DELETE", f"/accounts/{ACCOUNT}/keys/{made['api_key']}")


def renamed(made: Mapping[str, Any]) -> dict[str, Any]:
    return {"key": made["api_key"], "secret": made["secret"]}


def write(field: Field, text: str) -> None:
    """Write the file of secrets in its place, so that owner and mode stay."""
    field.sh(f"printf %s {base64.b64encode(text.encode()).decode()} | base64 -d > {SECRETS}")


def checked(inventory: str, place: Path, *words: str) -> tuple[Played, dict[tuple[str, str], dict[str, Any]]]:
    """Run the check, and return it with its rows by item and bot."""
    played = play("security_check", "-e", f"output={place / 'out'}", *words, inventory=inventory)
    document = json.loads((place / "out" / "security_check.json").read_text())
    assert document["passed"] == (played.rc == 0), played.out
    return played, {(row["item"], row["bot"]): row for row in document["items"]}


def test_everything_in_place_passes_and_the_host_keeps_it(field: Field, inventory: str, tmp_path: Path) -> None:
    with key(field, *TRADES):
        played, rows = checked(inventory, tmp_path)
    assert played.rc == 0, played.out
    of_bot = {item: row["verdict"] for (item, bot), row in rows.items() if bot == MODEL}
    assert of_bot.pop("2fa_exchange") == "attested"
    assert set(of_bot.values()) == {"ok"}, rows
    assert rows["clock", ""]["verdict"] == "ok", rows["clock", ""]
    assert "the exchange" in rows["clock", ""]["evidence"]
    kept = json.loads(field.sh(f"cat {KEPT}"))
    assert kept["passed"] is True
    assert field.sh(f"stat -c '%a %U' {KEPT}").strip() == "600 root"
    assert (tmp_path / "out" / "security_check.html").is_file()
    document = json.loads(field.sh(f"cat {SECRETS}"))
    for secret in (document["api_server"]["password"], document["exchange"]["secret"], document["exchange"]["key"]):
        assert secret not in played.out
        assert secret not in json.dumps(kept)


@pytest.mark.parametrize(
    ("right", "field_of_it"),
    [("withdrawals", "enableWithdrawals"), ("universal-transfers", "permitsUniversalTransfer"),
     ("margin", "enableMargin")],
)  # fmt: skip
def test_a_key_that_may_more_than_trade_is_red(
    field: Field, inventory: str, tmp_path: Path, right: str, field_of_it: str
) -> None:
    with key(field, *TRADES, right):
        played, rows = checked(inventory, tmp_path)
    assert played.rc != 0
    assert rows["key_rights", MODEL]["verdict"] == "red"
    assert field_of_it in rows["key_rights", MODEL]["evidence"]
    assert f"key_rights of {MODEL} is red" in played.out
    assert "lockout.yml -e what=exchange" in played.out
    assert json.loads(field.sh(f"cat {KEPT}"))["passed"] is False


def test_a_key_that_is_bound_to_no_address_is_red(field: Field, inventory: str, tmp_path: Path) -> None:
    with key(field, *TRADES, bound=False):
        played, rows = checked(inventory, tmp_path)
    assert played.rc != 0
    assert rows["key_bound", MODEL]["verdict"] == "red"
    assert "in 90 days" in rows["key_end", MODEL]["evidence"] or "in 89 days" in rows["key_end", MODEL]["evidence"]


def test_a_key_that_is_bound_to_another_host_is_not_known(field: Field, inventory: str, tmp_path: Path) -> None:
    made = control("POST", f"/accounts/{ACCOUNT}/keys", {"permissions": TRADES, "addresses": ["192.0.2.1"]})
    before = field.sh(f"cat {SECRETS}")
    try:
        write(field, json.dumps({**json.loads(before), "exchange": renamed(made)}))
        played, rows = checked(inventory, tmp_path)
    finally:
        write(field, before)
        control("DELETE", f"/accounts/{ACCOUNT}/keys/{made['api_key']}")
    assert played.rc != 0
    assert rows["key_bound", MODEL]["verdict"] == "unknown"


def test_two_bots_of_one_account_are_both_red(field: Field, inventory: str, tmp_path: Path) -> None:
    twin = Twin("twin", 40)
    try:
        deployed(twin, but_not_started=("twin",))
        with key(field, *TRADES):
            played, rows = checked(inventory, tmp_path)
    finally:
        twin.remove()
    assert played.rc != 0
    assert (rows["account_unique", MODEL]["verdict"], rows["account_unique", "twin"]["verdict"]) == ("red", "red")
    assert f"twin on {HOST}" in rows["account_unique", MODEL]["evidence"]


def test_what_nobody_attests_does_not_pass(field: Field, inventory: str, tmp_path: Path) -> None:
    path = Path(inventory) / "hosts.yml"
    path.write_text(path.read_text().replace("about: 2fa_exchange", "about: 2fa_telegram"))
    with key(field, *TRADES):
        played, rows = checked(inventory, tmp_path)
    assert played.rc != 0
    assert rows["2fa_exchange", MODEL]["verdict"] == "unknown"
    assert [row for row in rows.values() if not row["passes"]] == [rows["2fa_exchange", MODEL]]
