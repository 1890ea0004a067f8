/** The two kinds of notes in the cache: what a task has produced, and how it ended the last time in a project. */

import { type Digest, isDigest, type Json } from '../kernel/digest.ts';
import type { OutputTree } from './output-tree.ts';
import { readSealed, writeSealed } from './sealed-file.ts';
import type { Fingerprint } from './task.ts';

/** What a task that passed has produced. */
export interface KeptResult {
  readonly task: string;
  readonly value: Json;
  readonly summary: string;
  readonly tree: OutputTree;
  /** Digest of value and tree: what dependants' fingerprints hold. */
  readonly content: Digest;
  /** Wall time of its end. */
  readonly ranAt: number;
  /** Milliseconds it took. */
  readonly duration: number;
}

/** How a task ended the last time it ran in a project (or was found to have run). */
export interface LastRun {
  readonly fingerprint: Fingerprint;
  /** `disturbed`: it passed, but an input changed meanwhile. */
  readonly outcome: 'passed' | 'failed' | 'disturbed';
}

export function readResult(path: string): KeptResult | 'missing' | 'damaged' {
  const sealed = readSealed(path);
  if (typeof sealed === 'string') return sealed;
  const result: unknown = JSON.parse(sealed.content);
  return isKeptResult(result) ? result : 'damaged';
}

export function writeResult(path: string, result: KeptResult): void {
  writeSealed(path, JSON.stringify(result));
}

/** `undefined` when it is not known. */
export function readLastRun(path: string): LastRun | undefined {
  const sealed = readSealed(path);
  if (typeof sealed === 'string') return undefined;
  const last: unknown = JSON.parse(sealed.content);
  return isLastRun(last) ? last : undefined;
}

export function writeLastRun(path: string, { fingerprint, outcome }: LastRun): void {
  writeSealed(path, JSON.stringify({ fingerprint, outcome }));
}

/** It is sealed, so it is what some version of us wrote: enough to tell ours from another's. */
function isKeptResult(value: unknown): value is KeptResult {
  return isObject(value) && Array.isArray(value['tree']) && isDigestText(value['content']) && 'value' in value;
}

function isLastRun(value: unknown): value is LastRun {
  if (!isObject(value) || !isDigestText(value['fingerprint'])) return false;
  const { outcome } = value;
  return outcome === 'passed' || outcome === 'failed' || outcome === 'disturbed';
}

function isDigestText(value: unknown): value is Digest {
  return typeof value === 'string' && isDigest(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
