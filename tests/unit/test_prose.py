"""What stands in prose and in code is the same: messages, versions, limits, defaults."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml

from freqops.core.bot import configuration
from freqops.core.halt import timers
from freqops.core.preflight import host as preflight_host
from lab.images.images_wanted import CONTRACTS
from scripts.pin import IMAGES
from tests.support import pages

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CODE = ("src/freqops", "roles", "library", "action_plugins", "playbooks", "scripts")
JOINED = re.compile(r'["\']\s*\n\s*f?["\']')  # a text that goes on in the next line of the source
OF_OTHERS = {"ansible-playbook: command not found", "Host key verification failed", "Missing sudo password"}
# Outcomes are written in small letters where they are made; `switching.failure` puts them together.
PUT_TOGETHER = {"ROLLED BACK, PROVEN": "rolled back", "ROLLED BACK, NOT PROVEN": "rolled back"}
PIECE = 4
MARKER = re.compile(r"<{7} |>{7} |={7}$")  # of git, where two texts differ
WALKED = ("first-host.md", "hosts-and-groups.md", "from-compose.md", "every-day.md", "uninstall.md")
PLAYED = re.compile(r"\bansible-playbook playbooks/|\bfreqops-host |^make |^ssh ", re.MULTILINE)


def source() -> str:
    """Return all code that may say something, texts over several lines in one."""
    files = (path for name in CODE for path in sorted((ROOT / name).rglob("*")) if path.suffix in (".py", ".yml"))
    return JOINED.sub("", "\n".join(path.read_text() for path in files))


def seen() -> Iterator[str]:
    """Yield what the page on troubleshooting says that one sees, in the pieces between what differs each time."""
    for row in re.findall(r"^\| (.*?) \|", (DOCS / "troubleshooting.md").read_text(), re.MULTILINE):
        for quoted in re.findall(r"`([^`]+)`", row):
            pieces = [piece.strip(" :,") for piece in re.split(r"…", quoted)]
            yield from (PUT_TOGETHER.get(piece, piece) for piece in pieces if len(piece) >= PIECE)


def defaults(role: str) -> dict[str, object]:
    """Return the defaults of a role."""
    found: dict[str, object] = yaml.safe_load((ROOT / "roles" / role / "defaults/main.yml").read_text())
    return found


def test_no_page_has_both_sides_of_a_merge() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in [*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "changelogs").rglob("*.y*ml")]
        for line in path.read_text().splitlines() if MARKER.match(line)
    ]  # fmt: skip
    assert found == []


def test_what_one_sees_is_what_freqops_says() -> None:
    code = source()
    missing = [piece for piece in seen() if piece not in code and piece not in OF_OTHERS]
    assert not missing, "the page on troubleshooting says what nothing of freqops says"


def test_versions_are_the_same_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    readme = (ROOT / "README.md").read_text()
    assert f"**Version {version}." in readme
    assert f"\n## v{version}\n" in (ROOT / "CHANGELOG.md").read_text().replace("\\", "")
    assert IMAGES["freqtrade_image"] == CONTRACTS["bot"]
    assert IMAGES["postgres_image"] == CONTRACTS["postgres"]
    freqtrade, postgres = (image.partition(":")[2] for image in IMAGES.values())
    assert f"with Freqtrade {freqtrade} and Postgres {postgres}," in readme
    assert f"\n| {freqtrade} | " in (DOCS / "compatibility.md").read_text()
    for page in [ROOT / "README.md", *DOCS.glob("*.md"), *DOCS.glob("runbooks/*.md")]:
        named = set(re.findall(r"freqtradeorg/freqtrade:([\w.]+)", page.read_text()))
        assert named <= {freqtrade, "stable"}, page


def test_the_oldest_engine_is_the_same_everywhere() -> None:
    variables = yaml.safe_load((ROOT / "roles/docker/vars/main.yml").read_text())
    engine = variables["__docker_engine_minimum"]
    compose = variables["__docker_compose_minimum"].removesuffix(".0")
    refused = re.findall(r"upgrade it: ([\d.]+) is the oldest", Path(preflight_host.__file__).read_text())
    assert refused[1] == compose
    hardening = (DOCS / "hardening.md").read_text()
    assert f"good enough ({engine}, Compose {compose})" in hardening
    assert f"older than {refused[0]}, or whose Compose is older than {compose}, is refused" in hardening
    deploy = (DOCS / "runbooks/deploy.md").read_text()
    assert f"an engine older than {refused[0]} (one older than {engine} is [replaced]" in deploy
    assert f"Compose older than {compose}," in deploy


def test_the_first_host_says_the_defaults_of_freqops() -> None:
    page = (DOCS / "first-host.md").read_text()
    plain = {name: value for name, value in configuration.BASE.items() if not isinstance(value, dict | list)}
    for name, value in plain.items():
        if name not in ("trading_mode", "margin_mode"):
            assert f"`{name}: {value}`" in page, f"first-host.md does not say the default of {name}"
    waits = configuration.BASE["unfilledtimeout"]
    assert f"{waits['entry']} {waits['unit']} in `unfilledtimeout`" in page
    last = page[page.index("where your strategy says nothing either") :]
    assert all(f"`{name}" in last for name in configuration.OF_STRATEGY)


def test_the_memory_of_a_host_is_what_a_deploy_counts() -> None:
    page = (DOCS / "first-host.md").read_text()
    rest = sum(int(str(each).removesuffix("m")) for each in (
        defaults("postgres")["postgres_memory"], defaults("host")["host_memory_reserve"],
    ))  # fmt: skip
    assert defaults("freqtrade")["freqtrade_memory"] == "1g"
    rows = re.findall(r"^\| (\d) \| ([\d.]+) GiB \| ([\d.]+) GiB \|$", page, re.MULTILINE)
    assert [int(bots) for bots, _, _ in rows] == [1, 2, 3]
    for bots, whole, half in rows:
        assert float(whole) * 1024 == int(bots) * 1024 + rest
        assert float(half) * 1024 == int(bots) * 512 + rest


def test_seconds_that_pages_promise_are_those_of_the_code() -> None:
    confirm = defaults("host")["host_confirm_seconds"]
    for page in ("../README.md", "first-host.md"):
        assert f"take themselves back after {confirm} seconds" in (DOCS / page).read_text()
    status = (DOCS / "runbooks/status.md").read_text()
    for name, seconds in timers.RED_SECONDS.items():
        start = f"| the last round of `{timers.PREFIX}{name}`"
        row = next(line for line in status.splitlines() if line.startswith(start))
        assert f"| above {seconds:.0f} s |" in row, row


def test_a_block_that_is_typed_is_on_a_page_that_a_test_follows() -> None:
    for page in DOCS.rglob("*.md"):
        typed = [command for block in pages.blocks(page) for command in block.commands]
        if page.name in WALKED:
            assert len(typed) > 1, f"{page.name} has no command that a test types"
        elif page.name != "quickstart.md":  # its one command is the demo, which CI does not run
            assert not typed, f"{page.relative_to(ROOT)} has commands in a block of sh, and no test types them"
