/**
 * The canonical ABI (component-model, design/mvp/CanonicalABI.md) for the types that our interfaces use: how a value lies
 * in the guest's memory ("load", "store") and how it travels in parameters ("lift", "lower").
 */

import { Trap } from '../wasi/trap.ts';
import type { Variant } from '../wasi/http-messages.ts';
import type { Guest } from './guest.ts';

export type CoreValue = number | bigint;
export type CoreType = 'i32' | 'i64';

/** Core parameters, read from left to right. A slot of joined types may hold an `i32` in an `i64`. */
export interface FlatReader {
  readonly values: readonly CoreValue[];
  at: number;
}

export interface Type<T> {
  readonly size: number;
  readonly alignment: number;
  readonly flat: readonly CoreType[];
  load(guest: Guest, at: number): T;
  store(guest: Guest, at: number, value: T): void;
  lift(guest: Guest, from: FlatReader): T;
  /** For results; only types of a single core value travel in one. */
  lower(guest: Guest, value: T): CoreValue;
}

function nextI32(from: FlatReader): number {
  const value = from.values[from.at++] ?? 0;
  return typeof value === 'bigint' ? Number(BigInt.asUintN(32, value)) : value >>> 0;
}

function nextI64(from: FlatReader): bigint {
  const value = from.values[from.at++] ?? 0n;
  return typeof value === 'bigint' ? BigInt.asUintN(64, value) : BigInt(value >>> 0);
}

function inMemoryOnly(): never {
  throw new Error('this type does not fit into one core value');
}

export const bool: Type<boolean> = {
  size: 1,
  alignment: 1,
  flat: ['i32'],
  load: (guest, at) => guest.view.getUint8(at) !== 0,
  store: (guest, at, value) => guest.view.setUint8(at, value ? 1 : 0),
  lift: (_guest, from) => nextI32(from) !== 0,
  lower: (_guest, value) => (value ? 1 : 0),
};

export const u8: Type<number> = {
  size: 1,
  alignment: 1,
  flat: ['i32'],
  load: (guest, at) => guest.view.getUint8(at),
  store: (guest, at, value) => guest.view.setUint8(at, value),
  lift: (_guest, from) => nextI32(from) & 0xff,
  lower: (_guest, value) => value,
};

export const u16: Type<number> = {
  size: 2,
  alignment: 2,
  flat: ['i32'],
  load: (guest, at) => guest.view.getUint16(at, true),
  store: (guest, at, value) => guest.view.setUint16(at, value, true),
  lift: (_guest, from) => nextI32(from) & 0xffff,
  lower: (_guest, value) => value,
};

export const u32: Type<number> = {
  size: 4,
  alignment: 4,
  flat: ['i32'],
  load: (guest, at) => guest.view.getUint32(at, true),
  store: (guest, at, value) => guest.view.setUint32(at, value, true),
  lift: (_guest, from) => nextI32(from),
  lower: (_guest, value) => value,
};

export const u64: Type<bigint> = {
  size: 8,
  alignment: 8,
  flat: ['i64'],
  load: (guest, at) => guest.view.getBigUint64(at, true),
  store: (guest, at, value) => guest.view.setBigUint64(at, value, true),
  lift: (_guest, from) => nextI64(from),
  lower: (_guest, value) => value,
};

function checkRange(guest: Guest, at: number, length: number): void {
  if (at + length > guest.bytes.length) throw new Trap('the service named bytes outside of its memory');
}

/** Address and number of elements: how strings and lists travel. */
function span<T>(read: (guest: Guest, at: number, length: number) => T, write: Write<T>): Type<T> {
  return {
    size: 8,
    alignment: 4,
    flat: ['i32', 'i32'],
    load: (guest, at) => read(guest, guest.view.getUint32(at, true), guest.view.getUint32(at + 4, true)),
    store(guest, at, value) {
      const [start, length] = write(guest, value);
      guest.view.setUint32(at, start, true);
      guest.view.setUint32(at + 4, length, true);
    },
    lift: (guest, from) => read(guest, nextI32(from), nextI32(from)),
    lower: inMemoryOnly,
  };
}

type Write<T> = (guest: Guest, value: T) => readonly [start: number, length: number];

const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const ASCII = /^[\u0000-\u007f]*$/;

export const string: Type<string> = span(
  (guest, at, length) => {
    checkRange(guest, at, length);
    const text = guest.bytes.toString('latin1', at, at + length);
    return ASCII.test(text) ? text : strictText.decode(guest.bytes.subarray(at, at + length));
  },
  (guest, value) => {
    const length = Buffer.byteLength(value);
    const at = guest.allocate(1, length);
    guest.bytes.write(value, at, length, 'utf8');
    return [at, length];
  },
);

/** `list<u8>`: what is read is a copy. */
export const bytes: Type<Uint8Array> = span(
  (guest, at, length) => {
    checkRange(guest, at, length);
    return Uint8Array.prototype.slice.call(guest.bytes, at, at + length);
  },
  (guest, value) => {
    const at = guest.allocate(1, value.length);
    guest.bytes.set(value, at);
    return [at, value.length];
  },
);

export function list<T>(element: Type<T>): Type<Iterable<T> & { readonly length: number }> {
  return span(
    (guest, at, length) => {
      checkRange(guest, at, length * element.size);
      return Array.from({ length }, (_, index) => element.load(guest, at + index * element.size));
    },
    (guest, values) => {
      const start = guest.allocate(element.alignment, values.length * element.size);
      let at = start;
      for (const value of values) {
        element.store(guest, at, value);
        at += element.size;
      }
      return [start, values.length];
    },
  );
}

function align(at: number, alignment: number): number {
  return Math.ceil(at / alignment) * alignment;
}

type Values<T extends readonly Type<unknown>[]> = { -readonly [K in keyof T]: T[K] extends Type<infer V> ? V : never };

export function tuple<const T extends readonly Type<unknown>[]>(...members: T): Type<Values<T>> {
  const types = members as unknown as readonly Type<unknown>[];
  let end = 0;
  const places = types.map((type) => {
    const at = align(end, type.alignment);
    end = at + type.size;
    return { type, at };
  });
  const alignment = Math.max(1, ...types.map((type) => type.alignment));
  return {
    size: align(end, alignment),
    alignment,
    flat: types.flatMap((type) => type.flat),
    load: (guest, start) => places.map(({ type, at }) => type.load(guest, start + at)) as Values<T>,
    store(guest, start, values) {
      places.forEach(({ type, at }, index) => type.store(guest, start + at, values[index]));
    },
    lift: (guest, from) => types.map((type) => type.lift(guest, from)) as Values<T>,
    lower: inMemoryOnly,
  };
}

/** A record with the members in the order of its declaration. */
export function record(members: Readonly<Record<string, Type<unknown>>>): Type<Readonly<Record<string, unknown>>> {
  const names = Object.keys(members);
  const inner = tuple(...Object.values(members));
  const toRecord = (values: readonly unknown[]) =>
    Object.fromEntries(names.map((name, index) => [name, values[index]]));
  return {
    ...inner,
    load: (guest, at) => toRecord(inner.load(guest, at)),
    store: (guest, at, value) =>
      inner.store(
        guest,
        at,
        names.map((name) => value[name]),
      ),
    lift: (guest, from) => toRecord(inner.lift(guest, from)),
    lower: inMemoryOnly,
  };
}

/** Cases in the order of their declaration; `null` for one that carries nothing. */
export function variant(cases: readonly (readonly [tag: string, type: Type<unknown> | null])[]): Type<Variant> {
  const types = cases.map(([, type]) => type);
  const numbers = new Map(cases.map(([tag], index) => [tag, index]));
  const bare = cases.map(([tag]): Variant => ({ tag, val: undefined }));
  const present = types.filter((type) => type !== null);
  const alignment = Math.max(1, ...present.map((type) => type.alignment));
  const payload = alignment;
  const size = align(payload + Math.max(0, ...present.map((type) => type.size)), alignment);
  const flat: CoreType[] = ['i32', ...joined(present.map((type) => type.flat))];
  const of = (index: number, read: (type: Type<unknown>) => unknown): Variant => {
    const found = bare[index];
    if (found === undefined) throw new Trap(`a variant has no case ${index}`);
    const type = types[index];
    return type ? { tag: found.tag, val: read(type) } : found;
  };
  const numberOf = (value: Variant): number => {
    const index = numbers.get(value.tag);
    if (index === undefined) throw new Error(`the host gave an unknown case: ${value.tag}`);
    return index;
  };
  return {
    size,
    alignment,
    flat,
    load: (guest, at) => of(guest.view.getUint8(at), (type) => type.load(guest, at + payload)),
    store(guest, at, value) {
      const index = numberOf(value);
      guest.view.setUint8(at, index);
      types[index]?.store(guest, at + payload, value.val);
    },
    lift(guest, from) {
      const end = from.at + flat.length;
      const value = of(nextI32(from), (type) => type.lift(guest, from));
      from.at = end;
      return value;
    },
    lower: flat.length === 1 ? (_guest, value) => numberOf(value) : inMemoryOnly,
  };
}

/** `join` of CanonicalABI.md: a slot that two cases use differently is the wider one. */
function joined(flats: readonly (readonly CoreType[])[]): CoreType[] {
  const length = Math.max(0, ...flats.map((flat) => flat.length));
  return Array.from({ length }, (_, index) => (flats.some((flat) => flat[index] === 'i64') ? 'i64' : 'i32'));
}

export function option<T>(some: Type<T>): Type<T | undefined> {
  const inner = variant([
    ['none', null],
    ['some', some],
  ]);
  const toVariant = (value: T | undefined): Variant =>
    value === undefined ? { tag: 'none' } : { tag: 'some', val: value };
  const fromVariant = ({ val }: Variant) => val as T | undefined;
  return {
    ...inner,
    load: (guest, at) => fromVariant(inner.load(guest, at)),
    store: (guest, at, value) => inner.store(guest, at, toVariant(value)),
    lift: (guest, from) => fromVariant(inner.lift(guest, from)),
    lower: (guest, value) => inner.lower(guest, toVariant(value)),
  };
}

export function result(ok: Type<unknown> | null, err: Type<unknown> | null): Type<Variant> {
  return variant([
    ['ok', ok],
    ['err', err],
  ]);
}

type ResourceClass<T> = abstract new (...args: never[]) => T;

/** A resource that changes hands. */
export function own<T extends object>(of: ResourceClass<T>): Type<T> {
  return {
    ...u32,
    load: (guest, at) => guest.take(guest.view.getUint32(at, true), of),
    store: (guest, at, value) => guest.view.setUint32(at, guest.give(value), true),
    lift: (guest, from) => guest.take(nextI32(from), of),
    lower: (guest, value) => guest.give(value),
  };
}

/** A resource that is lent for the call. */
export function borrow<T extends object>(of: ResourceClass<T>): Type<T> {
  return {
    ...own(of),
    load: (guest, at) => guest.look(guest.view.getUint32(at, true), of),
    lift: (guest, from) => guest.look(nextI32(from), of),
  };
}
