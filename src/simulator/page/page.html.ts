/** The page of a world. It holds no data: the script fetches all of it from `/__sim/`. */
export const PAGE_HTML = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Upstream simulator</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
<script type="module" src="/page.js"></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header>
  <div class="title">
    <h1>Upstream simulator</h1>
    <p class="badge">Not the real upstreams: nothing here is charged</p>
  </div>
  <form id="world-form" class="inline">
    <label for="world">World (api key)</label>
    <input id="world" name="world" autocomplete="off" spellcheck="false" list="worlds">
    <datalist id="worlds"></datalist>
    <button type="submit">Open</button>
  </form>
  <nav aria-label="Sections">
    <a href="#clock">Clock</a> <a href="#groups">Groups</a> <a href="#catalogue">Plans and packs</a>
    <a href="#sold">Sold</a> <a href="#journal">Journal</a> <a href="#faults">Faults</a> <a href="#toggles">Toggles</a>
  </nav>
</header>
<main id="main" tabindex="-1">
  <p id="status" role="status" aria-live="polite"></p>

  <section id="clock" aria-labelledby="clock-title">
    <h2 id="clock-title">Clock</h2>
    <p class="now"><time id="now">…</time></p>
    <div class="buttons">
      <button type="button" data-advance="days">+1 day</button>
      <button type="button" data-advance="months">+1 month</button>
      <button type="button" data-advance="year">+1 year</button>
      <button type="button" id="snapshot">Take snapshot</button>
      <button type="button" id="restore" disabled>Restore snapshot</button>
      <button type="button" id="reset" class="danger">Reset world</button>
    </div>
    <div id="changes" hidden>
      <h3>What the clock brought about</h3>
      <ol id="change-list" tabindex="0"></ol>
    </div>
  </section>

  <section id="groups" aria-labelledby="groups-title">
    <h2 id="groups-title">Groups</h2>
    <div class="tools">
      <label for="group-filter">Filter by id, name or plan</label>
      <input id="group-filter" type="search" autocomplete="off">
      <label class="check"><input id="held-only" type="checkbox"> with held documents only</label>
    </div>
    <div class="scroll" tabindex="0" role="region" aria-label="Table of groups">
      <table>
        <thead><tr><th scope="col">Group</th><th scope="col">Name</th><th scope="col">Plan in force</th>
          <th scope="col" class="num">Used</th><th scope="col" class="num">Remaining</th><th scope="col" class="num">On hold</th>
          <th scope="col">Until</th></tr></thead>
        <tbody id="group-rows"></tbody>
      </table>
    </div>
    <form id="documents-form" class="inline">
      <label for="documents-group">Let documents arrive: group</label>
      <input id="documents-group" inputmode="numeric" size="8" required>
      <label for="documents-count">count</label>
      <input id="documents-count" type="number" min="1" max="10000" value="10" required>
      <button type="submit">Send documents</button>
    </form>
  </section>

  <section id="catalogue" aria-labelledby="catalogue-title">
    <h2 id="catalogue-title">Plans and packs</h2>
    <div class="columns">
      <div class="scroll" tabindex="0" role="region" aria-label="Table of plans"><table><caption>Plans</caption>
        <thead><tr><th scope="col">Id</th><th scope="col">Name</th><th scope="col">Type</th><th scope="col" class="num">Documents</th>
          <th scope="col" class="num">Price</th></tr></thead><tbody id="plan-rows"></tbody></table></div>
      <div class="scroll" tabindex="0" role="region" aria-label="Table of packs"><table><caption>Packs</caption>
        <thead><tr><th scope="col">Id</th><th scope="col">Name</th><th scope="col" class="num">Documents</th>
          <th scope="col" class="num">Price</th></tr></thead><tbody id="pack-rows"></tbody></table></div>
    </div>
  </section>

  <section id="sold" aria-labelledby="sold-title">
    <h2 id="sold-title">Sold</h2>
    <dl id="totals"></dl>
    <div class="columns">
      <div class="scroll" tabindex="0" role="region" aria-label="Table of pack orders"><table><caption>Pack orders</caption>
        <thead><tr><th scope="col">Order</th><th scope="col">Group</th><th scope="col">Pack</th><th scope="col" class="num">Quantity</th>
          <th scope="col">At</th></tr></thead><tbody id="order-rows"></tbody></table></div>
      <div class="scroll" tabindex="0" role="region" aria-label="Table of credit purchases"><table><caption>Credit purchases</caption>
        <thead><tr><th scope="col">PurchaseID</th><th scope="col" class="num">Quantity</th><th scope="col" class="num">Gross</th>
          <th scope="col">Paid</th><th scope="col">At</th></tr></thead><tbody id="purchase-rows"></tbody></table></div>
    </div>
  </section>

  <section id="journal" aria-labelledby="journal-title">
    <h2 id="journal-title">Journal</h2>
    <div class="tools">
      <label class="check"><input id="live" type="checkbox" checked> refresh every two seconds</label>
      <button type="button" id="clear-journal">Clear journal</button>
    </div>
    <dl id="counts"></dl>
    <div class="scroll" tabindex="0" role="region" aria-label="Table of requests">
      <table>
        <thead><tr><th scope="col" class="num">#</th><th scope="col">At</th><th scope="col">Endpoint</th><th scope="col">Parameters</th>
          <th scope="col">Status</th><th scope="col">Work done</th><th scope="col">Note</th></tr></thead>
        <tbody id="journal-rows"></tbody>
      </table>
    </div>
  </section>

  <section id="faults" aria-labelledby="faults-title">
    <h2 id="faults-title">Faults</h2>
    <form id="fault-form" class="grid">
      <label for="fault-endpoint">Endpoint</label><select id="fault-endpoint"></select>
      <label for="fault-kind">Fault</label><select id="fault-kind" aria-describedby="fault-about"></select>
      <p id="fault-about" class="hint"></p>
      <label for="fault-params">Parameters, as name=value on each line</label><textarea id="fault-params" rows="3" spellcheck="false"></textarea>
      <label for="fault-first">Only the first … requests (empty: all)</label><input id="fault-first" type="number" min="1">
      <button type="submit">Add fault</button>
    </form>
    <div class="scroll" tabindex="0" role="region" aria-label="Table of fault rules">
      <table>
        <thead><tr><th scope="col">Rule</th><th scope="col">Endpoint</th><th scope="col">Fault</th><th scope="col" class="num">Seen</th>
          <th scope="col" class="num">Struck</th><th scope="col">Remove</th></tr></thead>
        <tbody id="fault-rows"></tbody>
      </table>
    </div>
  </section>

  <section id="toggles" aria-labelledby="toggles-title">
    <h2 id="toggles-title">Toggles</h2>
    <p class="hint">What nobody outside can know about the real upstreams. A right client works in every position.</p>
    <form id="toggle-form" class="toggles"></form>
  </section>
</main>
<footer><p>Everything on this page stands in <code>/__sim/</code> as JSON.</p></footer>
<noscript><p class="badge">This page needs JavaScript; the same data stands in <a href="/__sim/state">/__sim/state</a>.</p></noscript>
</body>
</html>
`;
