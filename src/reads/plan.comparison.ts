import type { BillingPlan } from '../domain/billing-plan.js';
import { parseDecimal } from '../domain/decimal.js';
import { readableOrNull } from '../domain/readable.js';
import type { Rows } from './history.executor.js';
import type { HistoryRead } from './history-client.port.js';
import { planWindow, windowCovers } from './history-window.policy.js';
import { planInForce } from './plan.policy.js';

/** What usage said of a group, and when that was now. */
interface PlanInUse {
  readonly plan: BillingPlan | null;
  readonly nowMs: number;
}

interface ReadHistory {
  readonly read: HistoryRead;
  readonly rows: Rows;
}

/**
 * Holds what the usage endpoint says of a group's plan now against what the same operation read in the history anyway; nothing is
 * read for it. Mutable state of one operation by one caller.
 */
export class PlanComparison {
  readonly #usage = new Map<string, PlanInUse>();
  readonly #histories: ReadHistory[] = [];
  readonly #told = new Set<string>();

  /** @param onMismatch told once for each group about which the two differ */
  constructor(private readonly onMismatch: () => void) {}

  /** @param nowMs the moment that the plan is for: now, by whichever clock was asked */
  noteUsage(groupId: string, plan: BillingPlan | null, nowMs: number): void {
    const inUse = { plan, nowMs };
    this.#usage.set(groupId, inUse);
    for (const history of this.#histories) this.#compare(groupId, inUse, history);
  }

  noteHistory(read: HistoryRead, rows: Rows): void {
    const history = { read, rows };
    this.#histories.push(history);
    for (const [groupId, inUse] of this.#usage) this.#compare(groupId, inUse, history);
  }

  #compare(groupId: string, inUse: PlanInUse, history: ReadHistory): void {
    if (this.#told.has(groupId) || !plansDiffer(groupId, inUse, history)) return;
    this.#told.add(groupId);
    this.onMismatch();
  }
}

/** False also where the history that was read says nothing about it: its window may end before now, or begin after the plan. */
function plansDiffer(groupId: string, { plan, nowMs }: PlanInUse, { read, rows }: ReadHistory): boolean {
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
