"""The doors of a bot's API: its password, a token signed with its key, and its message stream's token.

A door that is shut answers 401 (403 for the message stream). Anything else, silence too, is no proof that it is shut.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..base.errors import FreqopsError
from .client import FreqtradeClient, Unauthorized

NAMES = ("username", "password", "jwt_secret_key", "ws_token")
TOKEN_SECONDS = 300
SECONDS = 5.0


class NotKnown(FreqopsError):
    """A door did not say whether it is open."""


@dataclass(frozen=True)
class Credentials:
    """The secrets that a bot's ``api_server`` lets in; `NAMES` are Freqtrade's own."""

    username: str
    password: str
    jwt_secret_key: str
    ws_token: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Credentials:
        """Return the credentials in a bot's file of secrets.

        Raises:
            KeyError: One is missing.
        """
        api = document["api_server"]
        return cls(*(str(api[name]) for name in NAMES))

    def __repr__(self) -> str:
        """Show no secret, wherever this is printed."""
        return "Credentials(…)"

    def token(self, now: float) -> str:
        """Return an access token as Freqtrade signs them (HS256; ``create_token`` in its ``api_auth.py``).

        Args:
            now: The present, in seconds since the epoch.
        """
        claims = {"identity": {"u": self.username}, "iat": int(now), "exp": int(now) + TOKEN_SECONDS, "type": "access"}
        signed = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
        digest = hmac.new(self.jwt_secret_key.encode(), signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_base64(digest)}"


def password_opens(port: int, credentials: Credentials) -> bool:
    """Return whether user and password are let in.

    Raises:
        NotKnown: The API did not say.
    """
    return _asked(FreqtradeClient(port, credentials.username, credentials.password, SECONDS))


def token_opens(port: int, credentials: Credentials, now: float) -> bool:
    """Return whether a token signed with the key is let in; raises as `password_opens`."""
    return _asked(FreqtradeClient.with_token(port, credentials.token(now), SECONDS))


def stream_opens(port: int, credentials: Credentials) -> bool:
    """Return whether the token of the message stream is let in; raises as `password_opens`.

    Freqtrade writes the token into its log, so only one that should open nothing any more may be tried.
    """
    status = _upgraded(port, f"/api/v1/message/ws?token={quote(credentials.ws_token)}")
    if status not in (http.client.SWITCHING_PROTOCOLS, http.client.FORBIDDEN):
        raise NotKnown(f"the message stream answered with status {status}")
    return status == http.client.SWITCHING_PROTOCOLS


def _asked(client: FreqtradeClient) -> bool:
    try:
        client.call("GET", "/show_config")
    except Unauthorized:
        return False
    except FreqopsError as error:
        raise NotKnown(str(error)) from None
    return True


def _upgraded(port: int, path: str) -> int:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise NotKnown(f"the message stream: {type(error).__name__} {error}".rstrip()) from None
    finally:
        connection.close()


def _encoded(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
