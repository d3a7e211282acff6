"""A bot's secrets: what is there is kept, what is missing is made up, and nothing is made up twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.bot import bot_secrets, db_url

TEXT = st.text(st.characters(codec="ascii", exclude_characters="@:/", categories=["L", "N"]), min_size=1, max_size=40)
PRESENT = st.fixed_dictionaries(
    {},
    optional={
        "api_server": st.dictionaries(st.sampled_from(["username", "password", "jwt_secret_key", "ws_token"]), TEXT),
        "db_url": TEXT.map(lambda password: db_url.postgres_url("alpha_paper", "postgres", password)),
        "exchange": st.fixed_dictionaries({"key": TEXT, "secret": TEXT}),
    },
)


@given(PRESENT)
def test_what_is_there_is_kept_and_nothing_is_made_up_twice(present: dict[str, Any]) -> None:
    first = bot_secrets.complete(present, None, "alpha_paper", "postgres")
    assert bot_secrets.complete(first, None, "alpha_paper", "postgres") == first
    assert present.get("api_server", {}).items() <= first["api_server"].items()
    assert first["db_url"] == present.get("db_url", first["db_url"])
    assert first.get("exchange") == present.get("exchange")
    assert set(first["api_server"]) == {"username", "password", "jwt_secret_key", "ws_token"}


@given(TEXT)
def test_the_password_is_read_back_from_the_url(password: str) -> None:
    assert db_url.password_of(db_url.postgres_url("alpha_paper", "postgres", password)) == password


def test_no_two_secrets_are_alike_and_none_is_short() -> None:
    made = [bot_secrets.complete({}, None, "alpha_paper", "postgres") for _ in range(20)]
    values = [one["api_server"][key] for one in made for key in ("password", "jwt_secret_key", "ws_token")]
    values += [db_url.password_of(one["db_url"]) for one in made]
    assert len(set(values)) == len(values)
    assert min(map(len, values)) >= 43


def test_another_database_gets_another_password() -> None:
    paper = bot_secrets.complete({}, None, "alpha_paper", "postgres")
    live = bot_secrets.complete(paper, None, "alpha_live", "postgres")
    assert live["db_url"].startswith("postgresql+psycopg2://alpha_live:")
    assert db_url.password_of(live["db_url"]) != db_url.password_of(paper["db_url"])


def test_sqlite_needs_no_password() -> None:
    assert bot_secrets.complete({}, "sqlite:////freqops/var/x.sqlite", None, "postgres")["db_url"].startswith("sqlite:")


KEY = {"key": "k" * bot_secrets.EXCHANGE_KEY_LENGTH, "secret": "s" * bot_secrets.EXCHANGE_KEY_LENGTH}


def test_an_exchange_key_is_key_and_secret() -> None:
    assert bot_secrets.has_exchange_key({"exchange": KEY})
    assert bot_secrets.has_exchange_key({"exchange": {**KEY, "password": "x"}, "api_server": {}})


@pytest.mark.parametrize(
    "present",
    [
        {},
        {"exchange": None},
        {"exchange": []},
        {"exchange": "key"},
        {"exchange": {}},
        {"exchange": {"key": KEY["key"]}},
        {"exchange": {"secret": KEY["secret"]}},
        {"exchange": {**KEY, "key": ""}},
        {"exchange": {**KEY, "secret": "s" * (bot_secrets.EXCHANGE_KEY_LENGTH - 1)}},
        {"exchange": {**KEY, "secret": list("s" * bot_secrets.EXCHANGE_KEY_LENGTH)}},
        {**KEY},
    ],
)
def test_anything_less_is_none(present: dict[str, Any]) -> None:
    assert not bot_secrets.has_exchange_key(present)
