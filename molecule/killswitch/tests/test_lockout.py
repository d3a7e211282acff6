"""A password that leaked opens nothing any more: not by itself, not by a token that it gave out."""

from __future__ import annotations

import json

import pytest

from tests.support.field import Field, play, until

SECRETS = "/srv/freqops/bots/alpha/conf/secrets.json"
LOCKOUT = ("-e", "bots=alpha", "-e", "what=api", "-e", "reason=it stood in a chat")
GIVEN = """
import base64, http.client
connection = http.client.HTTPConnection("127.0.0.1", bot.api_port, timeout=10)
words = base64.b64encode(":".join(bot.credentials()).encode()).decode()
connection.request("POST", "/api/v1/token/login", headers={"Authorization": "Basic " + words})
answer = json.loads(connection.getresponse().read())
"""
SHOWN = """
import http.client
connection = http.client.HTTPConnection("127.0.0.1", bot.api_port, timeout=10)
connection.request("{method}", "{path}", headers={{"Authorization": "{words}"}})
answer = connection.getresponse().status
"""


def test_what_leaked_opens_nothing_and_the_bot_stays_held(field: Field) -> None:
    before = json.loads(field.sh(f"cat {SECRETS}"))["api_server"]
    tokens = field.ask(GIVEN)
    played = play("lockout", *LOCKOUT, "-vv")
    assert played.rc == 0, played.out
    assert "its API accepts the new password, and nothing that leaked" in played.out
    after = json.loads(field.sh(f"cat {SECRETS}"))["api_server"]
    secret = [value for values in (before, after) for name, value in values.items() if name != "username"]
    assert len(set(secret)) == 6
    assert not [value for value in secret if value in played.out]
    assert field.sh(f"stat --format '%a %u' {SECRETS}").strip() == "400 1000"
    assert field.sh("ls /srv/freqops/bots/alpha/lockout").strip() == ""
    statuses = [
        field.ask(SHOWN.format(method=method, path=f"/api/v1/{path}", words=f"Bearer {token}"))
        for method, path, token in [
            ("GET", "show_config", tokens["access_token"]),
            ("POST", "token/refresh", tokens["refresh_token"]),
        ]
    ]
    assert statuses == [401, 401]
    assert (field.state(), field.level()) == ("paused", 1)
    until("its health check has the new password", lambda: "healthy" in health(field), 90)


def test_a_mere_check_replaces_nothing(untouched: Field) -> None:
    before = untouched.sh(f"sha256sum {SECRETS}")
    played = play("lockout", *LOCKOUT, "--check")
    assert played.rc != 0
    assert "NOT LOCKED OUT: this was a check" in played.out
    assert untouched.sh(f"sha256sum {SECRETS}") == before


@pytest.mark.parametrize("words", [("-e", "bots=all"), ("-e", "bots=alpha", "-e", "what=house")])
def test_what_means_nothing_is_refused(untouched: Field, words: tuple[str, ...]) -> None:
    level = untouched.level()
    played = play("lockout", "-e", "what=api", *words, "-e", "reason=test")
    assert played.rc != 0
    assert untouched.level() == level


def health(field: Field) -> str:
    return field.sh("docker inspect --format '{{.State.Health.Status}}' freqops-alpha")
