"""The shipped strategy in the image."""

from __future__ import annotations

import re
from pathlib import Path

from tests.contract.stack import Stack, finished

ROOT = Path(__file__).resolve().parents[2]


def test_the_strategy_passes_its_tests_in_the_pinned_image(stack: Stack) -> None:
    """The shipped strategy passes its tests in the image, with its Freqtrade and its pandas."""
    container = stack.run(
        stack.image,
        entrypoint=["python3", "-m", "unittest", "test_ma_crossover", "test_levels"],
        working_dir="/project/tests/strategy",
        volumes={
            str(ROOT / path): {"bind": f"/project/{path}", "mode": "ro"}
            for path in ("tests/strategy", "strategies", "docs/examples/strategy", "src")
        },
        environment={"PYTHONPATH": "/project/src"},
        tmpfs={"/tmp": ""},  # noqa: S108  the container's own
    )
    status, said = finished(container)
    stack.remove(container)
    assert status == 0, said
    ran = re.search(r"^Ran (\d+) tests", said, re.MULTILINE)
    assert ran is not None, said
    assert int(ran.group(1)) >= 14, said
