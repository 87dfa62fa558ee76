import { chunkedResponse, closedResponse, httpResponse } from '../../../support/raw-upstream.js';
import { BOOSTER, describeFaults, type Fault, INVALID, stopAllAfterEach, UNAVAILABLE } from './xtracta.harness.js';

stopAllAfterEach();

const xml = (inner: string): string => `<?xml version="1.0"?><billings_response>${inner}</billings_response>`;
const refusal = (status: number): string => xml(`<status>${status}</status><message>Invalid pack</message>`);
const HTML = '<!DOCTYPE html><html><body>login</body></html>';

const RESPONSE_FAULTS: readonly Fault[] = [
  ['400 with a refusal in XML', httpResponse(400, refusal(400)), 'rejected', 'UPSTREAM_REJECTED', 1],
  ['422 with a refusal in XML', httpResponse(422, refusal(422)), 'rejected', 'UPSTREAM_REJECTED', 1],
  ['401 in XML', httpResponse(401, refusal(401)), 'rejected', 'UPSTREAM_UNAUTHENTICATED', 1],
  ['403 in XML', httpResponse(403, refusal(403)), 'rejected', 'FORBIDDEN', 1],
  ['403 in HTML', httpResponse(403, HTML), 'unknown', 'UPSTREAM_UNAUTHENTICATED', 1],
  ['404 in XML', httpResponse(404, refusal(404)), 'rejected', 'NOT_FOUND', 1],
  ['404 in HTML', httpResponse(404, HTML), 'unknown', INVALID, 1],
  ['401 in HTML', httpResponse(401, HTML), 'unknown', 'UPSTREAM_UNAUTHENTICATED', 1],
  ['400 in HTML', httpResponse(400, HTML), 'unknown', INVALID, 1],
  ...[408, 425, 429].map(
    (status): Fault => [`${status} without XML`, httpResponse(status, ''), 'unknown', UNAVAILABLE, 3],
  ),
  ['429 in XML', httpResponse(429, refusal(429)), 'rejected', UNAVAILABLE, 3],
  [
    '429 that asks for more patience than there is',
    httpResponse(429, '', { 'retry-after': '6' }),
    'unknown',
    UNAVAILABLE,
    1,
  ],
  ['500 in HTML', httpResponse(500, HTML), 'unknown', UNAVAILABLE, 3],
  ['500 in XML', httpResponse(500, refusal(500)), 'unknown', UNAVAILABLE, 3],
  ...[502, 503, 504].map(
    (status): Fault => [`${status} from a proxy`, httpResponse(status, HTML), 'unknown', UNAVAILABLE, 3],
  ),
  ['501', httpResponse(501, ''), 'unknown', UNAVAILABLE, 1],
  ['200 with status 400', httpResponse(200, refusal(400)), 'rejected', 'UPSTREAM_REJECTED', 1],
  ['200 with status 404', httpResponse(200, refusal(404)), 'rejected', 'NOT_FOUND', 1],
  ['200 with status 403', httpResponse(200, refusal(403)), 'rejected', 'FORBIDDEN', 1],
  [
    '200 with status false',
    httpResponse(200, xml('<status>false</status><message>No</message>')),
    'rejected',
    'UPSTREAM_REJECTED',
    1,
  ],
  ['200 with status 500', httpResponse(200, refusal(500)), 'unknown', UNAVAILABLE, 3],
  [
    '200 with two statuses',
    httpResponse(200, xml('<status>200</status><status>200</status><pack><id>1</id></pack>')),
    'unknown',
    INVALID,
    1,
  ],
  [
    '200 with a status that is no word',
    httpResponse(200, xml('<status>maybe</status><pack><id>1</id></pack>')),
    'unknown',
    INVALID,
    1,
  ],
  [
    'a refusal that shows a pack',
    httpResponse(200, xml('<status>400</status><pack><id>1</id></pack>')),
    'unknown',
    'UPSTREAM_REJECTED',
    1,
  ],
  ['400 beside status 200', httpResponse(400, BOOSTER), 'unknown', 'UPSTREAM_REJECTED', 1],
  ['status 200 without a payload', httpResponse(200, refusal(200)), 'unknown', 'OK 0', 1],
  ['status 200 with an empty pack', httpResponse(200, xml('<status>200</status><pack/>')), 'unknown', 'OK 0', 1],
  [
    'result false beside status 200',
    httpResponse(200, xml('<status>200</status><result>false</result>')),
    'rejected',
    'UPSTREAM_REJECTED',
    1,
  ],
  ['a status in another case', httpResponse(200, BOOSTER.replaceAll('status>', 'Status>')), 'unknown', INVALID, 1],
  ['a status with a prefix', httpResponse(200, BOOSTER.replaceAll('status>', 'x:status>')), 'unknown', INVALID, 1],
  [
    'a refusal in another case beside a yes',
    httpResponse(200, BOOSTER.replace('<pack>', '<STATUS>400</STATUS><pack>')),
    'unknown',
    INVALID,
    1,
  ],
  ['a refusal in another case', httpResponse(200, xml('<Status>404</Status>')), 'unknown', INVALID, 1],
  [
    '400 with a status 500 in another case',
    httpResponse(400, xml('<Status>500</Status>')),
    'unknown',
    'UPSTREAM_REJECTED',
    1,
  ],
  [
    'result false in another case beside a yes',
    httpResponse(200, BOOSTER.replace('<pack>', '<Result>false</Result><pack>')),
    'unknown',
    INVALID,
    1,
  ],
  [
    'a refusal that shows a pack in another case',
    httpResponse(200, xml('<status>400</status><x:Pack><id>1</id></x:Pack>')),
    'unknown',
    'UPSTREAM_REJECTED',
    1,
  ],
  [
    'a yes with a pack in another case',
    httpResponse(200, xml('<status>200</status><Pack><id>1</id></Pack>')),
    'unknown',
    'OK 0',
    1,
  ],
  ['a login page with 200', httpResponse(200, HTML, { 'content-type': 'text/html' }), 'unknown', INVALID, 1],
  ['XHTML with 200', httpResponse(200, '<html><body/></html>'), 'unknown', INVALID, 1],
  ['JSON where XML is due', httpResponse(200, '{"status":200,"pack":{"id":1}}'), 'unknown', INVALID, 1],
  ['an empty body', httpResponse(200, ''), 'unknown', INVALID, 1],
  ['a PHP warning before the XML', httpResponse(200, `Warning: x in y.php\n${BOOSTER}`), 'unknown', INVALID, 1],
  ['two roots', httpResponse(200, `${BOOSTER}<billings_response/>`), 'unknown', INVALID, 1],
  [
    'a DOCTYPE',
    httpResponse(
      200,
      BOOSTER.replace(
        '<billings_response>',
        '<!DOCTYPE billings_response SYSTEM "http://127.0.0.1:1/x"><billings_response>',
      ),
    ),
    'unknown',
    INVALID,
    1,
  ],
  ['another root', httpResponse(200, BOOSTER.replaceAll('billings_response', 'xml')), 'unknown', INVALID, 1],
  [
    'the root of the billing UI',
    httpResponse(200, BOOSTER.replaceAll('billings_response', 'documents_response')),
    'succeeded',
    'OK 0',
    1,
  ],
  ['XML as text/plain', httpResponse(200, BOOSTER, { 'content-type': 'text/plain' }), 'succeeded', 'OK 0', 1],
  ['XML without a content type', httpResponse(200, BOOSTER, {}), 'succeeded', 'OK 0', 1],
  ['a whole response that ends with the connection', closedResponse(200, BOOSTER), 'succeeded', 'OK 0', 1],
  ['a whole response in chunks', chunkedResponse(200, BOOSTER), 'succeeded', 'OK 0', 1],
  ['status true', httpResponse(200, BOOSTER.replace('>200<', '>true<')), 'succeeded', 'OK 0', 1],
  ['no status', httpResponse(200, BOOSTER.replace('<status>200</status>', '')), 'succeeded', 'OK 0', 1],
  ['201', httpResponse(201, BOOSTER), 'succeeded', 'OK 0', 1],
];

describeFaults('Xtracta, when the response is odd', RESPONSE_FAULTS);
