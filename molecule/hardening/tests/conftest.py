"""A deployed host, and a container on it that somebody published by mistake."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.field import Field, until
from tests.support.hardened_host import PUBLISHED, HardenedHost


@pytest.fixture(scope="session")
def on() -> HardenedHost:
    """The host, its bot running and none of its starts counted as a crash, whatever the last scenario did to it."""
    Field().ready()
    return HardenedHost()


@pytest.fixture(scope="session")
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads for what happens while tests look on."""
    with ThreadPoolExecutor() as made:
        yield made


@pytest.fixture
def published(on: HardenedHost) -> Iterator[int]:
    """A port that somebody published to the whole world by mistake; its container answers."""
    image = on.sh("docker inspect --format '{{.Config.Image}}' freqops-alpha").strip()
    options = f"--detach --name mistake --publish {PUBLISHED}:80 --user 0 --entrypoint python3"
    on.sh(f"docker run {options} {image} -m http.server 80")
    until("the container answers", lambda: on.answers("127.0.0.1", PUBLISHED))
    yield PUBLISHED
    on.sh("docker rm --force mistake")
