import { closeSync, openSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { createRig } from '../../../../test/rigs/replica-rig.ts';
import { systemClock } from '../../../kernel/clock.ts';
import { loadService } from './service.ts';
import type { Service, ServiceAnswer } from './service-answer.ts';

const rig = createRig();
const nowhere = openSync('/dev/null', 'w');
afterAll(async () => {
  closeSync(nowhere);
  await rig.close();
});

interface Asked {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: readonly (readonly [string, string])[];
}

function ask(service: Service, path: string, { method = 'GET', body = '', headers = [] }: Asked = {}): ServiceAnswer {
  return service.answer({
    method,
    path,
    authority: 'misbehave.localhost',
    headers: headers.map(([name, value]) => [name, Buffer.from(value)]),
    body: Buffer.from(body),
    trailers: [],
  });
}

/** Status, fields by name and body of an answer; of a failed one what kind of failure it is. */
function read(answer: ServiceAnswer) {
  if (answer.kind === 'failed') return answer.why;
  const headers = answer.headers.map(([name, value]) => `${name}: ${Buffer.from(value).toString()}`);
  return [answer.status, ...headers, Buffer.concat(answer.body?.chunks() ?? []).toString()];
}

// What jco generates is the other implementation of the same contract, so that each is a check of the other.
describe.each([{ name: 'bound directly' }, { name: 'by generated JavaScript', binding: 'generated' as const }])(
  'a service $name',
  ({ name: _name, ...choice }) => {
    const load = async (memory = 64 * 1024 * 1024) =>
      loadService({
        ...choice,
        folder: await rig.prepared(),
        memory,
        environment: { GREETING: 'grüß dich', OTHER: '' },
        clock: systemClock,
        output: { stdout: nowhere, stderr: nowhere },
      });

    test('answers with status, fields and body', async () => {
      const service = await load();
      expect(read(ask(service, '/ok'))).toEqual([200, 'ok\n']);
      expect(read(ask(service, '/status?404'))).toEqual([
        404,
        'set-cookie: a=1',
        'set-cookie: b=2',
        'x-slipway-outcome: forged',
        'text of the answer\n',
      ]);
    });

    test('sees method, target, fields, body and environment', async () => {
      const service = await load();
      const headers = [
        ['x-echo-one', 'ä'],
        ['x-other', 'no'],
      ] as const;
      expect(read(ask(service, '/echo', { method: 'POST', body: 'whole body', headers }))).toEqual([
        200,
        'x-trailers: 0',
        'x-echo-one: ä',
        'whole body',
      ]);
      const seen = read(ask(service, '/headers?a=b', { method: 'PATCH', headers }));
      expect(seen.at(-1)).toBe('PATCH http://misbehave.localhost/headers?a=b\nx-echo-one: ä\nx-other: no\n');
      expect(read(ask(service, '/env')).at(-1)).toBe('GREETING=grüß dich\nOTHER=\n');
    });

    test('waits as long as it wants to', async () => {
      const service = await load();
      const began = performance.now();
      expect(read(ask(service, '/sleep?50'))).toEqual([200, 'slept\n']);
      expect(performance.now() - began).toBeGreaterThanOrEqual(49);
    });

    test('that traps, leaves, wants too much memory or gives no answer fails for that request only', async () => {
      const service = await load(24 * 1024 * 1024);
      expect(read(ask(service, '/trap'))).toBe('trap');
      expect(read(ask(service, '/exit'))).toBe('trap');
      expect(read(ask(service, '/allocate'))).toBe('out-of-memory');
      expect(read(ask(service, '/fail'))).toBe('error');
      expect(read(ask(service, '/status?101'))).toBe('error');
      expect(read(ask(service, '/ok'))).toEqual([200, 'ok\n']);
      expect(service.memory()).toBeLessThan(4 * 1024 * 1024);
    });

    test('keeps no memory from one request to the next', async () => {
      const service = await load();
      for (let round = 0; round < 20; round += 1) ask(service, '/big?100000');
      const before = service.memory();
      for (let round = 0; round < 300; round += 1) ask(service, '/big?100000');
      expect(service.memory()).toBe(before);
    });
  },
);
