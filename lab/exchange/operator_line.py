"""Requests to the operator's port, one on a line: `python3 -m lab.exchange.operator_line PORT` in the container.

For `{"id": 1, "method": "GET", "path": "/status", "body": null}` it answers `{"id": 1, "status": 200, "body": {...}}`,
or `{"id": 1, "error": "..."}` where the port does not; lab/base/conversation.py is its other end.
"""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from typing import Any

SECONDS = 30


def main(port: int) -> None:
    """Answer until there is no line more."""
    say({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        say({"id": request["id"], "begun": True})
        say({"id": request["id"], **ask(port, request["method"], request["path"], request["body"])})


def ask(port: int, method: str, path: str, body: object) -> dict[str, Any]:
    """Send one request and return its status and body, or why there is none."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method, data=data)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:  # noqa: S310  our own http address
            return {"status": response.status, "body": json.loads(response.read())}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": json.loads(error.read())}
    except OSError as error:
        return {"error": str(error)}


def say(document: dict[str, Any]) -> None:
    """Write one line at once."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
