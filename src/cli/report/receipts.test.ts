import { describe, expect, test } from 'vitest';
import { createServingRig, PLAN, type Rig, SPEC } from '../../../test/rigs/engine-rig.ts';
import { plainTerminal } from '../../../test/rigs/terminal-rig.ts';
import { type EnvironmentSpec, readRecords, type RolloutRecord, runBacktest } from '../../delivery/index.ts';
import { readRecordings } from '../backtest/recording-file.ts';
import { type HistoryDocument, historyDocument } from './history-document.ts';
import { whyReport } from './why-report.ts';

const KEY = 'herald/local';

function recordsOf(rig: Rig): readonly RolloutRecord[] {
  return readRecords(rig.journal, KEY);
}

function last(rig: Rig): RolloutRecord {
  const record = recordsOf(rig).at(-1);
  if (record === undefined) throw new Error('nothing was rolled out');
  return record;
}

/** As whoever reads the output gets it. */
function documentOf(rig: Rig): HistoryDocument {
  return JSON.parse(JSON.stringify(historyDocument(KEY, recordsOf(rig)))) as HistoryDocument;
}

async function aborted(): Promise<Rig> {
  const rig = await createServingRig();
  rig.world.badShare.set(2, 0.25);
  await rig.deploy(2);
  await rig.seconds(60);
  expect(rig.phase()).toBe('aborted aborted');
  return rig;
}

describe('a rollout that the judge has aborted', () => {
  test('tells when each bar was reached: its own when it ended, a stricter one later or never', async () => {
    const { receipt, duration, outcome } = documentOf(await aborted()).rollouts[0] ?? {};
    expect(outcome).toBe('aborted');
    const worse = receipt?.crossings.filter(({ test }) => test === 'worse').map(({ odds, own, at }) => [odds, own, at]);
    const [loose, usual, strict] = worse ?? [];
    expect(usual?.slice(0, 2)).toEqual([0.01, true]);
    expect(usual?.[2]).toBe(duration?.total);
    expect(loose?.[2]).toBeLessThanOrEqual(Number(usual?.[2]));
    expect(strict?.[2] ?? Infinity).toBeGreaterThanOrEqual(Number(usual?.[2]));
  });

  test('is decided at the same time when it is held against its own history', async () => {
    const rig = await aborted();
    const document = documentOf(rig);
    const wish = { file: '-', candidate: undefined, stable: undefined, errors: undefined, total: undefined };
    const [recording] = readRecordings(JSON.stringify(document), { ...wish, rollout: 2 });
    if (recording === undefined) throw new Error('nothing was read');
    const rows = runBacktest(recording, last(rig).started.judge);
    const own = rows.find(({ policy }) => policy === 'slipway, false alarm 1%');
    expect(own?.decided).toMatchObject({ kind: 'abort', at: document.rollouts[0]?.duration?.total });
    expect(own?.seen).toEqual(last(rig).ended?.reading.totals.candidate);
  });

  test('says why in plain words, with the numbers that it rests on', async () => {
    const rig = await aborted();
    const report = whyReport(last(rig), plainTerminal());
    expect(report).toMatch(/^herald\/local\/2: deploy of #2 over #1\n/);
    expect(report).toMatch(/errors {2}#2: \d+ of \d+ · #1: 0 of \d+/);
    expect(report).toMatch(/worse: +e = \d+ ≥ 100: proven, p ≤ \d/);
    expect(report).toMatch(/times as often as stable.* \(98%, valid at any time\)/);
    expect(report).toMatch(/would have been aborted: \+[^,]+ at 5%, \+[^,]+ at 1% \(its own\), /);
    expect(report).toMatch(/took \d+(\.\d+)?s\n {2}aborted: .*proven worse than stable/);
  });
});

test('a judge step with a test of its own has a receipt of its own', async () => {
  const rig = await createServingRig();
  const judge = { ...PLAN.judge, slo: { errors: 0.02, p99: null } };
  const steps = [
    { kind: 'weight', weight: 0.5 },
    { kind: 'judge', judge },
    { kind: 'weight', weight: 1 },
  ] as const;
  await rig.deploy(2, { ...SPEC, strategy: { ...PLAN, steps } });
  await rig.seconds(60);
  const [, counted] =
    /judge of step 1 {2}#2: 0 of (\d+) · #1: 0 of \d+\n/.exec(whyReport(last(rig), plainTerminal())) ?? [];
  expect(Number(counted)).toBeGreaterThan(100);
  expect(whyReport(last(rig), plainTerminal())).toMatch(/worse: e = \d.* of 100; as good: e = \d.* ≥ 20: proven/);
});

describe('a rollout that people and gates had a say in', () => {
  const spec: EnvironmentSpec = {
    ...SPEC,
    approval: { count: 1, by: [], expires: null },
    gates: { smoke: [{ method: 'get', path: '/', body: null, status: 200 }], load: null, e2e: false },
  };

  test('keeps both, and the time in which it waited for people apart', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, spec);
    await rig.seconds(30);
    await rig.order({ kind: 'approve', by: 'ana', groups: ['managers'], authenticated: false });
    rig.world.gateEnds.set('smoke', { kind: 'failed', summary: 'GET / answered 500, expected 200: no' });
    await rig.seconds(120);
    const [rollout] = documentOf(rig).rollouts;
    expect(rollout?.outcome).toBe('aborted');
    expect(rollout?.approvals).toMatchObject([{ by: 'ana', groups: ['managers'], authenticated: false }]);
    expect(rollout?.gates).toMatchObject([
      { gate: 'smoke', result: 'failed', summary: 'GET / answered 500, expected 200: no' },
    ]);
    const { total = 0, progress = 0, held = 0 } = rollout?.duration ?? {};
    expect(held).toBeGreaterThanOrEqual(30_000);
    expect(held).toBeLessThan(32_000);
    expect(progress + held).toBe(total);
    const report = whyReport(last(rig), plainTerminal());
    expect(report).toMatch(/approved by ana .*recorded, not authenticated/);
    expect(report).toMatch(/smoke failed +GET \/ answered 500/);
    expect(report).toMatch(/took .*, 3[01]s of it waiting for people/);
  });

  test('of which somebody said no has no receipt, and says who', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, spec);
    await rig.order({ kind: 'reject', by: 'ben', because: 'not today', authenticated: false });
    const [rollout] = documentOf(rig).rollouts;
    expect(rollout).toMatchObject({ outcome: 'aborted', rejected: { by: 'ben', because: 'not today' }, looks: [] });
    expect(whyReport(last(rig), plainTerminal())).not.toContain('e =');
  });
});

test('the document has the newest first, and says what is still under way', async () => {
  const rig = await createServingRig();
  await rig.deploy(2);
  await rig.seconds(5);
  const { version, environment, rollouts } = documentOf(rig);
  expect({ version, environment }).toEqual({ version: 1, environment: KEY });
  expect(rollouts.map(({ number, outcome }) => [number, outcome])).toEqual([
    [2, null],
    [1, 'promoted'],
  ]);
  expect(rollouts[0]).toMatchObject({ endedAt: null, duration: null, receipt: { reading: null } });
  expect(rollouts[0]?.looks.length).toBeGreaterThan(0);
});
