"""The chain of events: whatever is changed, removed, inserted or cut off is found."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.incident import chain
from freqops.core.incident.chain import EMPTY, Link

LENGTH = 40
TRIES = 100


def grown(length: int, start: tuple[Link, ...] = (), word: str = "event") -> list[Link]:
    links = list(start)
    while len(links) < length:
        head = chain.head_of(links[-1] if links else None)
        links.append(chain.link(head, "one", "one", f"{len(links)}.json", f'{{"text": "{word} {len(links)}"}}'))
    return links


def test_a_whole_chain_is_whole() -> None:
    links = grown(LENGTH)
    for known in (EMPTY, chain.head_of(links[6]), chain.head_of(links[-1])):
        assert list(chain.wrong(links, known)) == []
    assert list(chain.wrong([])) == []


def test_a_changed_one_is_found() -> None:
    dice = random.Random(7)  # noqa: S311  a sample
    names = ("number", "incident", "directory", "file", "data", "previous", "hash")
    for _ in range(TRIES):
        links, place, name = grown(LENGTH), dice.randrange(LENGTH), dice.choice(names)
        changed: Any = 99 if name == "number" else f"{getattr(links[place], name)}x"
        links[place] = replace(links[place], **{name: changed})
        assert list(chain.wrong(links)), (place, name)


def test_a_removed_one_is_found_unless_it_was_the_last_ones() -> None:
    for place in range(LENGTH - 1):
        links = grown(LENGTH)
        del links[place]
        assert list(chain.wrong(links)), place


def test_an_inserted_one_is_found() -> None:
    for place in range(LENGTH):
        links = grown(LENGTH)
        links.insert(place, chain.link(chain.head_of(links[place - 1]) if place else EMPTY, "two", "two", "x", "{}"))
        assert list(chain.wrong(links)), place


def test_newest_that_are_cut_off_are_found_by_a_known_head() -> None:
    links = grown(LENGTH)
    known = chain.head_of(links[-1])
    for left in range(LENGTH):
        assert list(chain.wrong(links[:left])) == []
        assert any("cut off" in text for text in chain.wrong(links[:left], known)), left


def test_a_chain_that_was_written_anew_is_found_by_a_known_head() -> None:
    links = grown(LENGTH)
    known = chain.head_of(links[-1])
    for kept in range(LENGTH - 1):
        other = grown(LENGTH, tuple(links[:kept]), word="another")
        assert list(chain.wrong(other)) == []
        assert any("was replaced" in text for text in chain.wrong(other, known)), kept


@pytest.mark.parametrize("text", ["", "1", "01-" + "0" * 64, "1-" + "0" * 63, "-1-" + "0" * 64, "1-" + "G" * 64])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="no head"):
        chain.parsed(text)
