"""A bot's declaration, its secrets and its files."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.bot import layout
from freqops.core.bot.redaction import redact
from tests.unit.fakes import make_bot


def test_a_bot_as_declared(tmp_path: Path) -> None:
    bot = layout.load_bot(make_bot(tmp_path))
    assert (bot.name, bot.mode, bot.api_port, bot.container) == ("alpha", "paper", 18080, "freqops-alpha")
    assert bot.holds == bot.home / "conf" / "holds.json"
    assert bot.compose == bot.home / "compose.yml"
    assert bot.credentials() == ("u", "p")


@pytest.mark.parametrize("key", ["name", "mode", "api_port", "image", "release", "initial_state"])
def test_a_field_of_the_wrong_type_is_unreadable(tmp_path: Path, key: str) -> None:
    home = make_bot(tmp_path)
    document = json.loads((home / "bot.json").read_text())
    wrong: list[Any] = [None, True, 1.5, [], {}, "" if key == "api_port" else 1]
    for value in wrong:
        (home / "bot.json").write_text(json.dumps({**document, key: value}))
        with pytest.raises(layout.BotUnreadable, match=f"{key} is missing or not"):
            layout.load_bot(home)
    del document[key]
    (home / "bot.json").write_text(json.dumps(document))
    with pytest.raises(layout.BotUnreadable, match=f"{key} is missing"):
        layout.load_bot(home)


@pytest.mark.parametrize("changed", [{"name": "beta"}, {"mode": "dry"}, {"initial_state": "held"}])
def test_a_declaration_of_something_else_is_unreadable(tmp_path: Path, changed: dict[str, str]) -> None:
    home = make_bot(tmp_path)
    document = json.loads((home / "bot.json").read_text())
    (home / "bot.json").write_text(json.dumps({**document, **changed}))
    with pytest.raises(layout.BotUnreadable):
        layout.load_bot(home)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_a_file_that_is_no_declaration(tmp_path: Path, content: bytes | None) -> None:
    home = make_bot(tmp_path)
    (home / "bot.json").unlink()
    if content is not None:
        (home / "bot.json").write_bytes(content)
    with pytest.raises(layout.BotUnreadable):
        layout.load_bot(home)


def test_a_bot_that_was_deployed_before_there_was_a_witness(tmp_path: Path) -> None:
    bot = layout.load_bot(make_bot(tmp_path))
    assert (bot.packages, bot.foreign_holdings, bot.is_live) == ("", {}, False)
    assert bot.packages_home == tmp_path / "packages"
    assert bot.sales == bot.home / "sold.json"


def test_what_the_witness_needs_of_a_bot(tmp_path: Path) -> None:
    home = make_bot(tmp_path, mode="live", packages="p00", foreign_holdings={"BNB": "0.50", "BTC": 1, "ETH": 0})
    bot = layout.load_bot(home)
    assert bot.is_live
    assert bot.foreign_holdings == {"BNB": Decimal("0.50"), "BTC": Decimal(1), "ETH": Decimal(0)}
    assert bot.packages_home == tmp_path / "packages" / "p00"
    assert bot.release_home == home / "release" / "f00"


@pytest.mark.parametrize(
    "holdings",
    [None, [], "BNB", 1, {"BNB": "half"}, {"BNB": None}, {"BNB": "-1"}, {"BNB": "NaN"}, {"BNB": "Infinity"},
     {"BNB": []}, {"BNB": "1", "BTC": ""}],
)  # fmt: skip
def test_holdings_that_are_no_amounts_are_unreadable(tmp_path: Path, holdings: Any) -> None:
    """What cannot be understood must not be taken for "nothing is foreign": that would be sold."""
    home = make_bot(tmp_path, foreign_holdings=holdings)
    with pytest.raises(layout.BotUnreadable, match="foreign_holdings"):
        layout.load_bot(home)


def test_orders_that_somebody_placed_by_hand(tmp_path: Path) -> None:
    assert layout.load_bot(make_bot(tmp_path, foreign_orders=["77", 78])).foreign_orders == {"77", "78"}
    assert layout.load_bot(make_bot(tmp_path, "beta")).foreign_orders == frozenset()


@pytest.mark.parametrize("orders", [None, "77", 77, {"77": 1}, [None], [["77"]], [{"id": "77"}]])
def test_orders_that_are_no_numbers_are_unreadable(tmp_path: Path, orders: Any) -> None:
    """Read letter by letter they would make somebody else's orders known."""
    home = make_bot(tmp_path, foreign_orders=orders)
    with pytest.raises(layout.BotUnreadable, match="foreign_orders is not a list of order numbers"):
        layout.load_bot(home)


def test_every_secret_is_known_by_its_value(tmp_path: Path) -> None:
    home = make_bot(tmp_path)
    secrets = {
        "api_server": {"username": "freqops", "password": "p" * 43},
        "db_url": "postgresql+psycopg2://alpha:" + "d" * 43 + "@postgres:5432/alpha",
        "exchange": {"key": "k" * 64, "secret": "s" * 65, "list": ["l" * 12, "short"], "number": 123456789012},
    }
    (home / "conf" / "secrets.json").write_text(json.dumps(secrets))
    found = layout.load_bot(home).secret_values()
    assert {"p" * 43, "d" * 43, "k" * 64, "s" * 65, "l" * 12, secrets["db_url"]} == set(found)
    assert [len(value) for value in found] == sorted((len(value) for value in found), reverse=True)
    (home / "conf" / "secrets.json").write_text("{")
    assert layout.load_bot(home).secret_values() == []


def test_the_address_of_a_webhook_is_known_without_its_host_too(tmp_path: Path) -> None:
    """Freqtrade logs what its libraries say: "Max retries exceeded with url: /services/…"."""
    home = make_bot(tmp_path)
    path = f"/services/{'w' * 20}?thread=1"
    secrets = {"webhook": {"url": f"https://hooks.freqops.org{path}"}, "telegram": {"token": "t" * 45, "chat_id": "1"}}
    (home / "conf" / "secrets.json").write_text(json.dumps(secrets))
    said = f"url: {path} ({'t' * 45})"
    assert redact(said, layout.load_bot(home)) == "url: [secret] ([secret])"


@pytest.mark.parametrize("content", [None, "", "{}", "[]", '{"api_server": {}}', '{"api_server": []}'])
def test_credentials_that_are_not_there(tmp_path: Path, content: str | None) -> None:
    home = make_bot(tmp_path)
    (home / "conf" / "secrets.json").unlink()
    if content is not None:
        (home / "conf" / "secrets.json").write_text(content)
    with pytest.raises(layout.BotUnreadable, match="no API credentials"):
        layout.load_bot(home).credentials()


def test_which_bots_are_meant(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no bots below"):
        layout.select(None, tmp_path)
    for name in ("beta", "alpha"):
        make_bot(tmp_path, name)
    (tmp_path / "bots" / "Not a bot").mkdir()
    (tmp_path / "bots" / "gamma\n").mkdir()
    (tmp_path / "bots" / "file").write_text("")
    assert [home.name for home in layout.select(None, tmp_path)] == ["alpha", "beta"]
    assert [home.name for home in layout.select(["beta", "beta"], tmp_path)] == ["beta"]
    with pytest.raises(Refused, match="unknown bot gamma; this host has alpha, beta"):
        layout.select(["alpha", "gamma"], tmp_path)
    with pytest.raises(Refused, match="unknown bot"):
        layout.select(["../alpha"], tmp_path)
    with pytest.raises(Refused, match="no bot is named"):
        layout.select([], tmp_path)
