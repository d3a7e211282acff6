"""The sender of a request, proven by its signature and its time."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

from lab.exchange.errors import BinanceError, bad_key_format, bad_signature, missing, not_permitted, too_early, too_late
from lab.exchange.params import Params

if TYPE_CHECKING:
    from lab.exchange.ledger import Key, Ledger

DEFAULT_WINDOW_MS = 5_000
MAX_WINDOW_MS = 60_000
MAX_AHEAD_MS = 1_000
_KEY = r"^[A-Za-z0-9]{64}$"


def authenticate(ledger: Ledger, api_key: str | None, query: str, body: str, now_ms: int) -> tuple[Key, Params]:
    """Return the key that signed a request and the request's parameters, or refuse."""
    if api_key is None or not re.match(_KEY, api_key):
        raise bad_key_format()
    key = ledger.find_key(api_key)
    if key is None:
        raise not_permitted()
    params = Params(query, body)
    _check_time(params, now_ms)
    expected = sign(key.secret, _without_signature(query) + _without_signature(body))
    if not hmac.compare_digest(params.text("signature").encode(), expected.encode()):
        raise bad_signature()
    return key, params


def sign(secret: str, message: str) -> str:
    """Return Binance's signature of a message."""
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def _check_time(params: Params, now_ms: int) -> None:
    timestamp = params.whole("timestamp")
    window = params.find_whole("recvWindow")
    if window is not None and window > MAX_WINDOW_MS:
        raise BinanceError(-1131, "recvWindow must be less than 60000.")
    if "signature" not in params:
        raise missing("signature")
    if timestamp >= now_ms + MAX_AHEAD_MS:
        raise too_early()
    if now_ms - timestamp > (DEFAULT_WINDOW_MS if window is None else window):
        raise too_late()


def _without_signature(encoded: str) -> str:
    return "&".join(part for part in encoded.split("&") if not part.startswith("signature="))
