"""How long tests wait for what comes at once, or in its minute, where nothing is wrong; machines may be busy."""

from __future__ import annotations

GIVE_UP = 600  # seconds
