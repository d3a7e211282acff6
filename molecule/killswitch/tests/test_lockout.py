"""A password that leaked opens nothing any more: not by itself, not by a token that it gave out."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.field import play, until
from tests.support.paper import PaperBot

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


def test_what_leaked_opens_nothing_and_the_bot_stays_held(bot: PaperBot, tmp_path: Path) -> None:
    secrets = f"{bot.home}/conf/secrets.json"
    before = json.loads(bot.sh(f"cat {secrets}"))["api_server"]
    tokens = bot.ask(GIVEN)
    words = ("-e", f"bots={bot.name}", "-e", "what=api", "-e", "reason=it stood in a chat", "-vv")
    played = play("lockout", *words, inventory=bot.inventory(tmp_path))
    assert played.rc == 0, played.out
    assert "its API accepts the new password, and nothing that leaked" in played.out
    after = json.loads(bot.sh(f"cat {secrets}"))["api_server"]
    secret = [value for values in (before, after) for name, value in values.items() if name != "username"]
    assert len(set(secret)) == 6
    assert not [value for value in secret if value in played.out]
    assert bot.sh(f"stat --format '%a %u' {secrets}").strip() == "400 1000"
    assert bot.sh(f"ls {bot.home}/lockout").strip() == ""
    statuses = [
        bot.ask(SHOWN.format(method=method, path=f"/api/v1/{path}", words=f"Bearer {token}"))
        for method, path, token in [
            ("GET", "show_config", tokens["access_token"]),
            ("POST", "token/refresh", tokens["refresh_token"]),
        ]
    ]
    assert statuses == [401, 401]
    assert (bot.state(), bot.level()) == ("paused", 1)
    until("its health check has the new password", lambda: health(bot) == "healthy")


def health(bot: PaperBot) -> str:
    return bot.sh(f"docker inspect --format '{{{{.State.Health.Status}}}}' freqops-{bot.name}").strip()
