"""Pages of runs, opened and looked at in a browser: what is drawn, what is asked for, and whether it can be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from freqops.reports import files
from tests.support import run_documents as documents
from tests.support.chromium import Browser, browser

# Every text that is seen, and of what it has less contrast to its ground than 4.5 to 1 (WCAG 2.2, 1.4.3).
READ = """(() => {
  const channel = value => value <= 10.31 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const numbers = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([red, green, blue]) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
  const ground = element => {
    for (; element; element = element.parentElement) {
      const found = numbers(getComputedStyle(element).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const read = {texts: [], faint: [], small: []};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    if (!text || element.closest("script") || !element.getClientRects().length) continue;
    read.texts.push(text);
    const style = getComputedStyle(element);
    const drawn = element instanceof SVGElement;
    if (parseFloat(style.fontSize) < 11) read.small.push(text);
    if (element.closest(".heatmap-label, .hm")) continue;
    const both = [light(numbers(drawn ? style.fill : style.color)), light(ground(element))].sort((a, b) => b - a);
    if ((both[0] + 0.05) / (both[1] + 0.05) < 4.5) read.faint.push(text);
  }
  return read;
})()"""
PLOTS = """Object.fromEntries([...document.querySelectorAll(".plot")].map(plot => [plot.id, {
  svg: plot.querySelectorAll(".main-svg").length,
  lines: plot.querySelectorAll(".scatterlayer .trace .js-line").length,
  points: plot.querySelectorAll(".scatterlayer .trace path.point").length,
  bars: plot.querySelectorAll(".barlayer .point path").length,
  cells: plot.querySelectorAll(".heatmap-label text, text.heatmap-label").length,
  labels: [...plot.querySelectorAll(".ytick text, .y2tick text")].map(text => text.textContent),
  width: plot.querySelector(".main-svg")?.getBoundingClientRect().width ?? 0,
}]))"""

# Scripts and addresses that somebody brought into the page.
OTHERS = """
  for (const [name, more] of [["script", {textContent: "window.pwned = 1"}],
      ["script", {src: "plotly.min.js?other"}], ["img", {src: "http://192.0.2.1/x"}]]) {
    document.body.append(Object.assign(document.createElement(name), more));
  }
  document.body.setAttribute("onclick", "window.pwned = 1");
  document.body.click();
  fetch("http://192.0.2.1/y").catch(() => null)"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as found:
        yield found


def beside(path: Path) -> list[str]:
    """Return the only addresses that a page may ask for."""
    return [path.as_uri(), (path.parent / "plotly.min.js").as_uri()]


def plots(chromium: Browser) -> dict[str, Any]:
    found: dict[str, Any] = chromium.run(PLOTS)
    return found


def judge(chromium: Browser, path: Path, width: int = 1400) -> list[str]:
    """Return the texts of a page that can be read, complains of nothing, and asked for what is its own."""
    assert chromium.complaints == []
    assert set(chromium.requests) <= set(beside(path))
    assert chromium.run("document.documentElement.scrollWidth") <= width
    read = chromium.run(READ)
    assert read["faint"] == []
    assert read["small"] == []
    texts: list[str] = read["texts"]
    assert len(texts) > 30
    return texts


def test_a_run_is_drawn_and_can_be_read_on_every_screen(chromium: Browser, tmp_path: Path) -> None:
    path = files.write_page(tmp_path, documents.run(60))
    chromium.open(path)
    texts = judge(chromium, path)
    assert chromium.requests == beside(path)
    found = plots(chromium)
    assert list(found) == ["plot-equity", "plot-months", "plot-pairs", "plot-reasons"]
    assert all(plot["svg"] == 3 and plot["width"] > 500 for plot in found.values())
    assert found["plot-equity"]["lines"] == 2
    assert found["plot-months"]["cells"] == 18
    assert found["plot-pairs"]["bars"] == 8
    assert found["plot-reasons"]["labels"] == [text for text in texts if text in documents.REASONS][:5]
    assert sorted(found["plot-pairs"]["labels"]) == sorted(documents.PAIRS)
    chromium.show(dark=True)
    chromium.until('getComputedStyle(document.body).backgroundColor === "rgb(13, 17, 23)"')
    judge(chromium, path)
    narrow(chromium, path)


def narrow(chromium: Browser, path: Path) -> None:
    chromium.show(width=400)
    chromium.until(
        '[...document.querySelectorAll(".main-svg")].every(each => each.getBoundingClientRect().width < 400)'
    )
    judge(chromium, path, 400)
    assert all(plot["width"] > 250 for plot in plots(chromium).values())


def test_a_run_without_trades_draws_nothing_and_loads_nothing(chromium: Browser, tmp_path: Path) -> None:
    path = files.write_page(tmp_path, documents.run(0))
    chromium.open(path)
    texts = judge(chromium, path)
    assert chromium.requests == [path.as_uri()]
    assert plots(chromium) == {}
    assert "There was no trade." in " ".join(texts)


def test_ten_thousand_trades_are_drawn(chromium: Browser, tmp_path: Path) -> None:
    path = files.write_page(tmp_path, documents.run(10_000))
    assert path.stat().st_size < 2_000_000
    chromium.open(path)
    judge(chromium, path)
    found = plots(chromium)
    assert found["plot-equity"]["lines"] == 2
    assert found["plot-pairs"]["bars"] == 8


def test_three_runs_are_drawn_together(chromium: Browser, tmp_path: Path) -> None:
    path = files.write_comparison(tmp_path, [documents.run(60), documents.run(50, 2), documents.run(40, 3)])
    chromium.open(path)
    texts = judge(chromium, path)
    found = plots(chromium)
    assert found["plot-equity"]["lines"] == 6
    assert found["plot-months"]["cells"] == 3 * 18
    assert found["plot-pairs"]["bars"] == 3 * 8
    assert {f"{letter} MaCrossoverStrategy" for letter in "ABC"} <= set(texts)
    narrow(chromium, path)


def test_a_hyperopt_has_a_point_for_each_epoch_with_a_result_and_a_star(chromium: Browser, tmp_path: Path) -> None:
    path = files.write_page(tmp_path, documents.hyperopt(90))
    chromium.open(path, width=400, dark=True, touch=True)
    judge(chromium, path, 400)
    assert plots(chromium)["plot-epochs"]["points"] == 80 + 1
    assert plots(chromium)["plot-epochs"]["lines"] == 1


def test_a_mailed_page_needs_nothing_beside_it_and_its_policy_lets_nothing_else_in(
    chromium: Browser, tmp_path: Path
) -> None:
    path = files.write_page(tmp_path, documents.run(60), self_contained=True)
    assert list(tmp_path.iterdir()) == [path]
    chromium.open(path)
    judge(chromium, path)
    assert chromium.requests == [path.as_uri()]
    assert all(plot["svg"] == 3 for plot in plots(chromium).values())
    lets_no_other_script_run_and_loads_nothing(chromium)


def lets_no_other_script_run_and_loads_nothing(chromium: Browser) -> None:
    chromium.run(OTHERS)
    assert chromium.run("window.pwned") is None
    refused = [json.loads(text)["entry"]["text"] for text in chromium.complaints]
    assert sum("violates the following Content Security Policy" in text for text in refused) >= 5


def test_a_page_without_its_script_says_so(chromium: Browser, tmp_path: Path) -> None:
    path = files.write_page(tmp_path, documents.run(60))
    (tmp_path / "plotly.min.js").unlink()
    chromium.open(path)
    said = chromium.run('[...document.querySelectorAll(".plot")].map(plot => plot.textContent)')
    assert said == ["This plot is not drawn: plotly.min.js is not beside the page. The tables have its figures."] * 4


HOSTILE = (
    "</script><script>window.pwned=1</script>", "<img src=http://192.0.2.1/x onerror=window.pwned=1>",
    "<!--<script>", '"\'><svg onload=window.pwned=1>', '<a href="http://192.0.2.1/">x</a>', "<b>x</b>", "&lt;b&gt;", "",
    "%{x}", "$x$", "\u202ex\u2028\x00",
)  # fmt: skip


def test_texts_of_others_are_text_in_the_plots_too(chromium: Browser, tmp_path: Path) -> None:
    spoilt = documents.spoilt(HOSTILE)
    paths = [files.write_comparison(tmp_path, [spoilt, documents.run(9)]), files.write_page(tmp_path, spoilt)]
    for path in paths:
        chromium.open(path)
        judge(chromium, path)
        assert chromium.run("window.pwned") is None
        assert chromium.run('document.querySelectorAll("img, svg a, iframe, object, embed").length') == 0
        assert all(plot["svg"] == 3 for plot in plots(chromium).values())
    labels = plots(chromium)["plot-pairs"]["labels"]
    assert len(labels) == len(HOSTILE)
    assert {"<b>x</b>", "&lt;b&gt;", "%{x}", "$x$", "\\u202ex\\u2028\\x00", "<!--<script>"} <= set(labels)
    assert any(label.startswith("</script><script>window.") for label in labels)
