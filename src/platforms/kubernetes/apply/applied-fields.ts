/**
 * What of an object we have applied. The API server keeps for each manager which fields it holds (`managedFields`, format
 * FieldsV1 of structured-merge-diff); with it an object can be applied again with one field changed, and nothing has to be
 * written where all is so already.
 */

import type { Json } from '../../../kernel/digest.ts';
import { parseQuantity } from './quantity.ts';
import type { KubernetesObject } from '../cluster-client.ts';
import { FIELD_MANAGER } from '../names.ts';
import { fieldOf, listOf, textOf } from '../fields.ts';

type Fields = { readonly [key: string]: Json | undefined };

/** The object as we have applied it the last time; `null`: we have not. */
export function appliedFields(live: KubernetesObject): KubernetesObject | null {
  const ours = listOf(live.metadata, 'managedFields').find(
    (entry) =>
      textOf(entry, 'manager') === FIELD_MANAGER &&
      textOf(entry, 'operation') === 'Apply' &&
      textOf(entry, 'subresource') === '',
  );
  const fields = fieldOf(ours, 'fieldsV1');
  if (!isObject(fields)) return null;
  const { name } = live.metadata;
  const picked = pick(live, fields);
  if (!isObject(picked)) return null;
  const metadata = isObject(picked['metadata']) ? picked['metadata'] : {};
  return { ...picked, apiVersion: live.apiVersion, kind: live.kind, metadata: { ...metadata, name } };
}

/** Whether applying the object would change nothing, as far as can be told for sure. */
export function isAlreadySo(live: KubernetesObject, wanted: KubernetesObject): boolean {
  const applied = appliedFields(live);
  if (applied === null) return false;
  const { namespace: _, ...metadata } = wanted.metadata;
  return same({ ...wanted, metadata }, applied, false);
}

/** The part of a value that the fields name: `f:` a member, `k:` the item of a list with these keys, `v:` an item itself. */
function pick(value: unknown, fields: Fields): unknown {
  const names = Object.keys(fields).filter((name) => name !== '.');
  if (names.length === 0) return value;
  if (Array.isArray(value)) return value.flatMap((item: unknown) => pickItem(item, fields));
  const members = names.flatMap((name): [string, unknown][] => {
    const below = fields[name];
    const member = fieldOf(value, name.slice(2));
    if (!name.startsWith('f:') || member === undefined || !isObject(below)) return [];
    return [[name.slice(2), pick(member, below)]];
  });
  return Object.fromEntries(members);
}

function pickItem(item: unknown, fields: Fields): readonly unknown[] {
  for (const [name, below] of Object.entries(fields)) {
    const key: unknown = /^[kv]:/.test(name) ? JSON.parse(name.slice(2)) : undefined;
    if (name.startsWith('v:') && key === item) return [item];
    if (name.startsWith('k:') && isObject(key) && isObject(below)) {
      if (Object.entries(key).every(([field, is]) => fieldOf(item, field) === is)) return [pick(item, below)];
    }
  }
  return [];
}

/** What the API server adds by itself inside of lists that it takes as a whole: of routes of the Gateway API. */
const ADDED: Readonly<Record<string, readonly Json[]>> = {
  group: ['', 'gateway.networking.k8s.io'],
  kind: ['Service', 'Gateway'],
  matches: [[{ path: { type: 'PathPrefix', value: '/' } }]],
  path: [{ type: 'PathPrefix', value: '/' }],
  weight: [1],
};

/** `quantities`: within `resources`, where `0.5` and `500m` are one. */
function same(wanted: unknown, applied: unknown, quantities: boolean): boolean {
  if (Array.isArray(wanted)) {
    const items: readonly unknown[] = Array.isArray(applied) ? applied : [];
    return wanted.length === items.length && wanted.every((item, index) => same(item, items[index], quantities));
  }
  if (isObject(wanted)) {
    const members = isObject(applied) ? applied : {};
    const names = Object.keys(wanted).filter((name) => wanted[name] !== undefined);
    const extra = Object.keys(members).filter((name) => !names.includes(name));
    return (
      names.every((name) => same(wanted[name], members[name], quantities || name === 'resources')) &&
      extra.every((name) =>
        (ADDED[name] ?? []).some((value) => JSON.stringify(value) === JSON.stringify(members[name])),
      )
    );
  }
  if (wanted === applied) return true;
  if (!quantities || typeof wanted !== 'string' || typeof applied !== 'string') return false;
  const amount = parseQuantity(wanted);
  return amount !== null && amount === parseQuantity(applied);
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
