"""What both ways of the health check go by."""

from __future__ import annotations

PORT_IN_CONTAINER = 8080
STALE_SECONDS = 180
