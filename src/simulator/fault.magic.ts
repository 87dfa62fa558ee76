import { type Fault, makeFault } from './fault.kinds.js';

/**
 * Ids that bring a fault about without any rule: a pack or plan of this number (sold as pack 1223 or plan 112), or a PurchaseID
 * that ends in it (`00000000-0000-4000-8000-000000990001`).
 */
export const MAGIC_FAULTS: Readonly<Record<string, Fault>> = {
  '990001': makeFault('commit_then_drop'),
  '990002': makeFault('reset'),
  '990003': makeFault('hang'),
  '990004': makeFault('hang', { commit: true }),
  '990005': makeFault('cut'),
  '990006': makeFault('cut', { mode: 'close' }),
  '990007': makeFault('html'),
  '990008': makeFault('status_element', { value: 'true' }),
  '990009': makeFault('redirect'),
  '990010': makeFault('missing_payload'),
  '990011': makeFault('oversize'),
  '990012': makeFault('status', { code: 502, commit: true }),
  '990400': makeFault('xml_status', { code: 400, message: 'Simulated refusal' }),
  '990402': makeFault('status', { code: 402, body: 'xml', message: 'Payment required' }),
  '990429': makeFault('rate_limit'),
  '990500': makeFault('status', { code: 500, body: 'xml', message: 'Simulated server error' }),
  '990503': makeFault('status', { code: 503 }),
};

const MAGIC_PURCHASE = /^00000000-0000-4000-8000-000000(99\d{4})$/;

/** The fault of a magic pack or plan id. */
export function magicFault(id: string | undefined): Fault | null {
  return (id === undefined ? undefined : MAGIC_FAULTS[id]) ?? null;
}

/** The fault of a magic PurchaseID. For `…990402` and `…990010` see the credits endpoint: they are answered in its own shape. */
export function magicPurchaseFault(purchaseId: string): Fault | null {
  const number = MAGIC_PURCHASE.exec(purchaseId.toLowerCase())?.[1];
  switch (number) {
    case undefined:
    case '990400':
    case '990402':
      return null;
    case '990008':
      return makeFault('error_beside');
    case '990010':
      return makeFault('detail_null');
    case '990500':
      return makeFault('server_error');
    default:
      return magicFault(number);
  }
}
