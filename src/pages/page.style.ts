/** The design of every page, in light and dark. Each pair of text and ground has a contrast of at least 4.5 to 1. */
export const PAGE_STYLE = `
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
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 1rem; }
header { display: grid; gap: .75rem; }
main { padding-top: 0; }
.title { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 0 0 .75rem; }
h3 { font-size: 1rem; margin: 1rem 0 .35rem; }
p { margin: 0 0 .75rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
nav a[aria-current] { color: var(--text); font-weight: 600; text-decoration: none; }
a { color: var(--accent); }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--panel); padding: .5rem; z-index: 1; }
section { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; margin: 0 0 1rem; }
button, input, select, .button { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--quiet); border-radius: .4rem; padding: .35rem .6rem; }
button, .button { display: inline-block; background: var(--accent); color: var(--on-accent); border-color: var(--accent); cursor: pointer; font-weight: 600; min-height: 2.2rem; text-decoration: none; }
.secondary { background: transparent; color: var(--accent); }
input[type=checkbox] { width: 1.1rem; height: 1.1rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.tools { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; margin: 0 0 .75rem; }
.check { display: inline-flex; gap: .35rem; align-items: center; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--quiet); font-weight: 600; white-space: nowrap; }
.num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.scroll { overflow: auto; border: 1px solid var(--line); border-radius: .4rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .88em; }
pre { margin: 0 0 .75rem; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--ground); white-space: pre-wrap; overflow-wrap: anywhere; }
dl { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0 0 .75rem; }
dl div { display: flex; gap: .4rem; } dt { color: var(--quiet); } dd { margin: 0; font-variant-numeric: tabular-nums; font-weight: 600; }
.badge { padding: .1rem .55rem; border-radius: 1rem; border: 1px solid currentcolor; font-size: .85rem; font-weight: 600; white-space: nowrap; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.quiet, .hint, footer { color: var(--quiet); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr)); gap: 1rem; padding: 0; margin: 0 0 1rem; list-style: none; }
.cards li { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; }
.cards a { font-weight: 600; font-size: 1.05rem; }
.cards p { margin: .25rem 0 0; color: var(--quiet); }
`;
