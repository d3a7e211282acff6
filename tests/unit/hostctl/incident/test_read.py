"""``freqops-host incident``: the files of one directory, bounded, or a refusal that names others."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from freqops.core.base.errors import Refused
from freqops.hostctl import cli
from freqops.hostctl.incident import read

ID = "20261121T084057Z-halt1-d2e2b6"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "incidents" / ID
    directory.mkdir(parents=True)
    return directory


def test_all_plain_files_are_read(tmp_path: Path, home: Path) -> None:
    (home / "a-halt.json").write_text("{}")
    (home / "a-alpha-halt.jsonl").write_bytes(b"\xff\n")
    (home / "empty.jsonl").touch()
    (home / ".a-halt.json.x1").write_text("half")
    (home / "directory").mkdir()
    (home / "link").symlink_to("/etc/hostname")
    found = read.read(tmp_path, ID)
    assert found.texts == {"a-halt.json": "{}", "a-alpha-halt.jsonl": "\ufffd\n", "empty.jsonl": ""}
    assert found.truncated == []


def test_what_is_too_large_is_cut_and_small_files_are_whole(tmp_path: Path, home: Path) -> None:
    for name, size in (("one", 1000), ("two", 40), ("three", 10), ("four", 1000)):
        (home / name).write_text("x" * size)
    found = read.read(tmp_path, ID, limit=250)
    assert {name: len(text) for name, text in found.texts.items()} == {"three": 10, "two": 40, "four": 100, "one": 100}
    assert sorted(found.truncated) == ["four", "one"]
    assert read.read(tmp_path, ID, limit=2050).truncated == []


def test_a_file_that_cannot_be_read_is_not_whole(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "a-halt.json").write_text("{}")

    def fail(*_arguments: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    found = read.read(tmp_path, ID)
    assert (found.texts, found.truncated) == ({"a-halt.json": ""}, ["a-halt.json"])


def test_an_unknown_incident_is_refused_and_the_newest_are_named(tmp_path: Path, home: Path) -> None:
    for number in range(6):
        directory = home.with_name(f"id-{number}")
        directory.mkdir()
        os.utime(directory, (number, number))
    with pytest.raises(Refused) as refused:
        read.read(tmp_path, "other")
    assert str(refused.value) == (f"no incident other on this host; the newest are {ID}, id-5, id-4, id-3, id-2")
    with pytest.raises(Refused, match="it has none at all"):
        read.read(tmp_path / "nowhere", "other")


@pytest.mark.parametrize("name", ["", "..", "../incidents", "a/b", "/etc", "-x", "one\n", ".", "x" * 81, "a\0b"])
def test_nothing_but_an_id_is_looked_for(tmp_path: Path, home: Path, name: str) -> None:
    with pytest.raises(Refused, match="is not an incident id"):
        read.read(tmp_path, name)


def test_the_command_hands_out_files(tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "a-halt.json").write_text('{"reason": "f\u00fcr"}')
    assert cli.main(["incident", ID, "--json"], tmp_path) == 0
    out = capsys.readouterr().out
    answer = json.loads(out)
    assert len(out.splitlines()) == 1
    assert set(answer) == {"version", "command", "host", "incident", "files", "truncated"}
    assert (answer["version"], answer["command"], answer["incident"]) == (1, "incident", ID)
    assert (answer["files"], answer["truncated"]) == ({"a-halt.json": '{"reason": "f\u00fcr"}'}, [])


def test_the_command_prints_the_report(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "a-halt.json").write_text('{"reason": "why", "bots": [], "proven": true, "command": "halt"}')
    assert cli.main(["incident", ID], tmp_path) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"# Incident `{ID}`\n\n**ALL PROVEN**\n")
    monkeypatch.setattr(read, "read", lambda *_: read.Files({"a-halt.json": "{"}, ["a-halt.json"]))
    assert cli.main(["incident", ID], tmp_path) == 2
    assert "too large to be copied whole" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [("incident",), ("incident", "../x"), ("incident", ID, "more"), ("incident", "x")]
)
def test_what_the_command_refuses(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert cli.main(list(arguments), tmp_path) == 1
    assert list(json.loads(capsys.readouterr().out)) == ["refused"]
