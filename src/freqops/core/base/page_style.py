"""The style of every page of freqops: wide and narrow screens, light and dark ones, and paper."""

from __future__ import annotations

from .markup import Markup

STYLE = Markup("""
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --sheet: #ffffff; --text: #1b1f24; --faint: #57606a; --line: #d0d7de;
  --bad: #a40e26; --bad-sheet: #ffebe9; --good: #116329; --good-sheet: #dafbe1; --note: #7a4a00; --note-sheet: #fff8c5;
  --act: #0550ae;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0d1117; --sheet: #161b22; --text: #e6edf3; --faint: #9da7b3; --line: #30363d;
    --bad: #ff9492; --bad-sheet: #3c1618; --good: #7ee2a8; --good-sheet: #12301d; --note: #f0c869;
    --note-sheet: #362a0c; --act: #79b8ff;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 1.5rem; max-width: 90rem; background: var(--ground); color: var(--text);
  font: 0.9375rem/1.45 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 0 0 .75rem; font-size: 1.2rem; }
h3 { margin: 0 0 .25rem; font-size: 1rem; }
p { margin: 0 0 .75rem; }
ul { margin: 0; padding: 0 0 0 1.1rem; }
a { color: var(--act); }
code, .lines, time { font-family: ui-monospace, monospace; font-size: .875em; }
bdi, td, th, li, dd { unicode-bidi: isolate; }
section, header {
  margin: 0 0 1rem; padding: 1rem 1.25rem; background: var(--sheet); border: 1px solid var(--line);
  border-radius: .5rem;
}
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: 0 0 1rem; padding: 0; list-style: none; }
footer { color: var(--faint); }
.faint { color: var(--faint); }
.verdict {
  display: inline-block; padding: .3rem .75rem; border: 2px solid currentColor; border-radius: .4rem;
  font-weight: 700;
}
.verdict.good { color: var(--good); background: var(--good-sheet); }
.verdict.bad { color: var(--bad); background: var(--bad-sheet); }
section.bad { border-left: .35rem solid var(--bad); }
strong.bad { color: var(--bad); }
strong.good { color: var(--good); }
.warned {
  margin: 0 0 .75rem; padding: .5rem .75rem; border-left: .35rem solid var(--note); background: var(--note-sheet);
}
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .25rem 1rem; margin: 0; }
dt { color: var(--faint); }
dd { margin: 0; }
.fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem 1.5rem; }
.lines { padding: 0; list-style: none; }
.lines li { padding: .1rem 0 .1rem 1.25rem; text-indent: -1.25rem; }
table { width: 100%; border-collapse: collapse; }
caption { padding: 0 0 .5rem; color: var(--faint); text-align: left; }
th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--faint); font-weight: 600; overflow-wrap: normal; }
tbody th, td { max-width: 9.5rem; overflow-wrap: break-word; }
td.text, td[colspan] { min-width: 6rem; max-width: none; overflow-wrap: anywhere; }
tbody th { font-weight: 400; }
td ul { margin: .25rem 0 0; color: var(--faint); }
tr.bad > :first-child { border-left: .35rem solid var(--bad); }
tr.bad { background: var(--bad-sheet); }
tr.bad strong { color: var(--bad); }
tr.between td { color: var(--faint); background: var(--ground); font-style: italic; text-align: center; }
tr.cut td { color: var(--note); background: var(--note-sheet); font-weight: 700; }
@media screen and (max-width: 64rem) {
  body { padding: .5rem; }
  section, header { padding: .75rem; }
  table, tbody, caption { display: block; }
  colgroup { display: none; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  tbody tr.bad { padding-left: .5rem; border-left: .35rem solid var(--bad); }
  tbody tr.bad > :first-child { border-left: 0; }
  tbody th, tbody td { display: block; max-width: 100%; padding: 0; border: 0; }
  tbody th { font-weight: 700; }
  td[data-label] { display: inline-block; max-width: 100%; margin-right: .75rem; }
  td[data-label].text { display: block; margin-right: 0; }
  td[data-label].none { display: none; }
  td[data-label]::before { content: attr(data-label) ": "; color: var(--faint); }
}
@media print {
  :root {
    color-scheme: light;
    --ground: #ffffff; --sheet: #ffffff; --text: #000000; --faint: #444444; --line: #999999; --bad: #8a0a1e;
    --bad-sheet: #ffffff; --good: #0b4f20; --good-sheet: #ffffff; --note: #5c3800; --note-sheet: #ffffff;
    --act: #043d80;
  }
  @page { margin: 12mm; }
  body { max-width: none; padding: 0; font-size: 8.5pt; }
  h1 { font-size: 14pt; }
  h2 { margin: 0 0 .4rem; font-size: 11pt; }
  h3 { font-size: 9pt; }
  nav { display: none; }
  section, header { padding: 0; border: 0; border-radius: 0; }
  section.bad { padding-left: .5rem; }
  .fields { display: block; }
  .fields > div { margin: 0 0 .5rem; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  table { font-size: 7.5pt; }
}
""")
