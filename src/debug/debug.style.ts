/** What `/debug` adds to the common design. */
export const DEBUG_STYLE = `
#operations { display: grid; grid-template-columns: minmax(0, 1fr); gap: .5rem; }
dd { overflow-wrap: anywhere; }
details { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; }
details[open] { border-color: var(--accent); }
summary { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: center; padding: .55rem .9rem; cursor: pointer; }
summary::before { content: '▸'; color: var(--quiet); }
details[open] > summary::before { content: '▾'; }
summary .name { font-weight: 600; overflow-wrap: anywhere; }
summary .end { margin-left: auto; display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: center; font-variant-numeric: tabular-nums; }
.detail { padding: 0 .9rem .9rem; }
.detail h2 { font-size: 1rem; margin: 1rem 0 .35rem; }
.waterfall td:first-child { min-width: 15rem; }
.waterfall .note { display: block; color: var(--quiet); font-size: .88rem; }
.lane { position: relative; min-width: 14rem; height: 1.15rem; background: var(--ground); border-radius: .25rem; }
.bar { position: absolute; top: .2rem; bottom: .2rem; min-width: 3px; border-radius: .2rem; background: var(--accent); }
.bar.wait { background: repeating-linear-gradient(45deg, var(--line), var(--line) 3px, var(--quiet) 3px, var(--quiet) 5px); }
.bar.bad { background: var(--bad); } .bar.good { background: var(--good); } .bar.write { background: var(--warn); }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem; }
.columns > div { min-width: 0; }
.columns pre { max-height: 16rem; overflow: auto; }
#status { min-height: 1.5em; margin: 0; color: var(--quiet); }
#status.bad { color: var(--bad); font-weight: 600; }
`;
