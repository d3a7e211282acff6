"""Pages are followed as they stand: what is typed, what is put into a file, and how many commands a test types."""

from __future__ import annotations

from pathlib import Path

from tests.support.pages import Block, blocks, laid_over, written

PAGE = """# A page

```sh
make use INVENTORY=inventories/mine   # a word
ansible-playbook playbooks/status.yml \\
  -e output=here
```

```
only read
```

```yaml
# inventories/mine/hosts.yml
paper: {hosts: {a: {freqtrade_bots: [{name: one, config: {x: 1}}]}}}
```

```yaml
# in inventories/mine/hosts.yml
paper: {hosts: {a: {freqtrade_bots: [{name: one, config: {y: 2}}, {name: two}]}}}
```
"""


def test_a_block_of_sh_is_typed_and_no_other(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    found = list(blocks(page))
    assert [block.kind for block in found] == ["sh", "", "yaml", "yaml"]
    assert [len(block.commands) for block in found] == [2, 0, 0, 0]
    assert found[0].commands[1].split() == ["ansible-playbook", "playbooks/status.yml", "-e", "output=here"]
    assert found[1].line == 9


def test_a_block_of_yaml_goes_where_it_says_and_a_piece_into_what_is_there(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    places = [written(block, tmp_path) for block in blocks(page)]
    assert places == [None, None, *[tmp_path / "inventories/mine/hosts.yml"] * 2]
    said = (tmp_path / "inventories/mine/hosts.yml").read_text()
    assert "x: 1" in said
    assert "y: 2" in said
    assert said.count("name:") == 2
    assert written(Block("yaml", "alpha: 1\n", 1), tmp_path) is None


def test_a_list_without_names_is_replaced() -> None:
    assert laid_over({"a": [1, 2], "b": 1}, {"a": [3]}) == {"a": [3], "b": 1}
