"""One bare interpreter for all tests of what is shipped."""

from __future__ import annotations

import pytest

from tests.shipped.bare import Bare


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Bare:
    """A Python with nothing installed, and the tool."""
    return Bare(tmp_path_factory.mktemp("bare"))
