/** The kinds of the Gateway API and of Istio, as their own projects define them: put into a cluster once. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { systemClock } from '../../src/kernel/clock.ts';
import { sharedFolder } from '../rigs/shared-tools.ts';
import type { AdminClient, ApiObject } from './admin-client.ts';

const PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const PATIENCE = 60_000;

/** Resolves when the API server serves all of them. Definitions that are there already stay as they are. */
export async function defineSharedKinds(client: AdminClient): Promise<void> {
  const folder = join(sharedFolder() ?? '', 'data/crds');
  const files = readdirSync(folder).filter((name) => /^(gateway|istio)-.*\.yaml$/.test(name));
  const definitions = files.flatMap((name) =>
    parseAllDocuments(readFileSync(join(folder, name), 'utf8')).map((document) => document.toJS() as ApiObject | null),
  );
  const present = (await client.demand('GET', PATH)) as unknown as { items: readonly ApiObject[] };
  const known = new Set(present.items.map(({ metadata }) => metadata.name));
  const missing = definitions.filter((one) => one !== null && !known.has(one.metadata.name));
  await Promise.all(missing.map((definition) => client.demand('POST', PATH, { content: definition })));
  const deadline = systemClock.monotonic() + PATIENCE;
  while (!(await allEstablished(client))) {
    if (systemClock.monotonic() > deadline) throw new Error('the definitions of kinds were not established');
    await systemClock.sleep(50);
  }
}

async function allEstablished(client: AdminClient): Promise<boolean> {
  const { items } = (await client.demand('GET', PATH)) as unknown as { items: readonly ApiObject[] };
  return items.every((item) => {
    const status = item['status'] as { conditions?: { type: string; status: string }[] | null } | undefined;
    return status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ?? false;
  });
}
