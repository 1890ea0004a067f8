import { describe, expect, test } from 'vitest';
import { createTally, type Tally } from './tally.ts';
import { createUnitWindow, type UnitRequest } from './unit-window.ts';

function request(tally: Tally, changes: Partial<UnitRequest> = {}): UnitRequest {
  return { release: 1, source: 'split', bucket: 0.25, tally, bad: false, milliseconds: 5, ...changes };
}

const tallyWith = (edges: readonly number[]): Tally => createTally(edges, 'epoch');

describe('units', () => {
  test('a key counts once in a second, as bad if any request was, with the time of the slowest', () => {
    const window = createUnitWindow();
    const tally = tallyWith([10, 100]);
    for (const [bad, milliseconds] of [
      [false, 5],
      [true, 50],
      [false, 7],
    ] as const)
      window.add(request(tally, { bad, milliseconds }), 2000);
    window.settle(2999);
    expect(tally.units).toMatchObject({ requests: 0, errors: 0 });
    window.settle(3000);
    expect(tally.units).toEqual({ requests: 1, errors: 1, latency: [0, 1, 0], newKeys: 0 });
  });

  test('the next second, another key, another release and another source count by themselves', () => {
    const window = createUnitWindow();
    const tally = tallyWith([10]);
    window.add(request(tally), 100);
    window.add(request(tally, { bucket: 0.75 }), 200);
    window.add(request(tally, { release: 2 }), 300);
    window.add(request(tally, { source: 'mirror' }), 400);
    window.add(request(tally), 1100);
    expect(tally.units.requests).toBe(4);
    window.settle(5000);
    expect(tally.units.requests).toBe(5);
  });

  test('a request without a key is a unit of its own, counted at once', () => {
    const window = createUnitWindow();
    const tally = tallyWith([10]);
    for (let time = 0; time < 3; time += 1) window.add(request(tally, { bucket: null, bad: time === 1 }), 100);
    expect(tally.units).toMatchObject({ requests: 3, errors: 1 });
  });

  test('a unit that two replicas have served is shown where it was bad', () => {
    const window = createUnitWindow();
    const [well, sick] = [tallyWith([10]), tallyWith([10])];
    window.add(request(well), 100);
    window.add(request(sick, { bad: true }), 200);
    window.add(request(well), 300);
    window.settle(1000);
    expect(well.units.requests).toBe(0);
    expect(sick.units).toMatchObject({ requests: 1, errors: 1 });
  });
});
