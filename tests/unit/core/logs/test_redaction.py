"""No secret gets into a line, in whatever form it stands in what is logged."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import quote

import pytest

from freqops.core.logs import redaction
from freqops.core.logs.redaction import MARK, Redactor
from tests.unit import secret_forms

PEM = (
    "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIBase64OfAKeyThatNobodyMaySee+/=\n"
    "oAoGCCqGSM49AwEHoUQDQgAE\n-----END EC PRIVATE KEY-----\n"
)
SHORT, TINY, ODD = "hunter2", "q7", 'pa"ss\\w/ö r&d=1'
DOCUMENT = {
    "exchange": {"name": "binance", "key": "AKIDexampleexample", "secret": PEM, "password": SHORT, "uid": 4711},
    "api_server": {"username": "freqops", "password": ODD, "ws_token": TINY},
    "db_url": "postgresql+psycopg2://alpha:dbword@postgres:5432/alpha",
    "webhook": {"enabled": True, "url": "https://hooks.example/services/T000/WebhookTokenHere"},
}
CANARIES = ("AKIDexampleexample", PEM, SHORT, ODD, "4711", "dbword", "WebhookTokenHere")
FORMS: dict[str, Callable[[str], str]] = {
    **secret_forms.FORMS,
    "for a URL, in small letters": lambda text: quote(text, safe="").replace("%2F", "%2f").replace("%5C", "%5c"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", CANARIES)
def test_a_known_secret_is_taken_out_in_every_form(secret: str, form: str) -> None:
    text = f"asked with {FORMS[form](secret)}, refused"
    said = Redactor(redaction.secrets_of(DOCUMENT))(text)
    assert FORMS[form](secret) not in said.replace(MARK, "")
    assert MARK in said
    assert said.startswith("asked with ")
    assert said.endswith(", refused")


def test_a_line_of_a_key_is_a_secret_by_itself() -> None:
    assert Redactor([PEM])(f"it has {PEM.splitlines()[1]}") == f"it has {MARK}"


def test_what_is_very_short_is_taken_out_where_it_stands_alone() -> None:
    redact = Redactor([TINY])
    assert redact(f"token was {TINY}.") == f"token was {MARK}."
    assert redact("q7up") == "q7up", "else it would be found in every word"


@pytest.mark.parametrize("word", ["binance", "freqops", "alpha"])
def test_what_is_no_secret_stays(word: str) -> None:
    assert Redactor(redaction.secrets_of(DOCUMENT))(f"of {word}:") == f"of {word}:"


@pytest.mark.parametrize(
    "text",
    [
        "password=CANARY",
        "api_key: CANARY, and more",
        '{"secret": "CANARY"}',
        '{"secret": "CAN\\"CANARY"}',
        '"{\\"password\\": \\"CANARY\\"}"',
        "{'apiKey': 'CANARY'}",
        "password%3DCANARY&x=1",
        "GET https://user:CANARY@host/path",
        "GET /order?symbol=BTC&signature=CANARY",
        "Authorization: Basic CANARYCANARY==",
        "authorization: Bearer CANARY.CANARY",
        f"key {PEM.replace('MHcCAQEEIBase64OfAKey', 'CANARY')} read",
        "-----BEGIN PRIVATE KEY-----\nCANARY",
        '{"secret": "CANARY',
        "POST https://api.telegram.org/bot123456789:CANARYCANARYCANARYCANARYCANARYCANARY/getMe",
    ],
)
def test_what_has_the_form_of_a_secret_is_taken_out_though_nobody_knows_it(text: str) -> None:
    said = Redactor()(text)
    assert "CANARY" not in said
    assert MARK in said


@pytest.mark.parametrize(
    "text", ["Bot heartbeat. PID=1, version='2026.9', state='RUNNING'", "basic information of BTC/USDT", "12:30:45"]
)
def test_what_freqtrade_says_all_day_stays(text: str) -> None:
    assert Redactor(redaction.secrets_of(DOCUMENT))(text) == text


def test_a_text_made_to_be_slow_is_not() -> None:
    redact = Redactor(redaction.secrets_of(DOCUMENT))
    began = time.process_time()
    for text in (
        "a" * 20_000,
        'token=\\"' * 2_500,
        "://" * 6_000,
        "secret" * 3_000,
        "-----BEGIN PRIVATE KEY-----" * 700,
    ):
        redact(text)
    assert time.process_time() - began < 5
