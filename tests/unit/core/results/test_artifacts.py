"""The checksum of a file that a run left."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from freqops.core.base.plain_file import NotRead
from freqops.core.results import artifacts
from freqops.core.results.artifacts import Artifact, artifact


def test_it_has_name_place_and_checksum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "AT_ONCE", 7)
    path = tmp_path / "user_data" / "x.zip"
    path.parent.mkdir()
    path.write_bytes(b"some bytes of it")
    digest = hashlib.sha256(b"some bytes of it").hexdigest()
    assert artifact(tmp_path, path) == Artifact("x.zip", "user_data/x.zip", digest)


def test_no_link_is_followed_and_no_pipe_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with pytest.raises(FileNotFoundError):
        artifact(tmp_path, path)
    path.symlink_to(tmp_path)
    with pytest.raises(NotRead, match="a link"):
        artifact(tmp_path, path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(NotRead, match="a FIFO"):
        artifact(tmp_path, path)
