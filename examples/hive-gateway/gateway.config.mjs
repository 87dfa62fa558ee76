// Hive Gateway in front of the billing subgraph. Each line has its reason in docs/federation.md.

/** Headers of the client's request that the billing subgraph reads. */
const FORWARDED = ['authorization', 'x-request-id', 'traceparent'];

export const gatewayConfig = {
  propagateHeaders: {
    fromClientToSubgraphs({ request, subgraphName }) {
      const headers = Object.fromEntries(FORWARDED.map((name) => [name, request.headers.get(name)]));
      // The secret is the router's own: it goes to the billing subgraph alone, and a client cannot set it.
      if (subgraphName === 'billing' && process.env.ROUTER_SECRET) {
        headers['x-router-secret'] = process.env.ROUTER_SECRET;
      }
      return headers;
    },
  },
  // An upstream write may take WRITE_TIMEOUT_MS (30 s). A router that gives up earlier leaves the client without the
  // outcome.
  upstreamTimeout: 45_000,
};
