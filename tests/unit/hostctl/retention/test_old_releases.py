"""Releases beyond the newest go with their images; what runs, what a note names and what a deploy may need stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from freqops.core.deploy import deploy_lock
from freqops.core.deploy.deploy_lock import DeployLock
from freqops.core.retention.things import GONE, LEFT, RELEASES, STAYS
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.deploy.switch_files import SwitchFiles
from freqops.hostctl.retention import old_releases
from tests.unit.fakes import IMAGE
from tests.unit.hostctl.retention.aged import Field, Later, names, why

FIRST, SECOND, THIRD, RUNS = (digit * 16 for digit in "1234")
OLD_IMAGE = "registry.example/freqtrade@sha256:11"
WHERE = "bots/alpha/release"


@pytest.fixture
def released(field: Field) -> Field:
    """A bot with four releases, of which the last runs, and the first has an image and a dump of its own."""
    entries = []
    for fingerprint in (FIRST, SECOND, THIRD, RUNS):
        image = OLD_IMAGE if fingerprint == FIRST else IMAGE
        field.lay(f"{WHERE}/{fingerprint}/bot.json", json.dumps({"release": fingerprint, "image": image}))
        entries.append({"release": fingerprint, "image": image, "at": "then"})
    entries[0]["dump"] = f"20250102T030405Z-{FIRST}"
    field.lay(f"bots/alpha/dumps/{entries[0]['dump']}")
    declared = json.loads((field.home / "bot.json").read_text())
    (field.home / "bot.json").write_text(json.dumps({**declared, "release": RUNS}))
    (field.home / "release" / "f00" / "bot.json").unlink()
    for path in (*(field.home / "release" / "f00").iterdir(), field.home / "release" / "f00"):
        path.rmdir() if path.is_dir() else path.unlink()
    SwitchFiles(field.home).keep_only(entries)
    field.keep(releases=2)
    return field


def there(field: Field) -> list[str]:
    return sorted(path.name for path in (field.home / "release").iterdir())


def test_those_beyond_the_newest_go_with_their_image_and_their_dump(released: Field) -> None:
    looked = released.look(RELEASES)
    assert looked.exit == 0
    assert (there(released), released.engine.images) == ([FIRST, SECOND, THIRD, RUNS], [])
    done = released.remove(RELEASES)
    assert (done.exit, done.changed) == (0, True)
    dump = f"bots/alpha/dumps/20250102T030405Z-{FIRST}"
    assert set(names(done, GONE)) == {f"{WHERE}/{FIRST}", f"{WHERE}/{SECOND}", dump}
    assert there(released) == [THIRD, RUNS]
    assert [entry["release"] for entry in SwitchFiles(released.home).history()] == [THIRD, RUNS]
    assert released.engine.images == [f"remove {OLD_IMAGE}"]
    assert not (released.root / dump).exists()
    assert deploy_lock.present(released.root) is None
    assert released.remove(RELEASES).changed is False


def test_what_deploy_keeps_stays_where_nothing_else_is_said(released: Field) -> None:
    released.keep(releases=5)
    assert released.remove(RELEASES).rows == []


def test_what_runs_stays_however_old_it_is(released: Field) -> None:
    declared = json.loads((released.home / "bot.json").read_text())
    (released.home / "bot.json").write_text(json.dumps({**declared, "release": FIRST}))
    done = released.remove(RELEASES)
    assert names(done, GONE) == [f"{WHERE}/{SECOND}"]
    assert there(released) == [FIRST, THIRD, RUNS]
    assert released.engine.images == []


def test_what_a_promotion_names_stays(released: Field) -> None:
    released.lay("bots/alpha/promotion.json", json.dumps({"fingerprint": FIRST}))
    done = released.remove(RELEASES)
    assert names(done, GONE) == [f"{WHERE}/{SECOND}"]
    assert FIRST in there(released)


def test_while_somebody_deploys_all_stay(released: Field) -> None:
    deploy_lock.take(released.root, DeployLock("other", "maria", "desk", 1, "1"), Later(released.days))
    done = released.remove(RELEASES)
    assert len(names(done, STAYS)) == 3
    assert "maria deploys here" in why(done, f"{WHERE}/{FIRST}")
    holder = deploy_lock.present(released.root)
    assert holder is not None
    assert holder.id == "other"


def test_a_deploy_that_began_after_the_look_keeps_all(released: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list(old_releases.look(released.host(), []))
    monkeypatch.setattr(old_releases, "look", lambda *_: iter(seen))
    deploy_lock.take(released.root, DeployLock("other", "maria", "desk", 1, "1"), Later(released.days))
    done = released.remove(RELEASES)
    assert len(names(done, LEFT)) == 3
    assert len(there(released)) == 4


@pytest.mark.parametrize("note", ["switch.json", "restoring.json", "stopped.json"])
def test_while_a_command_on_the_bot_is_not_over_all_stay(released: Field, note: str) -> None:
    released.lay(f"bots/alpha/{note}", "{}")
    assert len(names(released.remove(RELEASES), STAYS)) == 3
    assert len(there(released)) == 4


def test_a_history_that_does_not_name_what_runs_keeps_all(released: Field) -> None:
    (released.home / "releases.json").unlink()
    done = released.remove(RELEASES)
    assert names(done, GONE) == []
    assert "history does not name what runs" in why(done, f"{WHERE}/{FIRST}")
    assert len(there(released)) == 4


def test_a_release_whose_image_stays_stays_whole(released: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    def used(_image: str) -> None:
        raise EngineError("a container uses it")

    monkeypatch.setattr(released.engine, "remove_image", used)
    done = released.remove(RELEASES)
    assert (f"{WHERE}/{FIRST}" in names(done, LEFT), done.exit) == (True, 2)
    assert FIRST in there(released)
    assert FIRST in [entry["release"] for entry in SwitchFiles(released.home).history()]


def test_a_removal_that_was_killed_is_ended_by_the_next(released: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(_self: SwitchFiles, _paths: list[Path]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SwitchFiles, "take_away", killed)
    with pytest.raises(KeyboardInterrupt):
        released.remove(RELEASES)
    monkeypatch.undo()
    done = released.remove(RELEASES)
    assert (done.exit, there(released)) == (0, [THIRD, RUNS])
    assert f"remove {OLD_IMAGE}" in released.engine.images


def test_a_link_in_a_release_keeps_it(released: Field) -> None:
    (released.home / "release" / FIRST / "link").symlink_to("/etc")
    done = released.remove(RELEASES)
    assert "is a link" in why(done, f"{WHERE}/{FIRST}")
    assert FIRST in there(released)


def test_no_deploy_begins_while_a_release_goes(released: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    take_away, seen = SwitchFiles.take_away, list[str]()

    def watched(files: SwitchFiles, paths: list[Path]) -> None:
        with pytest.raises(deploy_lock.Taken, match="retention by ann@host deploys here"):
            deploy_lock.take(released.root, DeployLock("other", "maria", "desk", 1, "1"), Later(released.days))
        seen.extend(path.name for path in paths)
        take_away(files, paths)

    monkeypatch.setattr(SwitchFiles, "take_away", watched)
    assert released.remove(RELEASES).exit == 0
    assert FIRST in seen
