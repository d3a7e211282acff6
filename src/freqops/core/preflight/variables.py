"""The names of variables that an operator gives to a play."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ..base.errors import Refused

REST = "_raw_params"
TEXTS = ("anyway", "remedy", "root_cause")  # inputs that may have blanks, beside the reason
ELSEWHERE = (
    "ansible_host",
    "ansible_ssh_host",
    "ansible_connection",
    "ansible_inventory_sources",
    "inventory_hostname",
)


def check_names(given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse variables that no play of ours reads, most often a known one misspelt, and those given twice.

    Ansible splits ``-e reason='feed is wrong'`` at its blanks and calls the rest ``_raw_params``; plays with a reason
    put it together again. ``-e level=1 -e reason='it said level=3'`` gives a level twice, and is refused.

    Args:
        given: The names that were given with ``-e``, as often as they were given.
        known: The names that mean something; ``ansible_…`` always does.

    Raises:
        Refused: A name is unknown, the text says which known one is closest; it was given twice; it would lead all
            hosts to one place; or a text that is no reason was split.
    """
    given, known = list(given), sorted(set(known))
    split = [name for name in TEXTS if name in known and name in given and REST in given]
    if split:
        raise Refused(
            f"{split[0]}, or another text, was cut at a blank; write it -e \"{split[0]}='two words'\", "
            "and the reason as FREQOPS_REASON='…' before the command"
        )
    if "reason" in known and "reason" in given:
        given = [name for name in given if name != REST]
    for name in sorted(set(given), key=lambda name: (name == REST, name)):
        if name not in known and not name.startswith("ansible_"):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
            raise Refused(f"unknown variable {name!r}{hint}")
        if name in ELSEWHERE:
            raise Refused(f"{name} on the command line leads all hosts to one place; it belongs in the inventory")
        if given.count(name) > 1:
            raise Refused(f"{name} is given {given.count(name)} times; say it once")
