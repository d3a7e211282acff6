"""One HTTP request, and its whole answer within a time limit, however slowly its bytes drip."""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class NoAnswer(Exception):
    """No connection, or none that lasted until the answer; the text says what happened."""


@dataclass(frozen=True)
class Asked:
    """One request: where to, what, and with which body."""

    host: str
    port: int
    method: str
    path: str
    body: bytes | None
    headers: Mapping[str, str]


class _BoundedStream(io.RawIOBase):
    """Reads a socket until one moment, however slowly the bytes drip."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._raw = sock, sock.makefile("rb", buffering=0)
        self._give_up = time.monotonic() + (sock.gettimeout() or 0.0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._give_up - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    """An answer that must be complete within the socket's timeout, not only each piece of it."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(_BoundedStream(sock), *arguments, **options)  # type: ignore[arg-type]


def answer(asked: Asked, timeout: float, max_bytes: int) -> tuple[int, bytes, bool]:
    """Send a request on a connection of its own and return status, body, and whether the body is whole.

    Args:
        asked: The request.
        timeout: Seconds that all of it may take.
        max_bytes: The length up to which the body is read.

    Raises:
        NoAnswer: Nothing answered within the timeout, or the answer broke off before its body.
    """
    connection = http.client.HTTPConnection(asked.host, asked.port, timeout=timeout)
    connection.response_class = _BoundedResponse
    try:
        connection.request(asked.method, asked.path, body=asked.body, headers=dict(asked.headers))
        response = connection.getresponse()
        raw = response.read(max_bytes)
    except http.client.IncompleteRead as error:
        return response.status, error.partial, False
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"{type(error).__name__} {error}".rstrip()) from None
    finally:
        connection.close()
    return response.status, raw, not response.length
