/**
 * Versions of secrets in the cluster: each is a Secret that never changes, named by a keyed digest of its value, and read
 * by pods alone. The key is a Secret of the environment, so every home that deploys the same value names the same version.
 */

import { createHmac } from 'node:crypto';
import type { Fault } from '../../kernel/fault.ts';
import { fillRandom } from '../../kernel/random.ts';
import type { ClusterClient, KubernetesObject } from './cluster-client.ts';
import { KINDS } from './kinds.ts';
import { isChanged, kubernetesFault } from './kubernetes-fault.ts';
import { environmentLabels, recordName, SECRET_KEY, secretName } from './names.ts';

type ByName = Readonly<Record<string, string>>;

export interface ClusterSecretStore {
  /**
   * Keeps the values (name → value) and answers with the version ids (name → id), which tell nothing of them. The same
   * value of the same name has the same id wherever it is put from. Durable when it resolves; after a Fault some may be there.
   *
   * @throws Fault `kubernetes/secret-key` when the key is none of ours.
   */
  put(values: ByName, signal?: AbortSignal): Promise<ByName>;
}

/** Of one environment. */
export function createClusterSecretStore(client: ClusterClient, key: string): ClusterSecretStore {
  const make = async (object: KubernetesObject, signal: AbortSignal | undefined): Promise<void> => {
    try {
      await client.write(object, { kind: 'create' }, signal);
    } catch (error) {
      // It is there already: the version of that name has that value.
      if (!isChanged(error)) throw error;
    }
  };
  const secret = (name: string, value: Buffer): KubernetesObject => ({
    ...KINDS.secret,
    metadata: { name, labels: { ...environmentLabels(key) } },
    type: 'Opaque',
    immutable: true,
    data: { [SECRET_KEY]: value.toString('base64') },
  });
  /** Whoever comes first makes it, the others take that one. */
  const hashKey = async (signal: AbortSignal | undefined): Promise<Buffer> => {
    const reference = { ...KINDS.secret, name: recordName(key) };
    let found = await client.read(reference, signal);
    if (found === null) {
      await make(secret(recordName(key), Buffer.from(fillRandom(new Uint8Array(32)))), signal);
      found = await client.read(reference, signal);
    }
    const value = found === null ? null : valueIn(found);
    if (value === null || value.length !== 32) throw noKey(key);
    return value;
  };
  return {
    async put(values, signal) {
      const entries = Object.entries(values);
      if (entries.length === 0) return {};
      const hashing = await hashKey(signal);
      const versions = entries.map(([name, value]) => ({ name, value, version: versionOf(hashing, name, value) }));
      for (const { name, value, version } of versions) {
        await make(secret(secretName(key, name, version), Buffer.from(value)), signal);
      }
      return Object.fromEntries(versions.map(({ name, version }) => [name, version]));
    },
  };
}

/** Keyed, so that nobody can try values against it; with the name, so that it does not tell which secrets are the same. */
function versionOf(key: Buffer, name: string, value: string): string {
  return createHmac('sha256', key).update(`${name}\0`).update(value).digest('hex').slice(0, 16);
}

function valueIn(object: KubernetesObject): Buffer | null {
  const fields = object['data'];
  if (typeof fields !== 'object' || fields === null) return null;
  const value = Object.entries(fields).find(([name]) => name === SECRET_KEY)?.[1];
  return typeof value === 'string' ? Buffer.from(value, 'base64') : null;
}

function noKey(key: string): Fault {
  return kubernetesFault({
    code: 'kubernetes/secret-key',
    kind: 'refused',
    message: `The Secret ${recordName(key)} is not the key of the secrets of ${key}.`,
    hint: "Nothing was changed. Remove it if it is nobody else's; then a new key is made, and every secret gets a new version.",
  });
}
