"""What is declared twice is equal: documentation and code, defaults and specifications, requirements and bundle."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ansible.module_utils
import pytest
import yaml

from freqops.core.bot import notify_secrets
from scripts import link_tests, settings
from tests.support.procedures import FORMER, playbooks

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
MODULES = sorted(path.stem for path in (ROOT / "library").glob("*.py"))
ACTIONS = sorted(path.stem for path in (ROOT / "action_plugins").glob("*.py"))
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
PLAYBOOKS = playbooks()
DOCUMENTED = ("type", "required", "default", "choices", "elements", "aliases")
ABSENT = {"type": "str", "required": False, "default": None, "choices": None, "elements": None, "aliases": []}
COMMENTED_OUT = re.compile(r"^# ([a-z][a-z0-9_]*):(?: |$)", re.MULTILINE)
PYTHON_TYPES = {"str": str, "path": str, "int": int, "float": float, "bool": bool, "list": list, "dict": dict}
FLOATING = re.compile(r"(?:image|freqtrade_image|postgres_image): *\"?[a-z0-9./-]+(?::[\w.-]+)?\"?$|:latest\b")

ansible.module_utils.__path__.append(str(ROOT / "src"))


def load(path: Path) -> Any:
    """Return a YAML file as plain Python."""
    return yaml.safe_load(path.read_text())


@pytest.fixture(scope="module")
def documentation() -> dict[str, Any]:
    """Return what ansible-doc understands of all our modules, by name."""
    asked = subprocess.run(
        [str(BIN / "ansible-doc"), "--json", "--type", "module", *MODULES],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found: dict[str, Any] = json.loads(asked.stdout)
    return found


@pytest.mark.parametrize("name", MODULES)
def test_documentation_of_a_module_says_what_it_accepts(documentation: dict[str, Any], name: str) -> None:
    specification = importlib.import_module(f"library.{name}").ARGUMENT_SPEC
    options = documentation[name]["doc"].get("options", {})
    documented = {option: {key: options[option].get(key, ABSENT[key]) for key in DOCUMENTED} for option in options}
    accepted = {
        option: {key: spec.get(key, ABSENT[key]) for key in DOCUMENTED} for option, spec in specification.items()
    }
    assert documented == accepted


@pytest.mark.parametrize("name", MODULES)
def test_a_module_has_examples_attributes_and_named_tasks(documentation: dict[str, Any], name: str) -> None:
    found = documentation[name]
    assert {"check_mode", "diff_mode", "platform"} <= set(found["doc"]["attributes"])
    assert found["doc"]["author"] == ["freqops (@freqops)"]
    tasks = yaml.safe_load(found["examples"])
    assert tasks
    for task in tasks:
        assert task["name"]
        assert set(task[name]) <= set(found["doc"]["options"])


@pytest.mark.parametrize("name", MODULES)
def test_check_mode_is_documented_as_it_is(documentation: dict[str, Any], name: str) -> None:
    text = (ROOT / "library" / f"{name}.py").read_text()
    support = documentation[name]["doc"]["attributes"]["check_mode"]["support"]
    assert ("supports_check_mode=True" in text) == (support != "none")


def test_every_action_has_a_module_that_documents_it() -> None:
    assert set(ACTIONS) <= set(MODULES)


def tasks_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield every task of a playbook or a file of tasks, those in blocks and handlers too."""
    pending = [item for item in load(path) or [] if isinstance(item, dict)]
    while pending:
        item = pending.pop()
        nested = [item.get(key) or [] for key in ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue")]
        nested.append(item.get("always") or [])
        pending += [task for tasks in nested for task in tasks if isinstance(task, dict)]
        yield item


def task_files() -> list[Path]:
    """Return all files with tasks of ours."""
    places = ("playbooks/common/*.yml", "playbooks/steps/*.yml", "roles/*/tasks/*.yml", "docs/examples/*.yml")
    return sorted([*PLAYBOOKS, *(path for place in places for path in ROOT.glob(place))])


def test_actions_are_given_only_arguments_that_they_have() -> None:
    """Stands in for ansible-lint, which looks at the arguments of modules and not at those of actions."""
    seen = set()
    for path in task_files():
        for task in tasks_of(path):
            for name in set(task) & set(ACTIONS):
                specification = importlib.import_module(f"library.{name}").ARGUMENT_SPEC
                arguments = task[name] or {}
                seen.add(name)
                assert set(arguments) <= set(specification), f"{path.name}: {task['name']}"
                required = {option for option, spec in specification.items() if spec.get("required")}
                assert required <= set(arguments), f"{path.name}: {task['name']}"
    assert seen == set(ACTIONS)


@pytest.mark.parametrize("role", ROLES)
def test_defaults_of_a_role_are_its_specification(role: str) -> None:
    path = ROOT / "roles" / role / "defaults" / "main.yml"
    options = load(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = load(path) or {}
    without = set(COMMENTED_OUT.findall(path.read_text()))
    assert set(options) == set(defaults) | without
    assert {name for name, spec in options.items() if spec.get("required")} == without
    for name, value in defaults.items():
        assert options[name]["default"] == value
        kind = PYTHON_TYPES[options[name]["type"]]
        assert type(value) is kind, name
        if isinstance(value, list) and value:
            assert {type(item) for item in value} == {PYTHON_TYPES[options[name]["elements"]]}


@pytest.mark.parametrize("role", ROLES)
def test_variables_of_a_role_begin_with_its_name(role: str) -> None:
    names = set(load(ROOT / "roles" / role / "defaults" / "main.yml") or {})
    constants = ROOT / "roles" / role / "vars" / "main.yml"
    internal = set(load(constants) or {}) if constants.exists() else set()
    assert all(name.startswith(f"{role}_") for name in names)
    assert all(name.startswith(f"__{role}_") for name in internal)


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_a_playbook_has_typed_inputs_and_a_page(path: Path) -> None:
    specification = load(path.with_suffix(".meta.yml"))["argument_specs"]
    plays = load(path)
    assert list(specification) == [path.stem]
    assert [play["validate_argspec"] for play in plays if "validate_argspec" in play] == [path.stem]
    assert plays[0]["vars"]["fleet_playbook"] == path.stem
    total = len(plays)
    for number, play in enumerate(plays, start=1):
        assert play["name"].startswith(f"({number}/{total}) ")
    page = (ROOT / "docs" / "runbooks" / f"{path.stem}.md").read_text()
    for name in specification[path.stem]["options"]:
        assert f"`{name}`" in page, f"docs/runbooks/{path.stem}.md does not name the input {name}"
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert headings == [
        "Purpose",
        "When",
        "Before",
        "Command",
        "Expected output",
        "Time",
        "What it refuses",
        "Exit status",
        "Undo",
        "Evidence",
    ]


@pytest.mark.parametrize(("name", "present"), FORMER.items())
def test_the_former_name_of_a_playbook_is_refused_with_the_present_one(name: str, present: str) -> None:
    asked = [str(BIN / "ansible-playbook"), f"playbooks/{name}.yml", "--inventory", "inventories/example"]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    ran = subprocess.run(asked, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode != 0
    assert f"REFUSED, nothing ran: {name}.yml is called {present}.yml now" in ran.stdout


@pytest.mark.parametrize(("name", "present"), FORMER.items())
def test_a_former_name_is_no_procedure_and_stands_on_the_page_of_the_present_one(name: str, present: str) -> None:
    assert not (ROOT / "playbooks" / f"{name}.meta.yml").exists()
    assert not (ROOT / "docs" / "runbooks" / f"{name}.md").exists()
    assert ROOT / "playbooks" / f"{present}.yml" in PLAYBOOKS
    assert f"`{name}.yml`" in (ROOT / "docs" / "runbooks" / f"{present}.md").read_text()


def test_every_page_of_a_procedure_has_its_playbook() -> None:
    assert {path.stem for path in (ROOT / "docs" / "runbooks").glob("*.md")} == {path.stem for path in PLAYBOOKS}


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("inventories/example/*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def slug(heading: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_links_to_a_part_of_a_page_lead_to_a_heading_that_is_there() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text()):
            if "://" not in target:
                other = (page.parent / target).resolve() if target else page
                headings = {slug(found) for found in re.findall(r"^#+ (.+)$", other.read_text(), re.MULTILINE)}
                assert anchor in headings, f"{page.relative_to(ROOT)} links to {target}#{anchor}"


COMMAND = re.compile(r"ansible-playbook playbooks/(?P<name>\w+)\.yml(?P<words>[^\n`]*)")
GIVEN = re.compile(r" -e (?P<name>\w+)=")


def test_every_command_of_a_page_exists_and_takes_the_words_that_it_is_given() -> None:
    found = [(page, match) for page in (ROOT / "docs").rglob("*.md") for match in COMMAND.finditer(page.read_text())]
    assert len(found) > 50
    for page, match in found:
        where = f"{page.relative_to(ROOT)}: {match.group()}"
        path = ROOT / "playbooks" / f"{match['name']}.meta.yml"
        assert path.exists(), where
        options = set(load(path)["argument_specs"][match["name"]]["options"])
        assert set(GIVEN.findall(match["words"])) <= {*options, "deploy_full"}, where


def test_the_glossary_is_short_in_order_and_linked_from_every_page_with_a_table() -> None:
    words = re.findall(r"^\| ([a-z][a-z -]*) \|", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    assert 30 <= len(words) <= 50
    assert words == sorted(set(words))
    generated = {"glossary.md", "compatibility.md"}
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        text = page.read_text()
        if page.name not in generated and re.search(r"^\|", text, re.MULTILINE):
            assert "glossary.md)" in text, f"{page.relative_to(ROOT)} has a table and no link to the glossary"


def test_collections_are_those_of_the_bundle_and_those_in_use() -> None:
    required = {entry["name"]: entry["version"] for entry in load(ROOT / "requirements.yml")["collections"]}
    used: set[str] = set()
    for path in task_files():
        used |= set(re.findall(r"\b([a-z]+\.[a-z]+)\.[a-z0-9_]+:", path.read_text())) - {"ansible.builtin"}
    assert set(required) == used
    collections = Path(importlib.import_module("ansible_collections").__path__[0])
    for name, version in required.items():
        manifest = json.loads((collections / name.replace(".", "/") / "MANIFEST.json").read_text())
        assert manifest["collection_info"]["version"] == version, name


def ours() -> list[Path]:
    """Return all files that say what happens on hosts."""
    places = [ROOT / "playbooks", ROOT / "roles", ROOT / "templates"]
    return [
        path
        for place in places
        for path in sorted(place.rglob("*"))
        if path.is_file() and path.parent.name != "__pycache__"
    ]


@pytest.mark.parametrize("phrase", ["ignore_errors", "ignore_unreachable", "|| true", "|| :", "meta: end_play"])
def test_no_failure_is_swept_away(phrase: str) -> None:
    assert [path for path in ours() if phrase in path.read_text()] == []


def test_images_are_named_by_digest_only() -> None:
    for path in ours():
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            assert not FLOATING.search(line.strip()), f"{path.relative_to(ROOT)}:{number}: {line.strip()}"


@pytest.mark.parametrize(
    ("line", "floats"),
    [
        ("image: postgres:17", True),
        ("image: postgres", True),
        ('image: "registry.example.com/freqtrade:stable"', True),
        ("argv: [docker, run, freqtrade:latest]", True),
        ('image: "{{ freqtrade_image }}"', False),
        (f"image: postgres@sha256:{'0' * 64}", False),
    ],
)
def test_a_floating_tag_would_be_seen(line: str, floats: bool) -> None:
    assert bool(FLOATING.search(line)) is floats


def test_secrets_are_hidden_through_the_one_variable() -> None:
    """A task that reads or writes secrets hides what it does, by secrets_no_log and by nothing else."""
    hidden = 0
    for path in task_files():
        for task in tasks_of(path):
            text = json.dumps({key: value for key, value in task.items() if key not in ("name", "tasks", "block")})
            if "no_log" in task:
                assert task["no_log"] == "{{ secrets_no_log }}", f"{path.name}: {task['name']}"
                hidden += 1
            elif "ansible.builtin.stat" not in task:
                sensitive = re.search(
                    r"secrets\.json|secrets_exchange|secrets_notify|password|freqops_secrets|/secrets/", text
                )
                assert not sensitive, f"{path.relative_to(ROOT)}: {task.get('name')}"
    assert hidden > 0


def test_the_only_exit_from_hiding_is_documented() -> None:
    options = load(ROOT / "roles" / "secrets" / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    assert options["secrets_no_log"]["default"] is True


def test_the_example_inventory_is_one_paper_bot_at_an_address_for_documentation() -> None:
    asked = [str(BIN / "ansible-inventory"), "--inventory", "inventories/example", "--list"]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    ran = subprocess.run(asked, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=120)
    hosts = json.loads(ran.stdout)["_meta"]["hostvars"]
    assert list(hosts) == ["paper-1"]
    variables = hosts["paper-1"]
    assert variables["ansible_host"].startswith("192.0.2.")
    assert [bot["mode"] for bot in variables["freqtrade_bots"]] == ["paper"]
    assert "@sha256:" in variables["freqtrade_image"]
    assert "secrets_exchange" not in variables
    specifications = [load(path) for path in ROOT.glob("roles/*/meta/argument_specs.yml")]
    known = {name for document in specifications for name in document["argument_specs"]["main"]["options"]}
    assert {name for name in variables if not name.startswith("ansible_")} <= known


def test_the_example_of_secrets_has_none() -> None:
    example = load(ROOT / "inventories" / "example" / "secrets.yml.example")
    assert set(example) == {"secrets_exchange", "secrets_notify"}
    assert {value for bot in example["secrets_exchange"].values() for value in bot.values()} == {""}
    sections = {name: tuple(keys) for bot in example["secrets_notify"].values() for name, keys in bot.items()}
    assert sections == notify_secrets.SECTIONS
    said = [keys.values() for bot in example["secrets_notify"].values() for keys in bot.values()]
    assert {value for values in said for value in values} == {""}


def test_the_table_of_settings_is_what_the_generator_writes() -> None:
    assert settings.PAGE.read_text() == settings.render(), "run python -m scripts.settings"


def test_fragments_of_the_changelog_are_sound() -> None:
    ran = subprocess.run(
        [str(BIN / "antsibull-changelog"), "lint"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_documents_name_only_tests_that_exist() -> None:
    places = [ROOT / "tests", ROOT / "molecule"]
    sources = [path for place in places for path in sorted(place.rglob("test_*.py"))]
    existing = {name for path in sources for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)}
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        named = set(re.findall(r"`(test_\w+)`", page.read_text()))
        assert named <= existing, f"{page.relative_to(ROOT)} names {sorted(named - existing)}"


def test_the_links_to_tests_are_those_that_the_generator_writes() -> None:
    known = link_tests.tests(ROOT)
    for page in [ROOT / name for name in link_tests.PAGES]:
        text = page.read_text()
        assert text == link_tests.linked(text, page, known), "run python -m scripts.link_tests"
        assert not re.findall(r"(?<!\[)`test_\w+`", text), "a test is named without a link"


def test_a_test_that_is_not_there_once_is_not_linked(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "page.md"
    known = {"test_one": [tmp_path / "tests/test_a.py"], "test_two": [tmp_path / "a.py", tmp_path / "b.py"]}
    text = "It holds ([`test_one`]).\n"
    once = link_tests.linked(text, page, known)
    assert once.endswith("\n[`test_one`]: ../tests/test_a.py\n")
    assert link_tests.linked(once, page, known) == once
    for name in ("test_two", "test_three"):
        with pytest.raises(link_tests.Ambiguous, match=name):
            link_tests.linked(f"It holds ([`{name}`]).", page, known)
