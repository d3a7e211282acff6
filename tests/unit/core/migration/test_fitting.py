"""Whether a bot can go on elsewhere with its database."""

from __future__ import annotations

from dataclasses import replace

import pytest

from freqops.core.base.errors import Refused
from freqops.core.migration import fitting
from freqops.core.migration.fitting import Described

HERE = Described("live", "registry.example/freqtrade@sha256:11", "postgresql")


def test_the_same_image_by_another_registry_fits() -> None:
    assert fitting.reasons(replace(HERE, image="mirror.example/freqtrade@sha256:11"), HERE) == []


def test_sqlite_fits_postgres_and_not_the_other_way_round() -> None:
    sqlite = replace(HERE, kind="sqlite")
    assert fitting.reasons(sqlite, HERE) == []
    assert len(fitting.reasons(HERE, sqlite)) == 1


def test_all_reasons_come_at_once_each_with_its_cure() -> None:
    there = Described("paper", "registry.example/freqtrade@sha256:22", "postgresql")
    mode, image, kind = fitting.reasons(there, replace(HERE, kind="sqlite"))
    assert "paper" in mode
    assert "declare registry.example/freqtrade@sha256:22 here" in image
    assert "declare postgresql here" in kind


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"mode": "live", "image": "x"}', '{"mode": 1, "image": "x", "kind": "y"}']
)
def test_what_is_no_description_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        Described.read(text)
