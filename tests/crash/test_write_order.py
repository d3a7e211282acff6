"""What a loss of power needs: in which order a command writes, syncs, renames, and speaks.

A process that is killed leaves what it wrote to the kernel; a machine without power leaves only what was synced. So the
order of the calls is looked at themselves, in a recording of each command.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash import traced
from tests.crash.scenarios import BOT, SCENARIOS, Scenario
from tests.crash.traced import Call

STATELESS = ("halt at level 3 over level 1", "resume from level 3")  # paused before, paused after


@dataclass(frozen=True)
class Publication:
    """A new file, put in the place of another one.

    Attributes:
        calls: All calls on it before it had its name, in the order in which they ended.
        rename: The call that gave it its name.
        synced: The call that made its name last.
    """

    calls: list[Call]
    rename: Call
    synced: Call

    def named(self, *names: str) -> list[Call]:
        """Return its calls of these names."""
        return [call for call in self.calls if call.name in names]


class Recording:
    """Every call of one command on files."""

    def __init__(self, root: Path, calls: list[Call]) -> None:
        self.root, self.calls = root, calls
        self.conf = root / "bots" / BOT / "conf"

    def publications(self, name: str) -> list[Publication]:
        """Return every time that the file called ``name`` in ``conf`` was replaced."""
        target = str(self.conf / name)
        return [self._publication(call) for call in self.renames if call.paths[1] == target]

    @property
    def renames(self) -> list[Call]:
        """Every rename in ``conf`` that was done."""
        return [
            call for call in self.calls
            if call.name.startswith("rename") and call.succeeded and Path(call.paths[1]).parent == self.conf
        ]  # fmt: skip

    def _publication(self, rename: Call) -> Publication:
        before = [call for call in self.calls if call.paths == rename.paths[:1] and call.ended < rename.ended]
        return Publication(before, rename, self.synced_after(rename))

    def synced_after(self, rename: Call) -> Call:
        """Return the first sync of the directory in which something was renamed, begun when that was done."""
        directory = (str(Path(rename.paths[1]).parent),)
        after = [call for call in self.calls if call.name == "fsync" and call.paths == directory]
        found = [call for call in after if call.begun > rename.ended and call.succeeded and call.pid == rename.pid]
        assert found, f"nothing makes {rename} last"
        return found[0]

    def said(self, stream: str, what: bytes) -> Call:
        """Return the call by which the command said ``what``."""
        place = (f"{self.root}.{stream}",)
        return next(call for call in self.calls if call.name == "write" and call.paths == place and what in call.data)


@pytest.fixture(scope="session")
def recordings(memory: Path) -> dict[Scenario, Recording]:
    traced.available()
    roots = {scenario: memory / f"order{number}" for number, scenario in enumerate(SCENARIOS)}
    for scenario, root in roots.items():
        scenario.prepare(root)
    jobs = [scenario.job(root) for scenario, root in roots.items()]
    codes, calls = traced.recorded(jobs, memory / "order.strace")
    assert codes == [0] * len(SCENARIOS)
    of = {
        scenario: [call for call in calls if any(path.startswith((f"{root}/", f"{root}.")) for path in call.paths)]
        for scenario, root in roots.items()
    }
    return {scenario: Recording(root, of[scenario]) for scenario, root in roots.items()}


each = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


@each
def test_a_file_is_written_synced_renamed_and_its_directory_synced(
    recordings: dict[Scenario, Recording], scenario: Scenario
) -> None:
    recording = recordings[scenario]
    wanted = {"holds.json": 1, "state.json": 0 if scenario.name in STATELESS else 1}
    for name, times in wanted.items():
        publications = recording.publications(name)
        assert len(publications) == times, name
        for publication in publications:
            (opened,) = publication.named(*traced.OPENING)
            assert "O_CREAT|O_EXCL" in opened.arguments
            (synced,) = publication.named("fsync")
            changes = publication.named("write", "fchmod")
            assert {call.name for call in changes} == {"write", "fchmod"}
            assert all(opened.ended < call.begun and call.ended < synced.begun for call in changes)
            assert synced.succeeded
            assert synced.ended < publication.rename.begun
            assert len(publication.calls) == len(changes) + 2, "something else was done to it"


@each
def test_no_file_is_written_in_its_place(recordings: dict[Scenario, Recording], scenario: Scenario) -> None:
    recording = recordings[scenario]
    places = {str(recording.conf / name) for name in ("holds.json", "state.json")}
    touching = [call for call in recording.calls if call.paths[0] in places and call.touches_the_disk]
    assert all(call.name.startswith(("rename", "link")) for call in touching), touching


def test_a_damaged_file_has_a_second_name_before_it_is_replaced(recordings: dict[Scenario, Recording]) -> None:
    (scenario,) = [each for each in SCENARIOS if each.held is None]
    recording = recordings[scenario]
    (kept,) = [call for call in recording.calls if call.name.startswith("link")]
    (published,) = recording.publications("holds.json")
    assert kept.paths[0] == published.rename.paths[1]
    assert kept.ended < published.rename.begun


@each
def test_the_hold_lasts_before_the_state_is_touched(recordings: dict[Scenario, Recording], scenario: Scenario) -> None:
    """Upwards the gate then refuses what is in between; downwards it starts paused what might run."""
    recording = recordings[scenario]
    (hold,) = recording.publications("holds.json")
    for state in recording.publications("state.json"):
        assert hold.synced.ended < min(call.begun for call in state.calls)


@each
def test_all_of_it_lasts_before_anything_is_said(recordings: dict[Scenario, Recording], scenario: Scenario) -> None:
    recording = recordings[scenario]
    lasting = max(recording.synced_after(rename).ended for rename in recording.renames)
    answer = recording.said("out", b'"latched": true' if scenario.is_halt else b'"outcome": ')
    assert lasting < answer.begun
    if scenario.name == "resume from level 1":
        assert lasting < recording.said("err", b"api start").begun
