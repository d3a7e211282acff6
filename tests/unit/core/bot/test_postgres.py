"""What is said to Postgres, and what is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest

from freqops.core.bot import postgres


def test_the_verifier_is_that_of_rfc_5802() -> None:
    """The server's side of the example of RFC 7677: its signature over the example's own messages."""
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    verifier = postgres.scram_verifier("pencil", salt)
    mechanism, iterations_salt, keys = verifier.split("$")
    assert (mechanism, iterations_salt) == ("SCRAM-SHA-256", "4096:W22ZaJ0SNY7soEsUEjb6gQ==")
    stored, server = (base64.b64decode(key) for key in keys.split(":"))
    message = (
        b"n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    signature = base64.b64encode(hmac.digest(server, message, "sha256")).decode()
    assert signature == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    client = bytes(a ^ b for a, b in zip(proof, hmac.digest(stored, message, "sha256"), strict=True))
    assert hashlib.sha256(client).digest() == stored


@pytest.mark.parametrize("name", ['a"; drop database b', "A", "", "a-b", "1a"])
def test_a_name_that_is_none_is_never_said(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        postgres.create_database(name)
    with pytest.raises(ValueError, match="no name"):
        postgres.create_user(name, "v")


def test_each_bot_and_mode_has_its_own() -> None:
    assert postgres.database_name("my-bot", "paper") == "my_bot_paper"
    assert postgres.database_name("my-bot", "live") != postgres.database_name("my-bot", "paper")


def test_the_password_is_that_which_waits_and_else_that_in_use(tmp_path: Path) -> None:
    with pytest.raises(postgres.NoPassword):
        postgres.password_in_use(tmp_path)
    for place, password in (("conf", "used"), ("staged", "waits")):
        (tmp_path / place).mkdir()
        document = {"db_url": f"postgresql+psycopg2://a:{password}@postgres:5432/a"}
        (tmp_path / place / "secrets.json").write_text(json.dumps(document))
    assert postgres.password_in_use(tmp_path) == "waits"
    assert postgres.password_in_use(tmp_path, waiting=False) == "used"
