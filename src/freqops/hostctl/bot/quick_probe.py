"""The health check's short way: a bot that is plainly healthy, seen with the little that every Python has loaded soon.

Anything that is not plainly healthy is left to `freqops.hostctl.bot.probe`, which asks again and says what is wrong.
"""

from __future__ import annotations

import binascii
import json
import socket
import sys
import time
from typing import Any

from .probe_limits import PORT_IN_CONTAINER, STALE_SECONDS

SECRETS = "/freqops/conf/secrets.json"
SECONDS = 2.0
MAX_BYTES = 1024 * 1024
OK = (b"HTTP/1.1 200 ", b"HTTP/1.0 200 ")


def healthy() -> bool:
    """Return whether the bot in this container is certainly healthy, its trader state printed."""
    try:
        with open(SECRETS, "rb") as stream:  # noqa: PTH123  pathlib takes longer to load than the check
            api = json.load(stream)["api_server"]
        words = binascii.b2a_base64(f"{api['username']}:{api['password']}".encode(), newline=False).decode()
        state = _answer("show_config", words)["state"]
        last = _answer("health", words)["last_process_ts"]
        if state not in ("running", "paused") or not isinstance(last, int) or time.time() - last > STALE_SECONDS:
            return False
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
    sys.stdout.write(f"{state}\n")
    return True


def _answer(path: str, words: str) -> dict[str, Any]:
    """Return the answer of the bot's API with status 200; raises OSError or ValueError where it is anything else."""
    give_up = time.monotonic() + SECONDS
    asked = f"GET /api/v1/{path} HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Basic {words}\r\n\r\n"
    data = b""
    with socket.create_connection(("127.0.0.1", PORT_IN_CONTAINER), SECONDS) as connection:
        connection.sendall(asked.encode())
        while len(data) < MAX_BYTES:
            connection.settimeout(max(0.001, give_up - time.monotonic()))
            piece = connection.recv(65536)
            if not piece:
                break
            data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    if not head.startswith(OK):
        raise ValueError("no plain answer")
    answer: dict[str, Any] = json.loads(body)
    return answer
