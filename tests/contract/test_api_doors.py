"""What opens Freqtrade's API, and what a refusal looks like at each of its doors."""

from __future__ import annotations

import json
import time
from dataclasses import replace

from freqops.core.bot import api_doors
from freqops.core.bot.api_doors import Credentials
from tests.contract.bot import Bot


def credentials(bot: Bot) -> Credentials:
    """Return what the bot was given."""
    return Credentials.of(json.loads((bot.files.conf / "secrets.json").read_text()))


def test_a_token_signed_with_the_key_is_let_in_and_one_of_another_key_is_not(bot: Bot) -> None:
    """An access token is signed with ``jwt_secret_key`` and nothing else is asked of it.

    So a lockout replaces that key, too, and tries a token that it signed itself with the old one.
    """
    right = credentials(bot)
    assert api_doors.token_opens(bot.port, right, time.time())
    assert not api_doors.token_opens(bot.port, replace(right, jwt_secret_key="x" * 43), time.time())
    assert not api_doors.token_opens(bot.port, right, time.time() - 2 * api_doors.TOKEN_SECONDS)


def test_the_password_is_let_in_and_another_one_is_not(bot: Bot) -> None:
    """The password alone opens the API."""
    right = credentials(bot)
    assert api_doors.password_opens(bot.port, right)
    assert not api_doors.password_opens(bot.port, replace(right, password="x" * 43))


def test_the_message_stream_has_a_token_of_its_own(bot: Bot) -> None:
    """The message stream lets ``ws_token`` in and answers any other with 403.

    So a lockout replaces it, too, and tries the old one.
    """
    right = credentials(bot)
    assert api_doors.stream_opens(bot.port, right)
    assert not api_doors.stream_opens(bot.port, replace(right, ws_token="x" * 43))
