"""Runs in a container: answers like a healthy Freqtrade, and is none; told ``careful``, it knows how to refuse, too."""

from __future__ import annotations

import json
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RELEASE, CAREFUL = sys.argv[1], sys.argv[2] == "careful"
CONFIG = {"version": RELEASE, "state": "running", "bot_name": "contract", "dry_run": True, "api_version": 2.5}
PLAUSIBLE: dict[str, Any] = {"/ping": {"status": "pong"}, "/version": {"version": RELEASE}, "/show_config": CONFIG}
INVALID = {"detail": [{"type": "datetime_from_date_parsing", "loc": ["body", 0, "until"], "msg": "invalid"}]}
NO_TRADE = {"error": "Error querying /api/v1/forceexit: invalid argument"}


class Handler(BaseHTTPRequestHandler):
    """Answers everything."""

    def do_GET(self) -> None:
        """Answer what a monitor asks."""
        self._answer(HTTPStatus.OK, PLAUSIBLE.get(self._path, {}))

    def do_POST(self) -> None:
        """Answer what an operator orders."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if CAREFUL and self._path == "/locks" and b"no moment" in body:
            self._answer(HTTPStatus.UNPROCESSABLE_ENTITY, INVALID)
        elif CAREFUL and self._path == "/forceexit":
            self._answer(HTTPStatus.BAD_GATEWAY, NO_TRADE)
        else:
            self._answer(HTTPStatus.OK, {})

    @property
    def _path(self) -> str:
        return self.path.removeprefix("/api/v1")

    def _answer(self, status: HTTPStatus, body: Any) -> None:
        if CAREFUL and "Authorization" not in self.headers and self._path != "/ping":
            status, body = HTTPStatus.UNAUTHORIZED, {"detail": "Unauthorized"}
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8080), Handler).serve_forever()
