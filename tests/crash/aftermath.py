"""What must stand on a host after a command that stops a bot was cut, or met a failing disk, and was recovered from.

A bot is then where it was, or where its command wanted it, or held. Each function returns what is wrong, a line each.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from freqops.core.bot import postgres_major
from freqops.core.halt import holds
from freqops.hostctl.recovery import recover
from tests.crash.world import BOT, OLD, OURS, POSTGRES, World, trades
from tests.unit import clusters

FORMER, NEXT, BAD = "0" * 16, "1" * 16, "b" * 16  # releases
CLOSED, OPEN = (1, "BTC/USDT", 0, 0.5), (1, "BTC/USDT", 1, 0.5)  # trades
NOTES = ("switch.json", "stopped.json", "removing.json", "restoring.json")


def level(root: Path) -> int:
    """Return the level at which the bot is held."""
    return holds.effective_level(root / "bots" / BOT / "conf" / "holds.json")


def runs(root: Path, *fingerprints: str) -> list[str]:
    """Return what is wrong unless the bot runs what it is declared as, one of ``fingerprints``, with its secrets."""
    home, there = root / "bots" / BOT, World(root).containers.get(OURS, {})
    declared = json.loads((home / "bot.json").read_text())["release"]
    compose = (home / "compose.yml").read_text()
    password = json.loads((home / "conf" / "secrets.json").read_text())["api_server"]["password"]
    facts = {
        "it runs": there.get("status") == "running",
        "it is made of what is declared": there.get("made_of") == compose == declared,
        "one of its releases": declared in fingerprints,
        "it has the secrets of its release": password == ("next" if declared == NEXT else "former"),
        "its trader runs": there.get("trader") == "running",
        "nothing holds it": level(root) == 0,
        "its trades are there": trades(home / "var" / "trades.paper.sqlite") == [CLOSED],
    }
    return [fact for fact, so in facts.items() if not so]


def started(root: Path) -> list[str]:
    """Return what is wrong unless the bot runs, in the container that it had, or in one as it is declared."""
    return [fact for fact in runs(root, FORMER) if fact != "it is made of what is declared"]


def removed(root: Path) -> list[str]:
    """Return what is wrong unless the bot runs, or is gone and what it knew is kept."""
    if (root / "bots" / BOT).exists():
        return runs(root, FORMER)
    kept = list((root / "removed").glob(f"{BOT}-*/trades.paper.sqlite.dump"))
    return [] if len(kept) == 1 and OURS not in World(root).containers else ["it is gone, and not kept"]


def one_of_two(root: Path) -> list[str]:
    """Return what is wrong unless either the old one runs, as it did, or ours does, held, with its trades.

    An undo holds ours at level 3 before it ends it: the same command, again, does the rest.
    """
    there, home = World(root).containers, root / "bots" / BOT
    old, ours = there[OLD]["status"] == "running", World(root).runs(OURS)
    hard = level(root) == holds.HARD
    facts = {"never both": not (old and ours), "one of the two runs, or ours is held": old or ours or hard}
    if old:
        facts["as it was"] = there[OLD]["policy"] == "always"
        facts["nothing of ours is declared"] = not (home / "bot.json").exists()
    if ours:
        facts["the old one stays down"] = there[OLD]["policy"] == "no"
        facts["ours is held and paused"] = hard or (level(root) == 1 and there[OURS]["trader"] == "paused")
        facts["its trades are there"] = trades(home / "var" / "trades.paper.sqlite") == [OPEN]
    return [fact for fact, so in facts.items() if not so]


def resumed(root: Path) -> list[str]:
    """Return what is wrong unless the bot is held at level 3 without a process, or at level 1, paused."""
    there = World(root).containers.get(OURS, {})
    if level(root) == holds.HARD:
        return ["it runs under level 3"] if there.get("status") == "running" else []
    well = (level(root), there.get("status"), there.get("trader")) == (1, "running", "paused")
    return [] if well else [f"it is {there} at level {level(root)}"]


def postgres(root: Path) -> list[str]:
    """Return what is wrong unless Postgres runs as its file says, and the bot with it."""
    there, used = World(root).containers.get(POSTGRES, {}), (root / "postgres" / "compose.yml").read_text()
    well = there.get("status") == "running" and there.get("made_of") == used
    return [*([] if well else [f"Postgres is {there}"]), *runs(root, FORMER)]


def upgraded(root: Path) -> list[str]:
    """Return what is wrong unless one cluster stands, whole, under its own image, and the bot runs on it."""
    data = root / "postgres" / "data"
    used = (root / "postgres" / "compose.yml").read_text()
    facts = {
        "its image is of its version": clusters.MAJORS[postgres_major.image_in(used)]
        == postgres_major.of_directory(data),
        "a deploy would find that": (root / "postgres" / "staged" / "compose.yml").read_text() == used,
        "its databases are there": [path.stem for path in clusters.files(data)]
        == ["alpha_paper", "beta_live", "notes", "postgres"],
        "no container is left": set(World(root).containers) == {OURS, POSTGRES},
    }
    return [*postgres(root), *(fact for fact, so in facts.items() if not so)]


def drilled(root: Path) -> list[str]:
    """Return what is wrong unless nothing is frozen, and the bot runs, or is held, at level 3 without Freqtrade.

    Where its hold was resumed and the drill did not live to un-pause it, it is paused, and status names that.
    """
    there = World(root)
    if there.frozen:
        return ["it is frozen"]
    if level(root) == holds.HARD:
        return [f"{each.command} trades" for each in there.processes if each.is_freqtrade]
    if level(root):
        return [] if there.runs(OURS) else [f"it does not run under level {level(root)}"]
    return [fact for fact in runs(root, FORMER) if fact != "its trader runs"]


def paused_or_gone(root: Path) -> list[str]:
    """Return what is wrong unless the bot, held at level 1, is paused, or is gone and its hold is kept."""
    home = root / "bots" / BOT
    if not home.exists():
        left = holds.effective_level(root / "removed" / f"{BOT}.holds.json")
        return [*removed(root), *([] if left == 1 else [f"what is left of its holds is level {left}"])]
    return _held_and_paused(root)


def held_from_the_start(root: Path) -> list[str]:
    """Return what is wrong unless the bot is held as the removed one of its name was: it runs paused, or not at all."""
    left = root / "removed" / f"{BOT}.holds.json"
    if not (root / "bots" / BOT / "conf" / "holds.json").exists():
        runs_free = World(root).runs(OURS)
        kept = holds.effective_level(left) == 1
        return [] if kept and not runs_free else ["its holds are lost"]
    return _held_and_paused(root, must_run=False)


def _held_and_paused(root: Path, *, must_run: bool = True) -> list[str]:
    there = World(root).containers.get(OURS, {})
    facts = {
        "it is held at level 1": level(root) == 1,
        "it runs": there.get("status") == "running" or not must_run,
        "its trader is paused": there.get("trader", "paused") == "paused",
    }
    return [fact for fact, so in facts.items() if not so]


def named(root: Path) -> bool:
    """Return whether status names what is stopped or frozen, or something runs, or a hold says why not."""
    home, there = root / "bots" / BOT, World(root)
    if (there.runs(OURS) and not there.frozen) or there.runs(OLD) or not home.exists() or level(root) == holds.HARD:
        return True
    if not (home / "bot.json").exists() and OLD not in there.containers:
        return True  # nothing of it ever ran
    return bool(recover._unfinished(home))


def left_over(root: Path) -> list[str]:
    """Return the notes that stand although nothing is under way."""
    found = [name for name in NOTES if (root / "bots" / BOT / name).exists()]
    of_postgres = ("former.yml", "upgrade.json", "upgrade", "data.new")
    return found + [name for name in of_postgres if (root / "postgres" / name).exists()]


def state(root: Path) -> dict[str, Any]:
    """Return what a command brought a host to, as far as it is no evidence and no count."""
    home, there = root / "bots" / BOT, World(root).containers
    declared = json.loads((home / "bot.json").read_text())["release"] if (home / "bot.json").exists() else None
    kept = {name: {key: each for key, each in found.items() if key not in ("number", "restarts")}
            for name, found in there.items()}  # fmt: skip
    return {"containers": kept, "level": level(root) if home.exists() else None, "release": declared}
