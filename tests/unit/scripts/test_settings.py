"""The table of settings has every variable and every input, with its default and whether it must be given."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from scripts import settings

ROOT = Path(__file__).parents[3]
SPEC = """
argument_specs:
  main:
    short_description: The bots themselves
    options:
      some_image: {description: Image., type: str, required: true}
      some_text: {description: "A | B, like <name>, see C(x.y)", type: str, default: "3.13"}
      some_jobs:
        description: [Jobs, of hosts]
        type: list
        elements: dict
        default: [{name: one, when: "Sun 05:00"}]
        options: &job
          name: {description: Its name., type: str, required: true}
          seconds: {description: Its time., type: int}
          kind: {description: V(a) or V(b)., choices: [a, b]}
      more_jobs: {description: More., type: list, elements: dict, default: [], options: *job}
"""
DEFAULTS = """---
# Jobs: a list of
#   name     its name
#   seconds  its time, which may be
#            long                      (default: 1800)
#   kind     a or b                    (default: where it is a,
#            b)
# Nothing (default: 7) else.
some_jobs: []
# More.
more_jobs: []
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout with one role and two playbooks."""
    role = tmp_path / "roles" / "some"
    (role / "meta").mkdir(parents=True)
    (role / "defaults").mkdir()
    (role / "meta" / "argument_specs.yml").write_text(SPEC)
    (role / "defaults" / "main.yml").write_text(DEFAULTS)
    (tmp_path / "playbooks").mkdir()
    for name, options in (
        ("look", {}),
        ("halt", {"level": {"type": "str", "choices": ["1"], "description": "Which."}}),
    ):
        said = {"short_description": "It does", "argument_specs": {name: {"options": options}}}
        (tmp_path / "playbooks" / f"{name}.meta.yml").write_text(yaml.safe_dump(said))
    return tmp_path


def test_a_row_has_type_default_and_meaning(checkout: Path) -> None:
    rows = [line for line in settings.render(checkout).splitlines() if line.startswith("| ") and "---" not in line]
    assert rows == [
        "| name | type | default | meaning |",
        "| `some_image` | str | **required** | Image |",
        "| `some_text` | str | `'3.13'` | A \\| B, like &lt;name>, see `x.y` |",
        "| `some_jobs` | list of dict | `[{name: one, when: 'Sun 05:00'}]` | Jobs of hosts |",
        "| `some_jobs[].name` | str | **required** | Its name |",
        "| `some_jobs[].seconds` | int | 1800 | Its time |",
        "| `some_jobs[].kind` | str: `a`, `b` | where it is a, b | `a` or `b` |",
        "| `more_jobs` | list of dict | `[]` | More |",
        "| `more_jobs[].name` | str | **required** | Its name |",
        "| `more_jobs[].seconds` | int | 1800 | Its time |",
        "| `more_jobs[].kind` | str: `a`, `b` | where it is a, b | `a` or `b` |",
        "| playbook | input | type | default | meaning |",
        "| [halt](runbooks/halt.md) | `level` | str: `1` | none | Which |",
    ]


def test_every_variable_and_every_input_has_its_row() -> None:
    page = settings.render()
    for path in ROOT.glob("roles/*/meta/argument_specs.yml"):
        for name, spec in settings.load(path)["argument_specs"]["main"]["options"].items():
            assert page.count(f"\n| `{name}` |") == 1
            for key in spec.get("options", {}):
                assert page.count(f"\n| `{name}[].{key}` |") == 1
    for path in ROOT.glob("playbooks/*.meta.yml"):
        name = path.name.removesuffix(".meta.yml")
        for option in settings.load(path)["argument_specs"][name]["options"]:
            assert page.count(f"\n| [{name}](runbooks/{name}.md) | `{option}` |") == 1


def test_the_page_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "PAGE", tmp_path / "settings.md")
    assert settings.main() == 0
    assert (tmp_path / "settings.md").read_text() == settings.render()
