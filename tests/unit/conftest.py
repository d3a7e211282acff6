"""For all unit tests: Hypothesis, bounded, for two busy cores are enough for them; and stamps that are theirs alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from freqops.core.base import stamp

settings.register_profile("bounded", max_examples=60, deadline=None)
settings.load_profile("bounded")


@pytest.fixture(scope="session", autouse=True)
def stamps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory of the stamps, so that no test leaves one of a real timer."""
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("stamps")
        patch.setattr(stamp, "DIRECTORY", str(place))
        yield place
