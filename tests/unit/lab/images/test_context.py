"""An image is named by everything that goes into it and by nothing else."""

from pathlib import Path

import pytest

from lab.images import context
from lab.images.context import Files, files_below, files_of, tag_of

FILES: Files = {"Dockerfile": (b"FROM scratch\n", 0o644), "start.sh": (b"#!/bin/sh\n", 0o755)}


def test_the_same_content_has_the_same_tag_in_any_order() -> None:
    assert tag_of(dict(reversed(FILES.items())), "sha256:1") == tag_of(FILES, "sha256:1")


@pytest.mark.parametrize(
    ("changed", "base"),
    [
        (FILES | {"Dockerfile": (b"FROM other\n", 0o644)}, "sha256:1"),
        (FILES | {"start.sh": (b"#!/bin/sh\n", 0o644)}, "sha256:1"),
        (FILES | {"more": (b"", 0o644)}, "sha256:1"),
        (FILES, "sha256:2"),
    ],
    ids=["content", "mode", "file", "base"],
)
def test_a_change_changes_the_tag(changed: Files, base: str) -> None:
    assert tag_of(changed, base) != tag_of(FILES, "sha256:1")


def test_caches_and_inputs_of_people_are_left_out(tmp_path: Path) -> None:
    for name in ("Dockerfile", "requirements.in", "__pycache__/a.pyc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
    assert list(files_below(tmp_path)) == ["Dockerfile"]


def test_the_exchange_takes_its_sources_along_and_nothing_else_of_ours() -> None:
    python = {path for path in files_of("exchange") if path.endswith(".py")}
    assert {"lab/__init__.py", "lab/exchange/__init__.py"} <= python
    assert all(path == "lab/__init__.py" or path.startswith("lab/exchange/") for path in python)


def test_a_certificate_bundle_is_an_optional_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tmp_path / "bundle.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    without = files_of("base")
    bundle.write_bytes(b"certificates")
    assert "ca/control-machine.crt" not in without
    assert files_of("base")["ca/control-machine.crt"] == (b"certificates", 0o644)


def test_every_image_has_a_build_file() -> None:
    for name in ("base", "host", "registry", "exchange", "bot", "postgres"):
        assert "Dockerfile" in context.files_of(name)
