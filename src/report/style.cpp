#include "report/style.h"

namespace evenkeel::report {

std::string plot_style() {
  return R"css(
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f4f6f8; --text: #1c2530; --quiet: #566272; --rule: #d9dfe6;
  --run-1: #1f5fbf; --run-2: #c2570c; --run-3: #1a7f4b; --run-4: #8b3fb0; --run-5: #0e7c86; --run-6: #a8327a; --run-7: #7a6a00; --run-8: #5b6470; --wrong: #b42318;
  --ink-to-paper: invert(1);
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #12171d; --panel: #1b222b; --text: #e6ebf1; --quiet: #a3b0bf; --rule: #333e4b;
    --run-1: #79b0ff; --run-2: #ff9f5a; --run-3: #5fd39a; --run-4: #d29bf0; --run-5: #58cbd4; --run-6: #f48fc4; --run-7: #d8c34a; --run-8: #a9b4c0; --wrong: #ff8f85;
    --ink-to-paper: none;
  }
}
.plot { display: block; width: 100%; height: auto; overflow: visible; color: var(--quiet); }
.plot .gridline { stroke: var(--rule); stroke-width: 1; stroke-dasharray: none; }
.plot path[class], .plot circle { stroke-linejoin: round; }
.plot .ink-1 { stroke: var(--run-1); } .plot .ink-2 { stroke: var(--run-2); }
.plot .ink-3 { stroke: var(--run-3); } .plot .ink-4 { stroke: var(--run-4); }
.plot .ink-5 { stroke: var(--run-5); } .plot .ink-6 { stroke: var(--run-6); }
.plot .ink-7 { stroke: var(--run-7); } .plot .ink-8 { stroke: var(--run-8); }
.plot .faint-1 { stroke: var(--run-1); opacity: 0.3; } .plot .faint-2 { stroke: var(--run-2); opacity: 0.3; }
.plot .faint-3 { stroke: var(--run-3); opacity: 0.3; } .plot .faint-4 { stroke: var(--run-4); opacity: 0.3; }
.plot .faint-5 { stroke: var(--run-5); opacity: 0.3; } .plot .faint-6 { stroke: var(--run-6); opacity: 0.3; }
.plot .faint-7 { stroke: var(--run-7); opacity: 0.3; } .plot .faint-8 { stroke: var(--run-8); opacity: 0.3; }
.plot circle.ink-1, .plot circle.faint-1 { fill: var(--run-1); } .plot circle.ink-2, .plot circle.faint-2 { fill: var(--run-2); }
.plot circle.ink-3, .plot circle.faint-3 { fill: var(--run-3); } .plot circle.ink-4, .plot circle.faint-4 { fill: var(--run-4); }
.plot circle.ink-5, .plot circle.faint-5 { fill: var(--run-5); } .plot circle.ink-6, .plot circle.faint-6 { fill: var(--run-6); }
.plot circle.ink-7, .plot circle.faint-7 { fill: var(--run-7); } .plot circle.ink-8, .plot circle.faint-8 { fill: var(--run-8); }
.plot circle { stroke: none; }
.plot .ink-reference { stroke: var(--quiet); stroke-dasharray: 4 4; }
)css";
}

std::string page_style() {
  return plot_style() + R"css(
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 68rem; margin: 0 auto; padding: 1.5rem clamp(1rem, 4vw, 2.5rem) 3rem; }
h1 { font-size: clamp(1.5rem, 4vw, 2.1rem); line-height: 1.2; margin: 0.5rem 0 1.25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 2.75rem 0 0.75rem; padding-top: 1rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 0.5rem; overflow-wrap: anywhere; }
p { max-width: 44rem; margin: 0.5rem 0 0.75rem; overflow-wrap: anywhere; }
small { font-size: 0.85em; font-weight: normal; color: var(--quiet); }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 0.75rem; margin: 0; }
.tiles div { background: var(--panel); border-radius: 0.6rem; padding: 0.8rem 1rem; }
.tiles dt { font-size: 0.85rem; color: var(--quiet); }
.tiles dd { margin: 0; font-size: clamp(1.1rem, 4.2vw, 1.45rem); font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tiles div:first-child { background: var(--run-1); color: var(--paper); }
.tiles div:first-child dt { color: inherit; }

.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.95rem; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 1.25rem 0.4rem 0; border-bottom: 1px solid var(--rule); }
th { font-weight: 600; }
thead th, .settings th { font-weight: normal; color: var(--quiet); }
.figures td { font-variant-numeric: tabular-nums; }
@media screen and (max-width: 48rem) {
  .figures { font-size: 0.9rem; }
  .figures th, .figures td { padding-right: 0.75rem; }
  .figures td small { display: block; }
}
.settings td { overflow-wrap: anywhere; }
.confusion { font-variant-numeric: tabular-nums; }
.confusion th, .confusion td { padding: 0.3rem 0.2rem; min-width: 2.6rem; text-align: right; border: 0; }
.confusion th[scope=row] { padding-right: 0.5rem; min-width: 0; } .confusion th[scope=col] { vertical-align: bottom; }
.confusion.named th[scope=col] span { display: inline-block; writing-mode: vertical-rl; transform: rotate(180deg); }
.confusion td:last-child, .confusion th:last-child { padding-left: 0.75rem; white-space: nowrap; }
.confusion td:last-child { color: var(--quiet); }
.confusion .right { font-weight: 600; background: var(--panel); }
.confusion .shade-1 { background: rgb(214 60 40 / 0.12); } .confusion .shade-2 { background: rgb(214 60 40 / 0.22); }
.confusion .shade-3 { background: rgb(214 60 40 / 0.32); } .confusion .shade-4 { background: rgb(214 60 40 / 0.42); }
.confusion .shade-5 { background: rgb(214 60 40 / 0.52); }
@media screen and (max-width: 48rem) {
  .confusion { font-size: 0.7rem; } .confusion th, .confusion td { padding: 0.3rem 0.1rem; min-width: 1.1rem; }
  .confusion td:last-child, .confusion th:last-child { padding-left: 0.35rem; } .confusion th[scope=row] { padding-right: 0.25rem; }
}

.key { display: inline-block; width: 1.6em; margin-right: 0.5em; vertical-align: middle; border-top: 3px solid; }
.key-1 { color: var(--run-1); } .key-2 { color: var(--run-2); border-top-style: dashed; }
.key-3 { color: var(--run-3); border-top-style: dotted; } .key-4 { color: var(--run-4); border-top-style: double; }
.key-5 { color: var(--run-5); } .key-6 { color: var(--run-6); } .key-7 { color: var(--run-7); border-top-style: dashed; }
.key-8 { color: var(--run-8); border-top-style: dotted; }
.bars .key { width: 1em; border-top: 0.8em solid; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; margin: 0 0 0.25rem; padding: 0; color: var(--text); }

figure { margin: 0; }
figure h3 { margin-top: 0.5rem; }
figcaption { font-size: 0.9rem; color: var(--quiet); margin-top: 0.25rem; }
.curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0.5rem 2.5rem; }
.layer-plots { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1rem; }
@media screen and (max-width: 48rem) { .layer-plots { grid-template-columns: repeat(2, 1fr); gap: 0.75rem; } }
.pictures { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(6.2rem, 21%), 1fr)); gap: 1rem 0.75rem; }
.pictures li { text-align: center; font-size: 0.95rem; line-height: 1.35; }
.pictures img { display: block; width: 100%; height: auto; image-rendering: pixelated; filter: var(--ink-to-paper); border-radius: 0.3rem; }
.pictures img.colour { filter: none; }
.pictures li > span { display: block; margin-top: 0.2rem; }
.pictures small { display: block; }
.pictures .wrong { color: var(--wrong); }

ul.findings { list-style: none; margin: 0.25rem 0 0.75rem; padding: 0; max-width: 44rem; }
ul.findings li { overflow-wrap: anywhere; }
.severity-error { color: var(--wrong); } .severity-warning { color: var(--run-2); } .severity-note { color: var(--quiet); }
.strip { display: grid; grid-template-columns: 12rem minmax(0, 1fr); gap: 0 1rem; align-items: center; margin: 0.35rem 0; font-size: 0.85rem; line-height: 1.3; }
.strip span { color: var(--quiet); } .strip b { display: block; font-weight: normal; color: var(--text); }
.strip svg { display: block; width: 100%; height: 1.75rem; background: linear-gradient(var(--panel), var(--panel)) bottom / 100% 80% no-repeat; }
.strip rect { fill: var(--run-1); } .strip .marked { fill: var(--wrong); }
@media screen and (max-width: 48rem) { .strip { grid-template-columns: 1fr; margin: 0.6rem 0; } .strip b { display: inline; } }

.verdict { font-weight: 600; white-space: nowrap; }
.verdict-holds { color: var(--run-3); } .verdict-fails { color: var(--wrong); } .verdict-open { color: var(--run-2); }
.verdict-missing { color: var(--quiet); font-weight: normal; }
.claim .curves figure { max-width: 34rem; }
.claim > h2 small { display: block; margin-top: 0.25rem; }
.formula { font: italic 1.1rem/1.7 Cambria, "STIX Two Text", "Latin Modern Roman", Georgia, serif; background: var(--panel);
  border-radius: 0.6rem; padding: 0.7rem 1rem; max-width: 44rem; overflow-x: auto; }
.formula span { display: inline-block; margin-right: 1.5em; }
.formula sub, .formula sup { line-height: 0; }
pre { background: var(--panel); border-radius: 0.4rem; padding: 0.6rem 0.9rem; overflow-x: auto; max-width: 44rem; font-size: 0.9rem; white-space: pre-wrap; overflow-wrap: anywhere; }
details { margin: 0.75rem 0; } summary { cursor: pointer; color: var(--quiet); }
.numbers td:not(:first-child), .numbers th:not(:first-child) { text-align: right; font-variant-numeric: tabular-nums; }
a { color: var(--run-1); }

@media print {
  html { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  h2 { margin-top: 1.25rem; }
  h2, h3, .run-name { break-after: avoid; }
  figure, tr, article, .pictures li, .tiles { break-inside: avoid; }
  .curves { grid-template-columns: 1fr 1fr; gap: 0.5cm; }
  .pictures { grid-template-columns: repeat(9, 1fr); }
  .tiles div, .tiles div:first-child { background: none; color: inherit; border: 1px solid var(--rule); }
  .tiles dd { font-size: 13pt; }
  .wide { overflow: visible; }
}
)css";
}

}  // namespace evenkeel::report
