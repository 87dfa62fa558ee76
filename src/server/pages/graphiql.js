/** Runs before GraphiQL; see `seedScript` in graphiql.page.ts, which puts `examples` before it. */
{
  const nameOf = (query) => /^\s*(?:query|mutation|subscription)\s+(\w+)/m.exec(query)?.[1] ?? null;
  const toTab = ({ query, variables }, id) => {
    const operationName = nameOf(query);
    return { id, title: operationName ?? '<untitled>', query, variables, headers: null, operationName, response: null };
  };
  const stored = () => {
    try {
      const state = JSON.parse(localStorage.getItem('graphiql:tabState'));
      return state.tabs[state.activeTabIndex] ? state : null;
    } catch {
      return null;
    }
  };
  const asked = () => {
    try {
      const { query, variables } = JSON.parse(decodeURIComponent(location.hash.replace('#operation=', '')));
      return typeof query === 'string' && typeof variables === 'string' ? { query, variables } : null;
    } catch {
      return null;
    }
  };
  try {
    const state = stored() ?? {
      tabs: examples.map((example, index) => toTab(example, `example-${index}`)),
      activeTabIndex: 0,
    };
    const operation = location.hash.startsWith('#operation=') ? asked() : null;
    if (operation !== null) {
      const known = state.tabs.findIndex(
        (tab) => tab.query === operation.query && tab.variables === operation.variables,
      );
      if (known < 0) state.tabs.push(toTab(operation, `operation-${Date.now()}`));
      state.activeTabIndex = known < 0 ? state.tabs.length - 1 : known;
      history.replaceState(null, '', location.pathname);
    }
    const tab = state.tabs[state.activeTabIndex];
    localStorage.setItem('graphiql:tabState', JSON.stringify(state));
    localStorage.setItem('graphiql:query', tab.query ?? '');
    localStorage.setItem('graphiql:variables', tab.variables ?? '');
  } catch {}
  addEventListener('hashchange', () => {
    if (location.hash.startsWith('#operation=')) location.reload();
  });
}
