"""Every mutant still applies, and names a test that exists; whether the test turns red is for `make prove`."""

from __future__ import annotations

from collections import Counter

import pytest

from tests import prove

MUTANTS = prove.load()  # each must apply exactly once


def test_every_mutant_has_a_name_of_its_own() -> None:
    assert [name for name, count in Counter(mutant.name for mutant in MUTANTS).items() if count > 1] == []


@pytest.mark.parametrize("test", sorted({mutant.test for mutant in MUTANTS}))
def test_the_test_of_a_mutant_exists(test: str) -> None:
    path, _, name = test.partition("::")
    assert f"def {name.partition('[')[0]}(" in (prove.ROOT / path).read_text() if name else (prove.ROOT / path).exists()
