import type { BillingPlan } from '../domain/billing-plan.js';
import { parseDecimal } from '../domain/decimal.js';
import { readableOrNull } from '../domain/readable.js';
import type { Rows } from './history.executor.js';
import type { HistoryRead } from './history-client.port.js';
import { planWindow, windowCovers } from './history-window.policy.js';
import { planInForce } from './plan.policy.js';

interface ReadHistory {
  readonly read: HistoryRead;
  readonly rows: Rows;
}

/**
 * Holds what the usage endpoint says of a group's plan now against what the same operation read in the history anyway; nothing is
 * read for it. Mutable state of one operation by one caller.
 */
export class PlanComparison {
  readonly #usage = new Map<string, BillingPlan | null>();
  readonly #histories: ReadHistory[] = [];
  readonly #told = new Set<string>();

  /** @param onMismatch told once for each group about which the two differ */
  constructor(
    private readonly nowMs: number,
    private readonly onMismatch: () => void,
  ) {}

  noteUsage(groupId: string, plan: BillingPlan | null): void {
    this.#usage.set(groupId, plan);
    for (const history of this.#histories) this.#compare(groupId, plan, history);
  }

  noteHistory(read: HistoryRead, rows: Rows): void {
    const history = { read, rows };
    this.#histories.push(history);
    for (const [groupId, plan] of this.#usage) this.#compare(groupId, plan, history);
  }

  #compare(groupId: string, plan: BillingPlan | null, history: ReadHistory): void {
    if (this.#told.has(groupId) || !plansDiffer(plan, history, groupId, this.nowMs)) return;
    this.#told.add(groupId);
    this.onMismatch();
  }
}

/** False also where the history that was read says nothing about it: its window may end before now, or begin after the plan. */
function plansDiffer(plan: BillingPlan | null, { read, rows }: ReadHistory, groupId: string, nowMs: number): boolean {
  if (read.groupId !== groupId && !read.recursive) return false;
  if (read.toSeconds * 1000 < nowMs - 1000) return false;
  const derived = planInForce(rows, groupId, nowMs);
  if (derived !== null) return plan === null || !samePlan(plan, derived);
  return plan !== null && read.groupId === groupId && windowCovers(read, planWindow(nowMs));
}

/** Equal in all that both tell. What was used is left out: it grows between two answers. */
function samePlan(one: BillingPlan, other: BillingPlan): boolean {
  const [price, otherPrice] = [readableOrNull(one.price), readableOrNull(other.price)];
  return (
    agree(one.name, other.name) &&
    agree(readableOrNull(one.allowedDocuments), readableOrNull(other.allowedDocuments)) &&
    agree(secondOf(one), secondOf(other)) &&
    agree(exactValue(price?.amount), exactValue(otherPrice?.amount)) &&
    agree(readableOrNull(price?.currency ?? null), readableOrNull(otherPrice?.currency ?? null))
  );
}

function agree<T>(one: T | null, other: T | null): boolean {
  return one === null || other === null || one === other;
}

/** `15` and `15.00` are one price. */
function exactValue(amount: string | undefined): string | null {
  return parseDecimal(amount ?? '')?.value.toFixed() ?? null;
}

function secondOf({ startDate }: BillingPlan): number | null {
  const start = readableOrNull(startDate);
  return start === null ? null : Math.floor(Date.parse(start) / 1000);
}
