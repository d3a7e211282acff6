"""Is this a real Freqtrade of that release? Asked of what is installed, of how it refuses, and of its database."""

from __future__ import annotations

import base64
import http.client
import json
import secrets
from pathlib import Path
from typing import Any

from freqops.core.bot.bot_secrets import USER
from freqops.core.bot.client import ApiError
from lab.engine.ports import LOOPBACK
from tests.contract.bot import Bot
from tests.contract.deployed import Json

INSTALLED = Path(__file__).parent / "installed.py"
BAD_LOCK = [{"pair": "*", "until": "no moment", "reason": "contract"}]


def doubts(bot: Bot, release: str) -> list[str]:
    """Return everything that speaks against ``bot`` being Freqtrade of ``release``.

    A version is only a word. So its files must be those that the release was made of, it must refuse in Freqtrade's own
    words, and what it is told must be found in the database of the container that is being tested.
    """
    status, said = bot.run(["python3", "-c", INSTALLED.read_text(), release])
    found = [] if (status, said) == (0, "genuine\n") else [f"what is installed: {said.strip()}"]
    for what, answer, wanted in (
        ("its version", _ask(bot, "GET", "/version"), (200, {"version": release})),
        ("a call without a password", _ask(bot, "GET", "/show_config", user=None), (401, {"detail": "Unauthorized"})),
        ("an exit of no trade", _ask(bot, "POST", "/forceexit", {"tradeid": "none"}), (502, _refusal("/forceexit"))),
    ):
        if answer != wanted:
            found.append(f"{what}: {answer!r:.200}")
    status, body = _ask(bot, "POST", "/locks", BAD_LOCK)
    if status != 422 or not _is_validation_error(body):
        found.append(f"a lock until no moment: {status} {body!r:.200}")
    return found + _database_doubts(bot)


def _refusal(path: str) -> Json:
    return {"error": f"Error querying /api/v1{path}: invalid argument"}


def _is_validation_error(body: Any) -> bool:
    """Whether an answer is pydantic's, naming the very field that was wrong."""
    details = body.get("detail") if isinstance(body, dict) else None
    return isinstance(details, list) and [detail["loc"] for detail in details] == [["body", 0, "until"]]


def _database_doubts(bot: Bot) -> list[str]:
    """Set a lock over the API, find it in the database, and take it away again."""
    mine = f"contract {secrets.token_hex(8)}"
    try:
        bot.api.call("POST", "/locks", [{"pair": "NONE/SUCH", "until": "2099-01-01T00:00:00Z", "reason": mine}])
        rows = bot.query(f"SELECT id FROM pairlocks WHERE reason = '{mine}' AND active = 1")  # noqa: S608  ours
        for (number,) in rows:
            bot.api.unlock(number)
    except (ApiError, AssertionError) as error:
        return [f"its database: {error!s:.200}"]
    return [] if len(rows) == 1 else [f"its database has {len(rows)} of the one lock that was set"]


def _ask(bot: Bot, method: str, path: str, body: Any = None, user: str | None = USER) -> tuple[int, Any]:
    """Return status and body of an answer, whatever it is."""
    connection = http.client.HTTPConnection(LOOPBACK, bot.port, timeout=5)
    token = base64.b64encode(f"{user}:{bot.password}".encode()).decode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Basic {token}"} if user else {})
    try:
        connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    except (OSError, ValueError, http.client.HTTPException) as error:
        return 0, str(error)
    finally:
        connection.close()
