/** The example with its own Postman collection as a gate: the real service, tested in its preview before a user gets it. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BlueGreenPlan, EndToEndPlan } from '../../src/delivery/index.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { createAgentRig } from '../rigs/agent-rig.ts';
import { buildHeraldImage } from './herald-image.ts';

const root = temporaryFolder('slipway-collection-');
let component = '';

beforeAll(async () => {
  const built = await buildHeraldImage({ project: join(root, 'herald'), home: join(root, 'home') });
  component = join(built.component, 'app.wasm');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const PLAN: BlueGreenPlan = {
  kind: 'blueGreen',
  previewReplicas: 1,
  switch: 'auto',
  before: { smoke: [], load: null, e2e: true, judge: null },
  after: { judge: null },
  keep: 0,
  deadline: 60_000,
  onDeadline: 'abort',
};

test('every request of the collection is answered by the release alone, before it is exposed', async () => {
  await using rig = createAgentRig({ component });
  await rig.start();
  const endToEnd: EndToEndPlan = {
    kind: 'postman',
    what: 'tests/api.postman_collection.json',
    folder: join(root, 'herald'),
  };
  await rig.deploy({}, PLAN, { endToEnd });
  const { ended, gates } = await rig.ended(1);
  expect(gates).toMatchObject([
    {
      gate: 'e2e',
      result: 'passed',
      summary: expect.stringMatching(/^\d+ assertions in \d+ requests of .* hold$/) as string,
    },
  ]);
  expect(ended?.outcome).toBe('promoted');
});
