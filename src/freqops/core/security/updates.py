"""Updates of engine and kernel that wait, as apt tells them, and whether the newest kernel runs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from . import items
from .row import OK, RED, UNKNOWN, Row

OURS = re.compile(
    r"(?:docker|containerd|runc|linux-image|linux-modules|linux-generic|linux-virtual|linux-cloud)[a-z0-9.+-]*"
)
INSTALLED = re.compile(r"Inst (?P<name>[a-z0-9][a-z0-9.+-]*)(?::[a-z0-9]+)? .*?\((?P<version>\S+)")
SUMMARY = re.compile(r"^\d+ upgraded, \d+ newly installed, ", re.MULTILINE)
KEPT_BACK = "The following packages have been kept back:"
IMAGE = re.compile(r"linux-image-(?:unsigned-)?(?P<release>\d[a-z0-9.+-]*)")
DAY = 86_400
NAMED = 10


def judged(output: str | None, lists_age_s: float | None, problem: str = "") -> Row:
    """Return the verdict on updates.

    Args:
        output: What ``apt-get --simulate dist-upgrade`` printed; None where it did not.
        lists_age_s: How old the package lists are; None where there are none.
        problem: Why something is not known.
    """
    if output is None or problem:
        return Row(items.UPDATES, "", UNKNOWN, problem or "this host has no apt")
    if lists_age_s is None:
        return Row(items.UPDATES, "", UNKNOWN, "this host never fetched package lists: apt-get update")
    if SUMMARY.search(output) is None:
        return Row(items.UPDATES, "", UNKNOWN, "apt-get said something else than what it would upgrade")
    waiting = [f"{found['name']} {found['version']}" for line in output.splitlines()
               for found in [INSTALLED.match(line)] if found and OURS.fullmatch(found["name"])]  # fmt: skip
    waiting += [f"{name} (held back)" for name in _kept_back(output) if OURS.fullmatch(name)]
    days = lists_age_s / DAY
    said = f"by package lists {days:.1f} days old"
    if waiting:
        more = f" and {len(waiting) - NAMED} more" if len(waiting) > NAMED else ""
        return Row(items.UPDATES, "", RED, f"waiting: {', '.join(waiting[:NAMED])}{more}, {said}")
    if not 0 <= days <= items.LISTS_DAYS:
        return Row(items.UPDATES, "", UNKNOWN, f"none waits {said}, which is too old to know: apt-get update")
    return Row(items.UPDATES, "", OK, f"none waits, {said}")


def _kept_back(output: str) -> list[str]:
    """Return the packages that have an update and are held: they stand in the indented lines below the sentence."""
    lines = output.partition(KEPT_BACK)[2].splitlines()[1:]
    return " ".join(itertools.takewhile(lambda line: line.startswith(" "), lines)).split()


def kernel(running: str, packages: Sequence[str] | None) -> Row:
    """Return the verdict on the kernel that runs.

    Args:
        running: Its release.
        packages: The packages of kernels that are installed; None where that is not known.
    """
    if packages is None:
        return Row(items.KERNEL, "", UNKNOWN, "this host has no dpkg to ask")
    releases = [found["release"] for name in packages for found in [IMAGE.fullmatch(name)] if found]
    if running not in releases:
        return Row(
            items.KERNEL, "", UNKNOWN, f"{running} runs, and is no package of this host: it is another machine's"
        )
    newest = max(releases, key=_order)
    if _order(newest) > _order(running):
        return Row(items.KERNEL, "", RED, f"{running} runs, {newest} is installed: it runs after a reboot")
    return Row(items.KERNEL, "", OK, f"{running} runs, and is the newest that is installed")


def _order(release: str) -> tuple[tuple[int, int, str], ...]:
    """Return what sorts releases: numbers as numbers, and text after them."""
    parts = re.findall(r"\d+|[a-z]+", release)
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)
