"""The manifest of a dump is believed only where it is exactly what was written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from freqops.core.backup.manifest import DATABASE, File, Manifest
from freqops.core.base.kinds import Malformed
from tests.unit.core.backup.dumped import BEGAN, manifest

FILE = File(DATABASE, 3, "0" * 64)
Change = Callable[[dict[str, Any]], object]


def written() -> dict[str, Any]:
    found = json.loads(json.dumps(manifest(FILE).to_json()))
    assert isinstance(found, dict)
    return found


def test_what_is_written_is_read() -> None:
    found = Manifest.read(written())
    assert found == manifest(FILE)
    assert found.moment == BEGAN, "to the part of a second: a commit may be as close"
    assert found.rows == {"trades": 2}


def test_how_many_trades_were_filled_is_read_where_it_was_written_down() -> None:
    assert (Manifest.read(written()).filled, Manifest.read({**written(), "filled": 3}).filled) == (None, 3)
    assert Manifest.read({**written(), "filled": 0}).to_json()["filled"] == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(format=2),
        lambda d: d.update(format=True),
        lambda d: d.pop("format"),
        lambda d: d.update(more=1),
        lambda d: d.update(filled=-1),
        lambda d: d.update(filled="1"),
        lambda d: d.update(bot="../alpha"),
        lambda d: d.update(mode="demo"),
        lambda d: d.update(kind="mysql"),
        lambda d: d.update(kind="postgresql"),
        lambda d: d.update(began="yesterday"),
        lambda d: d.update(ended=None),
        lambda d: d.update(ended="2020-01-01T00:00:00Z"),
        lambda d: d.update(contents=[]),
        lambda d: d["contents"]["tables"].append(d["contents"]["tables"][0]),
        lambda d: d.update(next_numbers={"trades.id": "3"}),
        lambda d: d.update(next_numbers={"trades.id": True}),
        lambda d: d.update(files=[]),
        lambda d: d["files"].append(d["files"][0]),
        lambda d: d["files"][0].update(path="/etc/passwd"),
        lambda d: d["files"].append({**d["files"][0], "path": "../database"}),
        lambda d: d["files"].append({**d["files"][0], "path": "a/../database"}),
        lambda d: d["files"].append({**d["files"][0], "path": "./database"}),
        lambda d: d["files"].append({**d["files"][0], "path": ""}),
        lambda d: d["files"].append({**d["files"][0], "path": "manifest.json"}),
        lambda d: d["files"].append({**d["files"][0], "path": "a\nb"}),
        lambda d: d["files"][0].update(size=-1),
        lambda d: d["files"][0].update(sha256="0" * 63),
        lambda d: d["files"][0].update(sha256="Z" * 64),
        lambda d: d["files"][0].update(mode=1),
    ],
)
def test_anything_else_is_refused(change: Change) -> None:
    document = written()
    change(document)
    with pytest.raises(Malformed):
        Manifest.read(document)


@pytest.mark.parametrize("document", [None, [], "text", 1, {}])
def test_what_is_no_manifest_is_refused(document: object) -> None:
    with pytest.raises(Malformed):
        Manifest.read(document)
