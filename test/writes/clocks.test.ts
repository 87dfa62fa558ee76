import { afterEach, describe, expect, it } from '@jest/globals';
import { clockAhead } from '../../src/upstreams/http/transport.js';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator } from '../support/start-simulator.js';
import { Place } from './place.js';

const HOUR = 3_600_000;

describe('an upstream whose clock is not ours', () => {
  let simulator: TestSimulator | undefined;
  let gateway: TestGateway | undefined;
  afterEach(async () => {
    await gateway?.close();
    await simulator?.close();
    await removeGatewayFolders();
  });

  it.each([-13 * HOUR, -90_000, 90_000, 13 * HOUR])('proves a write by its own time, %d ms ahead', async (aheadMs) => {
    simulator = await startTestSimulator({ systemNow: () => Date.now() + aheadMs });
    const { apiKey, world } = simulator.freshWorld('clocks');
    gateway = await startGateway({ xtractaUrl: simulator.url, env: { XTRACTA_API_KEY: apiKey } });
    const order = new Place(world, gateway);
    order.fault('booster', 'commit_then_drop');
    await order.order('1223', 2);
    expect((await order.reconcile()).status).toBe('SUCCEEDED');
    const change = new Place(world, gateway);
    change.fault('update', 'commit_then_drop');
    await change.change('113');
    // A clock that is set right, or moved, between the write and the look changes nothing: it counted when the write
    // was sent.
    world.advance({ seconds: 3 * 3_600 });
    expect((await change.reconcile()).status).toBe('SUCCEEDED');
    const other = new Place(world, gateway);
    other.fault('booster', 'reset');
    await other.order('1223');
    world.advance({ seconds: 600 });
    other.buy('1223');
    expect(await other.reconcile()).toMatchObject({
      status: 'OUTCOME_UNKNOWN',
      evidenceFit: [{ doesNotFit: ['TIME'] }],
    });
  });
});

describe('the difference of two clocks', () => {
  const DATE = 'Sun, 01 Mar 2026 12:00:00 GMT';
  const AT = Date.parse(DATE);
  it.each([
    ['none, within the second that is told', DATE, AT + 100, AT + 300, 0],
    ['not told exactly, though it may be none', DATE, AT - 100, AT + 1_050, null],
    ['none, when the request went out before that second', DATE, AT - 100, AT + 50, 0],
    ['none, when the response came in after it', DATE, AT + 900, AT + 1_300, 0],
    ['hours ahead of ours', DATE, AT - HOUR, AT - HOUR + 200, HOUR + 400],
    ['hours behind ours', DATE, AT + HOUR, AT + HOUR + 200, -HOUR + 400],
    ['not told', null, AT, AT + 10, null],
    ['not told exactly: the response took too long', DATE, AT + HOUR, AT + HOUR + 1_001, null],
    ['not told: our own clock was set back meanwhile', DATE, AT, AT - 5, null],
    ['not told in the form of HTTP', '2026-03-01T12:00:00Z', AT, AT + 10, null],
    ['not told by a number', '0', AT, AT + 10, null],
    ['not told by what is no date', 'Sun, 99 Mar 2026 12:00:00 GMT', AT, AT + 10, null],
  ])('is %s', (_title, date, sentMs, receivedMs, expected) => {
    expect(clockAhead(date, sentMs, receivedMs)).toBe(expected);
  });
});
