"""The exit statuses of every command on a host."""

from __future__ import annotations

PROVEN, REFUSED, NOT_PROVEN = 0, 1, 2
