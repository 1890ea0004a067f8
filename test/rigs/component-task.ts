/** A task that stands for `build/component` where a test has the component already. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../src/kernel/digest.ts';
import type { TaskDefinition } from '../../src/pipeline/index.ts';

export function componentTask(component: Uint8Array): TaskDefinition {
  return {
    id: 'build/component',
    stage: 'build',
    title: 'the component that is there already',
    needs: [],
    timeout: 1000,
    fingerprint: { files: { include: [], exclude: [] }, environment: [], tools: [], settings: sha256(component) },
    run({ output }) {
      writeFileSync(join(output, 'app.wasm'), component);
      return Promise.resolve({ kind: 'passed', value: { module: sha256(component) }, summary: 'there' });
    },
  };
}
