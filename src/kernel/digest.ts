/** Content identity: sha256 over bytes, and over the canonical JSON of a value. */

import { createHash, hash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { Fault } from './fault.ts';

export type Digest = `sha256:${string}`;

/** Anything that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

const PATTERN = /^sha256:[0-9a-f]{64}$/;

export function sha256(content: Uint8Array | string): Digest {
  return `sha256:${hash('sha256', content)}`;
}

export async function sha256File(path: string, signal?: AbortSignal): Promise<Digest> {
  const running = createHash('sha256');
  for await (const piece of createReadStream(path, signal ? { signal } : {})) running.update(piece as Buffer);
  return `sha256:${running.digest('hex')}`;
}

/** Made once: a fresh one for each file would cost more than hashing it. */
let buffer: Buffer | undefined;

/** The same without giving way to anything else: for small files, where the event loop costs more than the hash. */
export function sha256FileSync(path: string): Digest {
  const running = createHash('sha256');
  buffer ??= Buffer.allocUnsafeSlow(1 << 16);
  const file = openSync(path, 'r');
  try {
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer)) {
      running.update(length === buffer.length ? buffer : buffer.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
  return `sha256:${running.digest('hex')}`;
}

/**
 * JSON with sorted keys, no white space and absent instead of `undefined` members: equal values give equal text
 * (RFC 8785 for the values we use: strings, booleans, null, and numbers that are finite).
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`not a JSON number: ${value}`);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .flatMap((key) => {
      const member = value[key];
      return member === undefined ? [] : [`${JSON.stringify(key)}:${canonicalJson(member)}`];
    });
  return `{${members.join(',')}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function digestOfJson(value: Json): Digest {
  return sha256(canonicalJson(value));
}

export function isDigest(text: string): text is Digest {
  return PATTERN.test(text);
}

/** @throws Fault `digest/malformed` when the text is not `sha256:` and 64 lower-case hex digits. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new Fault({
    code: 'digest/malformed',
    kind: 'usage',
    message: `${JSON.stringify(text)} is not a digest.`,
    hint: 'A digest is "sha256:" and 64 hexadecimal digits.',
  });
}

/** The hexadecimal part of a digest: the name of its file in a content-addressed store. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/** The first twelve hexadecimal digits, for people. */
export function shortDigest(digest: Digest): string {
  return hexOf(digest).slice(0, 12);
}
