"""A place to which bots post what they tell people: it keeps the messages, and answers late, with an error, or not.

It is no part of an exchange. It listens here because every bot of the lab reaches this address already.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from lab.exchange.breakage import json_answer
from lab.exchange.control_io import body_of
from lab.exchange.faults import FaultError

MOST = 1000
LONGEST_MS = 600_000


@dataclass
class Sink:
    """The posts that arrived, and the answer to the next.

    Attributes:
        posts: The latest messages, oldest first.
        latency_ms: The answer comes so late.
        status: The status of the answer.
        away: Whether the connection is closed in place of an answer.
    """

    posts: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MOST))
    latency_ms: int = 0
    status: int = 200
    away: bool = False

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Keep a message, and answer it as configured."""
        text = await request.text()
        try:
            said = json.loads(text)
        except ValueError:
            said = text
        self.posts.append({"to": request.match_info["name"], "said": said})
        await asyncio.sleep(self.latency_ms / 1000)
        if self.away and request.transport is not None:
            request.transport.abort()
        return json_answer({}, self.status)

    def routes(self) -> list[web.RouteDef]:
        """Return the paths of the operator's port."""
        return [web.get("/sink", self._tell), web.put("/sink", self._behave), web.delete("/sink", self._forget)]

    async def _tell(self, _request: web.Request) -> web.Response:
        return web.json_response(list(self.posts))

    async def _behave(self, request: web.Request) -> web.Response:
        """Set the answers from now on; a setting that is not given is as usual."""
        told = {"latency_ms": 0, "status": 200, "away": False, **await body_of(request)}
        latency, status, away = told.pop("latency_ms"), told.pop("status"), told.pop("away")
        if told:
            raise FaultError(f"a sink has latency_ms, status and away, not {', '.join(sorted(told))}")
        if type(latency) is not int or not 0 <= latency <= LONGEST_MS:
            raise FaultError(f"latency_ms must be a whole number up to {LONGEST_MS}, not {latency!r}")
        if type(status) is not int or not 200 <= status <= 599:
            raise FaultError(f"status must be one of HTTP, not {status!r}")
        if type(away) is not bool:
            raise FaultError(f"away must be true or false, not {away!r}")
        self.latency_ms, self.status, self.away = latency, status, away
        return web.json_response({"latency_ms": latency, "status": status, "away": away})

    async def _forget(self, _request: web.Request) -> web.Response:
        """Forget all messages, and answer as usual."""
        self.posts.clear()
        self.latency_ms, self.status, self.away = 0, 200, False
        return web.json_response({})
