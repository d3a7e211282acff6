"""The exit statuses of every command on a host; ``breaker status`` alone has two of its own besides."""

from __future__ import annotations

PROVEN, REFUSED, NOT_PROVEN = 0, 1, 2
BREAKER_ACTIVE, BREAKER_UNREADABLE = 3, 4
