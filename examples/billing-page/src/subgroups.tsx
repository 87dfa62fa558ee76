import { MISSING } from '@billing-gateway/client';
import { SubgroupsOfGroupDocument, type SubgroupsOfGroupQuery } from '@billing-gateway/client/documents';
import { readPart, useBillingQuery } from '@billing-gateway/client/react';
import { Figure, Panel, Read, Scroll, When } from './parts.tsx';
import { count, day } from './words.ts';

type Subgroup = NonNullable<NonNullable<SubgroupsOfGroupQuery['group']>['subgroups']>[number];

const AT_MOST = 8;

/**
 * The groups below, ordered by when they run out of documents at their present pace. Empty for a group without groups
 * below it.
 */
export function Subgroups({ groupId, now }: { readonly groupId: string; readonly now: number }) {
  const { response, refresh } = useBillingQuery(SubgroupsOfGroupDocument, { groupId });
  const reading = readPart(response, ['group', 'subgroups'], ({ group }) => group?.subgroups);
  if (reading.status === 'ready' && reading.value.length === 0) return null;
  return (
    <Panel id="dry" title="Who runs dry next" note="An estimate: each group's pace in this period, carried on">
      <Read reading={reading} onRetry={refresh} lines={5} none={<p>There are no groups below this one.</p>}>
        {(groups) => {
          const ranked = groups.map((group) => ({ group, dry: runsDryAt(group, now) })).sort(byDryness);
          return (
            <>
              <Scroll label="Groups">
                <table>
                  <thead>
                    <tr>
                      <th scope="col">Group</th>
                      <th scope="col">Plan</th>
                      <th scope="col" className="number">
                        Left
                      </th>
                      <th scope="col">Of the plan</th>
                      <th scope="col">Dry around</th>
                      <th scope="col">Period ends</th>
                    </tr>
                  </thead>
                  <tbody>
                    {ranked.slice(0, AT_MOST).map(({ group, dry }) => (
                      <tr key={group.id}>
                        <td>
                          <a href={`?group=${group.id}`}>{group.name ?? `Group ${group.id}`}</a>
                        </td>
                        <td>
                          <Figure text={group.plan?.name ?? MISSING} />
                        </td>
                        <td className="number figure">
                          <Figure text={count(group.plan?.remainingDocuments ?? null)} />
                        </td>
                        <td>
                          <Meter plan={group.plan} />
                        </td>
                        <td className="figure">{dryWord(dry, group, now)}</td>
                        <td className="figure">
                          <When text={group.plan?.expiryDate ?? null} shown={day(group.plan?.expiryDate ?? null)} />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Scroll>
              {ranked.length <= AT_MOST ? null : (
                <p className="note below">
                  The first {AT_MOST} of {ranked.length} groups below this one.
                </p>
              )}
            </>
          );
        }}
      </Read>
    </Panel>
  );
}

/**
 * When a plan is used up at the pace of this period so far, epoch ms. Null where it is not known, or where the period
 * ends earlier.
 */
export function runsDryAt({ plan }: Subgroup, now: number): number | null {
  if (plan === null || plan.remainingDocuments === null || plan.usedDocuments === null || plan.startDate === null)
    return null;
  if (plan.remainingDocuments === 0) return now;
  const elapsed = now - Date.parse(plan.startDate);
  if (!(elapsed > 0) || plan.usedDocuments === 0) return null;
  const dry = now + (plan.remainingDocuments / plan.usedDocuments) * elapsed;
  return plan.expiryDate !== null && dry > Date.parse(plan.expiryDate) ? null : dry;
}

function byDryness(a: { readonly dry: number | null }, b: { readonly dry: number | null }): number {
  return (a.dry ?? Number.POSITIVE_INFINITY) - (b.dry ?? Number.POSITIVE_INFINITY) || 0;
}

function dryWord(dry: number | null, { plan }: Subgroup, now: number): string {
  if (plan === null || plan.remainingDocuments === null) return MISSING;
  if (dry === null) return 'not in this period';
  return dry <= now ? 'used up' : day(new Date(dry).toISOString());
}

function Meter({ plan }: { readonly plan: Subgroup['plan'] }) {
  if (
    plan === null ||
    plan.allowedDocuments === null ||
    plan.remainingDocuments === null ||
    plan.allowedDocuments === 0
  ) {
    return <Figure text={MISSING} />;
  }
  const share = Math.min(1, plan.remainingDocuments / plan.allowedDocuments);
  const percent = `${Math.round(share * 100)} %`;
  return (
    <span className={`meter ${share < 0.15 ? 'low' : ''}`} title={`${percent} left`}>
      <span style={{ width: percent.replace(' ', '') }} />
    </span>
  );
}
