/**
 * The ConfigMap that holds what the engine remembers of an environment. Its format is told in
 * docs/decisions/0015-who-drives-a-cluster.md.
 */

import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { EngineRecord, EntryDraft } from '../../delivery/index.ts';
import { type Fault, messageOf } from '../../kernel/fault.ts';
import type { KubernetesObject } from './cluster-client.ts';
import { shortened } from './entries-ring.ts';
import { KINDS } from './kinds.ts';
import { kubernetesFault } from './kubernetes-fault.ts';
import { environmentLabels, recordName } from './names.ts';

/** What is kept of one environment, and which ConfigMap it was read from. */
export interface ClusterRecord {
  readonly version: number;
  readonly record: EngineRecord;
  /** The newest entries, the oldest first. */
  readonly entries: readonly EntryDraft[];
}

const FORMAT = '1';

/** By it the records of a namespace are found. */
export const RECORD_LABELS = { 'slipway.dev/record': 'true' } as const;

/** The API server takes 1 MiB of a ConfigMap: values and keys; the rest is for what is not ours to count. */
const LARGEST = 900 * 1024;
/** What the entries may take of it. */
const LARGEST_ENTRIES = 300 * 1024;
/** A record that is larger unpacked is none of ours. */
const LARGEST_UNPACKED = 64 * 1024 * 1024;

/**
 * As it is written, and what of it that is: the history is cut before it keeps the record from being saved.
 * `resourceVersion`: of the object that it takes the place of.
 *
 * @throws Fault `kubernetes/record-too-large` before the API server would refuse it.
 */
export async function recordObject(
  key: string,
  { version, record, entries }: ClusterRecord,
  resourceVersion: string | null,
): Promise<{ readonly object: KubernetesObject; readonly kept: ClusterRecord }> {
  const packed = await pack(record);
  const history = await packEntries(entries);
  if (packed.length + history.packed.length > LARGEST) throw tooLarge(key, packed.length);
  const object = {
    ...KINDS.configMap,
    metadata: {
      name: recordName(key),
      labels: { ...environmentLabels(key), ...RECORD_LABELS },
      ...(resourceVersion === null ? {} : { resourceVersion }),
    },
    data: { format: FORMAT, key, version: String(version) },
    binaryData: { record: packed.toString('base64'), entries: history.packed.toString('base64') },
  };
  return { object, kept: { version, record, entries: history.entries } };
}

/** @throws Fault `kubernetes/unreadable-record` for everything that this version of Slipway has not written. */
export async function readRecord(key: string, object: KubernetesObject): Promise<ClusterRecord> {
  const fields = textIn(object['data']);
  const packed = textIn(object['binaryData']);
  const { format = '' } = fields;
  if (format !== FORMAT) throw unreadable(key, format === '' ? 'it has no format' : `it has the format ${format}`);
  if (fields['key'] !== key) throw unreadable(key, `it is that of ${fields['key'] ?? 'nobody'}`);
  const version = Number(fields['version']);
  if (!Number.isSafeInteger(version) || version < 1) throw unreadable(key, 'its version is no number');
  try {
    const [record, entries] = await Promise.all([unpack(packed['record']), unpack(packed['entries'])]);
    if (!isRecord(record) || !Array.isArray(entries)) throw new Error('it has not the shape of one');
    return { version, record, entries: entries as readonly EntryDraft[] };
  } catch (error) {
    throw unreadable(key, messageOf(error));
  }
}

/** The environment whose record the object is, without reading it. */
export function keyOf(object: KubernetesObject): string | undefined {
  return textIn(object['data'])['key'];
}

function isRecord(value: unknown): value is EngineRecord {
  if (typeof value !== 'object' || value === null) return false;
  return 'state' in value && 'intents' in value && 'outbox' in value && 'time' in value;
}

function textIn(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

/** Fast rather than small: it is written once a second. */
const LEVEL = 4;

function pack(value: unknown): Promise<Buffer> {
  return promisify(gzip)(JSON.stringify(value), { level: LEVEL });
}

interface PackedEntries {
  readonly packed: Buffer;
  readonly entries: readonly EntryDraft[];
}

async function packEntries(entries: readonly EntryDraft[]): Promise<PackedEntries> {
  const packed = await pack(entries);
  return packed.length <= LARGEST_ENTRIES ? { packed, entries } : packEntries(shortened(entries));
}

async function unpack(text: string | undefined): Promise<unknown> {
  if (text === undefined) throw new Error('a part of it is missing');
  const bytes = await promisify(gunzip)(Buffer.from(text, 'base64'), { maxOutputLength: LARGEST_UNPACKED });
  return JSON.parse(bytes.toString('utf8'));
}

function unreadable(key: string, why: string): Fault {
  return kubernetesFault({
    code: 'kubernetes/unreadable-record',
    kind: 'refused',
    message: `The ConfigMap ${recordName(key)} can't be read as the record of ${key}: ${why}.`,
    hint: 'Nothing was changed. Use the version of Slipway that wrote it, or restore the ConfigMap from a backup.',
  });
}

function tooLarge(key: string, bytes: number): Fault {
  return kubernetesFault({
    code: 'kubernetes/record-too-large',
    kind: 'refused',
    message: `The record of ${key} has ${Math.ceil(bytes / 1024)} KiB, and a ConfigMap holds no more than ${LARGEST / 1024}.`,
    hint: 'Its configuration is in every release that is kept: make it smaller, or keep fewer releases (`keep`).',
  });
}
