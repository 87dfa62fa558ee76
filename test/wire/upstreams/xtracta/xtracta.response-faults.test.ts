import { answer, chunkedAnswer, closedAnswer } from '../../../support/raw-upstream.js';
import { BOOSTER, describeFaults, type Fault, INVALID, stopAllAfterEach, UNAVAILABLE } from './xtracta.harness.js';

stopAllAfterEach();

const xml = (inner: string): string => `<?xml version="1.0"?><billings_response>${inner}</billings_response>`;
const refusal = (status: number): string => xml(`<status>${status}</status><message>Invalid pack</message>`);
const HTML = '<!DOCTYPE html><html><body>login</body></html>';

const RESPONSE_FAULTS: readonly Fault[] = [
  ['400 with a refusal in XML', answer(400, refusal(400)), 'rejected', 'UPSTREAM_REJECTED', 1],
  ['422 with a refusal in XML', answer(422, refusal(422)), 'rejected', 'UPSTREAM_REJECTED', 1],
  ['401 in XML', answer(401, refusal(401)), 'rejected', 'UPSTREAM_UNAUTHENTICATED', 1],
  ['403 in XML', answer(403, refusal(403)), 'rejected', 'FORBIDDEN', 1],
  ['403 in HTML', answer(403, HTML), 'unknown', 'UPSTREAM_UNAUTHENTICATED', 1],
  ['404 in XML', answer(404, refusal(404)), 'rejected', 'NOT_FOUND', 1],
  ['404 in HTML', answer(404, HTML), 'unknown', INVALID, 1],
  ['401 in HTML', answer(401, HTML), 'unknown', 'UPSTREAM_UNAUTHENTICATED', 1],
  ['400 in HTML', answer(400, HTML), 'unknown', INVALID, 1],
  ...[408, 425, 429].map((status): Fault => [`${status} without XML`, answer(status, ''), 'unknown', UNAVAILABLE, 3]),
  ['429 in XML', answer(429, refusal(429)), 'rejected', UNAVAILABLE, 3],
  ['429 that asks for more patience than there is', answer(429, '', { 'retry-after': '6' }), 'unknown', UNAVAILABLE, 1],
  ['500 in HTML', answer(500, HTML), 'unknown', UNAVAILABLE, 3],
  ['500 in XML', answer(500, refusal(500)), 'unknown', UNAVAILABLE, 3],
  ...[502, 503, 504].map(
    (status): Fault => [`${status} from a proxy`, answer(status, HTML), 'unknown', UNAVAILABLE, 3],
  ),
  ['501', answer(501, ''), 'unknown', UNAVAILABLE, 1],
  ['200 with status 400', answer(200, refusal(400)), 'rejected', 'UPSTREAM_REJECTED', 1],
  ['200 with status 404', answer(200, refusal(404)), 'rejected', 'NOT_FOUND', 1],
  ['200 with status 403', answer(200, refusal(403)), 'rejected', 'FORBIDDEN', 1],
  [
    '200 with status false',
    answer(200, xml('<status>false</status><message>No</message>')),
    'rejected',
    'UPSTREAM_REJECTED',
    1,
  ],
  ['200 with status 500', answer(200, refusal(500)), 'unknown', UNAVAILABLE, 3],
  [
    '200 with two statuses',
    answer(200, xml('<status>200</status><status>200</status><pack><id>1</id></pack>')),
    'unknown',
    INVALID,
    1,
  ],
  [
    '200 with a status that is no word',
    answer(200, xml('<status>maybe</status><pack><id>1</id></pack>')),
    'unknown',
    INVALID,
    1,
  ],
  [
    'a refusal that shows a pack',
    answer(200, xml('<status>400</status><pack><id>1</id></pack>')),
    'unknown',
    'UPSTREAM_REJECTED',
    1,
  ],
  ['400 beside status 200', answer(400, BOOSTER), 'unknown', 'UPSTREAM_REJECTED', 1],
  ['status 200 without a payload', answer(200, refusal(200)), 'unknown', 'OK 0', 1],
  ['status 200 with an empty pack', answer(200, xml('<status>200</status><pack/>')), 'unknown', 'OK 0', 1],
  [
    'result false beside status 200',
    answer(200, xml('<status>200</status><result>false</result>')),
    'rejected',
    'UPSTREAM_REJECTED',
    1,
  ],
  ['a login page with 200', answer(200, HTML, { 'content-type': 'text/html' }), 'unknown', INVALID, 1],
  ['XHTML with 200', answer(200, '<html><body/></html>'), 'unknown', INVALID, 1],
  ['JSON where XML is due', answer(200, '{"status":200,"pack":{"id":1}}'), 'unknown', INVALID, 1],
  ['an empty body', answer(200, ''), 'unknown', INVALID, 1],
  ['a PHP warning before the XML', answer(200, `Warning: x in y.php\n${BOOSTER}`), 'unknown', INVALID, 1],
  ['two roots', answer(200, `${BOOSTER}<billings_response/>`), 'unknown', INVALID, 1],
  [
    'a DOCTYPE',
    answer(
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
  ['another root', answer(200, BOOSTER.replaceAll('billings_response', 'xml')), 'unknown', INVALID, 1],
  [
    'the root of the billing UI',
    answer(200, BOOSTER.replaceAll('billings_response', 'documents_response')),
    'succeeded',
    'OK 0',
    1,
  ],
  ['XML as text/plain', answer(200, BOOSTER, { 'content-type': 'text/plain' }), 'succeeded', 'OK 0', 1],
  ['XML without a content type', answer(200, BOOSTER, {}), 'succeeded', 'OK 0', 1],
  ['a whole response that ends with the connection', closedAnswer(200, BOOSTER), 'succeeded', 'OK 0', 1],
  ['a whole response in chunks', chunkedAnswer(200, BOOSTER), 'succeeded', 'OK 0', 1],
  ['status true', answer(200, BOOSTER.replace('>200<', '>true<')), 'succeeded', 'OK 0', 1],
  ['no status', answer(200, BOOSTER.replace('<status>200</status>', '')), 'succeeded', 'OK 0', 1],
  ['201', answer(201, BOOSTER), 'succeeded', 'OK 0', 1],
];

describeFaults('Xtracta, when the response is odd', RESPONSE_FAULTS);
