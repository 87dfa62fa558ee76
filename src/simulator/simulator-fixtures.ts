import type { Group, Pack, Plan } from './world-state.js';

/** The ids of every fresh world. This folder's README documents them; they never change. */
export const FIXTURES = {
  apiKey: 'demo-xtracta-key-00000000000000000000001',
  /** Bound to a sub-group of the same world: requests for groups outside of that group's tree are refused. */
  subGroupApiKey: 'demo-xtracta-key-00000000000000000000002',
  creditsToken: 'demo-credits-token-0000000000000000000001',
  creditsClientId: 'demo-credits-client',
  creditsClientSecret: 'demo-credits-secret',
  rootGroupId: '100000',
  subGroupKeyGroupId: '100001',
  /** Two levels below the root: 100000 → 100001 → 100041 → 100047. */
  nestedGroupId: '100047',
  /** Its plan is used up and 25 documents are on hold. */
  heldGroupId: '100005',
  /** A group that never had a plan. */
  planlessGroupId: '100013',
  /** A group with one monthly plan, which ended and wasn't renewed. */
  lapsedGroupId: '100014',
  /** A group that exists, but outside of the root's tree. */
  foreignGroupId: '900001',
  annualGroupId: '100003',
  monthlyPlanId: '112',
  smallerPlanId: '111',
  largerPlanId: '113',
  annualPlanId: '121',
  packId: '1223',
  largerPackId: '1224',
  purchaseId: '9beb5f68-6493-4cc4-b55e-187541a9d22b',
  rejectedPurchaseId: '00000000-0000-4000-8000-000000990402',
} as const;

export const FIXTURE_PLANS: readonly Plan[] = [
  plan('110', 'Demo Default Plan - Free - 50 Docs', 'Monthly', 50, '0', '0', 'NZD'),
  plan('111', 'Starter 100', 'Monthly', 100, '49.90', '35.00', 'NZD'),
  plan('112', 'Business 1000', 'Monthly', 1000, '500', '350', 'NZD'),
  plan('113', 'Enterprise 10000', 'Monthly', 10_000, '2500.50', '1750.35', 'NZD'),
  plan('114', 'Business 1000 (USD)', 'Monthly', 1000, '310.10', '217.07', 'USD'),
  plan('121', 'Business Annual 12000', 'Annual', 12_000, '5000.00', '3500.00', 'NZD'),
  plan('122', 'Starter Annual 1200', 'Annual', 1200, '499.00', '349.30', 'NZD'),
  // A name that a careless parser takes for a number, and a price that it shortens.
  plan('130', '1e5', 'Monthly', 7, '0.10', '0.07', 'NZD'),
];

export const FIXTURE_PACKS: readonly Pack[] = [
  { id: '1223', name: 'Booster 100', allowed: 100, price: '99', wholesalePrice: '69.30', currency: 'NZD' },
  { id: '1224', name: 'Booster 500', allowed: 500, price: '450.50', wholesalePrice: '315.35', currency: 'NZD' },
  { id: '1225', name: '007', allowed: 1, price: '0.10', wholesalePrice: '0.07', currency: 'NZD' },
];

/** Names like those of real groups: characters that XML must escape, other scripts, and digits only. */
const SPECIAL_NAMES: Readonly<Record<string, string>> = {
  '100001': 'Northern Region',
  '100002': 'Southern Region',
  '100007': 'Café Zoë & Söhne',
  '100008': 'O\'Neil <Builders> "Ltd"',
  '100009': '1e5',
  '100010': '007',
  '100011': '東京支店',
  '100012': 'Party 🎉 Hire',
};

const SUB_GROUPS = 55;

/** The root, 55 groups in three levels below it, and a group outside of the root's tree. */
export function fixtureGroups(): Group[] {
  const groups: Group[] = [
    { id: FIXTURES.rootGroupId, parentId: null, name: 'Demo Holdings', autoRenew: true },
    { id: FIXTURES.foreignGroupId, parentId: null, name: 'Somebody Else', autoRenew: true },
  ];
  for (let index = 1; index <= SUB_GROUPS; index += 1) {
    const id = String(100_000 + index);
    groups.push({
      id,
      parentId: parentOf(index),
      name: SPECIAL_NAMES[id] ?? `Branch ${index}`,
      autoRenew: id !== FIXTURES.lapsedGroupId,
    });
  }
  return groups;
}

/** The first plan of a group of the fixtures; null for the group that never had one. */
export function fixturePlanId(groupId: string): string | null {
  switch (groupId) {
    case FIXTURES.planlessGroupId:
      return null;
    case FIXTURES.heldGroupId:
    case FIXTURES.lapsedGroupId:
      return '111';
    case FIXTURES.annualGroupId:
      return '121';
    case '100006':
      return '114';
    case '100009':
      return '130';
    default:
      return ['112', '111', '110', '113', '122'][Number(groupId) % 5] ?? '112';
  }
}

/**
 * The parent of a group: 1 to 40 are below the root, 41 to 46 below 100001, 47 to 50 below 100041, 51 to 55 below
 * 100002.
 */
function parentOf(index: number): string {
  if (index <= 40) return FIXTURES.rootGroupId;
  if (index <= 46) return '100001';
  if (index <= 50) return '100041';
  return '100002';
}

function plan(
  id: string,
  name: string,
  type: Plan['type'],
  allowed: number,
  price: string,
  wholesalePrice: string,
  currency: string,
): Plan {
  return { id, name, type, allowed, price, wholesalePrice, currency };
}
