"""The limits of both ways of the health check."""

from __future__ import annotations

PORT_IN_CONTAINER = 8080
STALE_SECONDS = 180
