"""Ask the lab's own services, past every proxy."""

import urllib.error
import urllib.request
from email.message import Message
from http.client import HTTPException
from typing import NamedTuple

SECONDS = 5
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Answer(NamedTuple):
    """The answer of a service."""

    status: int
    headers: Message
    body: bytes


def ask(url: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> Answer | None:
    """Return the answer of a service, None when it does not answer at all."""
    request = urllib.request.Request(url, method=method, headers=headers or {})  # noqa: S310 - our own http address
    try:
        with _OPENER.open(request, timeout=SECONDS) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())
    except (OSError, HTTPException):
        return None
