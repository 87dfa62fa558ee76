import { createServer } from 'node:http';

// An account of 1,500 groups with 12 rows each, and the most expensive admitted operations on it.

const GROUPS = 1_500;
const ROWS_PER_GROUP = 12;

function row(id: number, groupId: number): string {
  return `<activity><id>${id}</id><plan>Plan ${groupId}</plan><plan_type>Monthly</plan_type><price>10.50</price><credit_amount>0</credit_amount><price_currency>NZD</price_currency><allowed_documents>50</allowed_documents><used_documents>8</used_documents><plan_activity>renew</plan_activity><start_date>2026-01-0${(id % 9) + 1}T02:16:49+00:00</start_date><expiry_date>2027-12-21T02:16:48+00:00</expiry_date><group_name>Group ${groupId}</group_name><group_id>${groupId}</group_id></activity>`;
}

function history(groupIds: readonly number[]): string {
  const rows = groupIds.flatMap((groupId) =>
    Array.from({ length: ROWS_PER_GROUP }, (_, index) => row(groupId * 100 + index, groupId)),
  );
  return `<?xml version="1.0" encoding="UTF-8"?><billings_response><status>200</status><message>ok</message><plans>${rows.join('')}</plans></billings_response>`;
}

export interface LargeUpstream {
  readonly url: string;
  close(): void;
}

/** Serves every history of the account, group by group or as a whole. */
export async function startLargeUpstream(): Promise<LargeUpstream> {
  const all = Buffer.from(history(Array.from({ length: GROUPS }, (_, index) => index + 1)));
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8');
    });
    request.on('end', () => {
      const form = new URLSearchParams(body);
      const xml = form.get('recursive') === '1' ? all : history([Number(form.get('group_id'))]);
      response.writeHead(200, { 'content-type': 'text/xml; charset=utf-8' }).end(xml);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The upstream has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const aliases = (count: number, field: string): string =>
  Array.from({ length: count }, (_, index) => `a${index}: ${field}`).join(' ');

const SEVEN = 'id kind planName price { amount currency } startDate expiryDate';
const EVERYTHING = `${SEVEN} kindRaw planType planTypeRaw creditAmount allowedDocuments usedDocuments groupName group { id name }`;

/** Refused as a whole, because a part must not look like the complete response. */
export const TOO_DEAR: readonly (readonly [string, string])[] = [
  [
    'eighty full pages of one history',
    `{ group(id: "1") { ${aliases(80, `billingHistory(first: 5000, includeSubgroups: true) { nodes { ${SEVEN} } }`)} } }`,
  ],
  [
    'pages of everything, whose text is too long',
    `{ group(id: "1") { ${aliases(20, `billingHistory(first: 5000, includeSubgroups: true) { nodes { ${EVERYTHING} } }`)} } }`,
  ],
  [
    'the histories of all groups, eighty times',
    `{ group(id: "1") { ${aliases(80, 'subgroups { billingHistory(first: 50) { nodes { id price { amount } } } }')} } }`,
  ],
  [
    'one page under a hundred names',
    `{ group(id: "1") { billingHistory(first: 5000, includeSubgroups: true) { ${aliases(99, 'nodes { id }')} } } }`,
  ],
  [
    'names of 250 characters',
    `{ group(id: "1") { billingHistory(first: 5000, includeSubgroups: true) { ${aliases(19, `nodes { ${'x'.repeat(250)}0: id ${'y'.repeat(250)}1: id }`)} } } }`,
  ],
  ['all groups below, a hundred times', `{ group(id: "1") { ${aliases(100, 'subgroups { id name }')} } }`],
];

/** Within the limits, and large. */
export const DEAR: readonly string[] = [
  `{ group(id: "1") { ${aliases(10, `billingHistory(first: 5000, includeSubgroups: true) { nodes { ${SEVEN} } }`)} } }`,
  `{ group(id: "1") { ${aliases(2, 'subgroups { billingHistory(first: 50) { nodes { id price { amount } } } }')} } }`,
  `{ group(id: "1") { ${aliases(20, 'subgroups { id name }')} } }`,
];
