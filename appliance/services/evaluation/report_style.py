"""The style sheet of an evaluation's report: light, dark and print."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --card: #f6f8fa;
  --good: #1a7f5a; --bad: #b3261e; --blue: #0b5cad; --orange: #a8580a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --ink: #e6e9ed; --soft: #9aa4af; --line: #3a424b; --card: #1d232a;
    --good: #4cc38a; --bad: #ff8078; --blue: #6cb0ff; --orange: #f0a24e;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 62rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif;
}
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: .3rem 0; }
.soft { color: var(--soft); }
.good { color: var(--good); }
.bad { color: var(--bad); }
.verdict {
  border: 1px solid var(--line); border-left: .4rem solid var(--good); border-radius: .4rem;
  margin: 1rem 0; padding: .8rem 1rem; background: var(--card);
}
.verdict.failed { border-left-color: var(--bad); }
.verdict strong { font-size: 1.15rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; }
td.n, th.n { text-align: right; white-space: nowrap; }
figure { margin: 1rem 0; overflow-x: auto; }
figcaption { color: var(--soft); font-size: .9rem; }
svg { max-width: 100%; height: auto; font-size: 13px; }
svg text { fill: var(--ink); }
.grid { stroke: var(--line); }
.whisker { stroke: var(--blue); stroke-width: 2; }
.point { fill: var(--blue); }
.curve { fill: none; stroke-width: 2.5; }
.curve.c1 { stroke: var(--blue); }
.curve.c2 { stroke: var(--orange); stroke-dasharray: 6 4; }
.dot.c1 { fill: var(--blue); }
.dot.c2 { fill: var(--orange); }
rect.right { fill: var(--good); }
rect.wrong { fill: var(--bad); }
article {
  border: 1px solid var(--line); border-radius: .4rem; margin: .8rem 0; padding: .8rem 1rem;
  break-inside: avoid;
}
dl { display: grid; grid-template-columns: 8rem 1fr; gap: .2rem .8rem; margin: .5rem 0 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.answer { white-space: pre-wrap; }
blockquote { border-left: .2rem solid var(--line); margin: .2rem 0; padding-left: .6rem; }
details > summary { cursor: pointer; margin: .5rem 0; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } }
@media print {
  :root {
    --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --card: #fff;
    --good: #1a7f5a; --bad: #b3261e; --blue: #0b5cad; --orange: #a8580a;
  }
  body { max-width: none; padding: 0; font-size: 10pt; }
  a { color: inherit; text-decoration: none; }
}
"""
