/** One small design in light and dark. Every pair of text and ground has a contrast of at least 4.5 to 1. */
export const PAGE_CSS = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --panel: #ffffff; --text: #1b2330; --quiet: #525c6b; --line: #d5dae2;
  --accent: #1f5fbf; --on-accent: #ffffff; --warn: #8a4b00; --warn-ground: #fff3df; --bad: #b3261e; --good: #1b6e3c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161d; --panel: #1b212b; --text: #e6eaf1; --quiet: #a5b0c0; --line: #343d4b;
    --accent: #8ab4ff; --on-accent: #0d1726; --warn: #ffce8a; --warn-ground: #3a2a10; --bad: #ff9c94; --good: #8fdba9;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 1rem; }
header { display: grid; gap: .75rem; }
.title { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 0 0 .75rem; }
h3 { font-size: 1rem; margin: .75rem 0 .25rem; }
.badge { margin: 0; padding: .15rem .6rem; border-radius: 1rem; background: var(--warn-ground); color: var(--warn); font-weight: 600; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
a { color: var(--accent); }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--panel); padding: .5rem; z-index: 1; }
section { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; margin: 0 0 1rem; }
#status { position: sticky; top: 0; z-index: 1; min-height: 1.5em; margin: 0 0 .5rem; padding: .25rem 0; background: var(--ground); color: var(--quiet); }
#status.bad { color: var(--bad); font-weight: 600; }
.now { font-size: 1.4rem; font-variant-numeric: tabular-nums; margin: 0 0 .75rem; }
.buttons, .tools, .inline { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: 0 0 .75rem; }
.inline { margin: .75rem 0 0; }
header .inline { margin: 0; }
.check { display: inline-flex; gap: .35rem; align-items: center; }
button, input, select, textarea { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--quiet); border-radius: .4rem; padding: .35rem .6rem; }
input[type=checkbox] { width: 1.1rem; height: 1.1rem; }
#world { min-width: min(27rem, 70vw); font-family: ui-monospace, monospace; font-size: .9em; }
button { background: var(--accent); color: var(--on-accent); border-color: var(--accent); cursor: pointer; font-weight: 600; min-height: 2.2rem; }
button.danger { background: transparent; color: var(--bad); border-color: var(--bad); }
button:disabled { background: transparent; color: var(--quiet); border-color: var(--line); cursor: not-allowed; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.scroll { overflow: auto; max-height: 26rem; border: 1px solid var(--line); border-radius: .4rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; font-weight: 600; padding: .4rem .6rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { position: sticky; top: 0; background: var(--panel); white-space: nowrap; }
.num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
#change-list { max-height: 14rem; overflow: auto; margin: 0; }
td code, .params { font-family: ui-monospace, monospace; font-size: .88em; }
td code, #purchase-rows td, #order-rows td { white-space: nowrap; } .params { overflow-wrap: anywhere; min-width: 14rem; }
.held { color: var(--warn); font-weight: 700; }
.good { color: var(--good); } .bad { color: var(--bad); }
.quiet, .hint, footer { color: var(--quiet); }
.hint { margin: 0; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem; }
dl { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0 0 .75rem; }
dl div { display: flex; gap: .4rem; } dt { color: var(--quiet); } dd { margin: 0; font-variant-numeric: tabular-nums; font-weight: 600; }
.grid { display: grid; grid-template-columns: max-content minmax(0, 32rem); gap: .5rem 1rem; align-items: center; margin: 0 0 1rem; }
.grid .hint, .grid button { grid-column: 2; justify-self: start; }
.toggles { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .75rem; margin-top: .75rem; }
.toggles label { display: grid; gap: .2rem; font-size: .92rem; }
.changed select { border: 2px solid var(--warn); }
@media (max-width: 40rem) { .grid { grid-template-columns: 1fr; } .grid .hint, .grid button { grid-column: 1; } }
`;
