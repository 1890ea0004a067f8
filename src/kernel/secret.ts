/** Secrets: from a reference to its value, and out of what is shown. Values are never kept here. */

import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { Fault, systemCodeOf } from './fault.ts';

/** `env:NAME` or `file:PATH`, taken apart. */
export interface SecretReference {
  readonly from: 'env' | 'file';
  /** Of the environment variable, or the path of the file. */
  readonly name: string;
}

export type SecretFaultCode =
  /** There is no such variable or file. */
  | 'secret/missing'
  /** The variable or file is there, with nothing in it. */
  | 'secret/empty'
  /** The file can't be read as text of a reasonable size. */
  | 'secret/unreadable';

export interface SecretPlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Paths are seen from here. */
  readonly folder: string;
}

/** Linux gives one environment variable no more than 128 KiB, its name and the terminating zero included. */
const LARGEST = 120 * 1024;

/**
 * The values of all references (name → value). Of a file's content one newline at the end is left out, as editors put it
 * there.
 *
 * @throws Fault `secret/missing`, `secret/empty` or `secret/unreadable` for the first one that has no usable value.
 */
export function resolveSecrets(
  references: Readonly<Record<string, SecretReference>>,
  places: SecretPlaces,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(references).map(([name, reference]) => [name, resolveSecret(name, reference, places)]),
  );
}

function resolveSecret(name: string, reference: SecretReference, { env, folder }: SecretPlaces): string {
  const where = reference.from === 'env' ? `the environment variable ${reference.name}` : `the file ${reference.name}`;
  const path = isAbsolute(reference.name) ? reference.name : join(folder, reference.name);
  const value = reference.from === 'env' ? env[reference.name] : contentOf(name, path, where);
  if (value === undefined) {
    const hint = reference.from === 'env' ? `Set ${reference.name} and run it again.` : `Write the value into ${path}.`;
    throw secretFault({
      code: 'secret/missing',
      message: `The secret ${name} is not there: ${where} does not exist.`,
      hint,
    });
  }
  if (value === '') {
    const hint = 'Give it a value, or take the secret out of slipway.yaml.';
    throw secretFault({
      code: 'secret/empty',
      message: `The secret ${name} is empty: ${where} has nothing in it.`,
      hint,
    });
  }
  if (value.includes('\0') || Buffer.byteLength(value) > LARGEST) throw unusable(name, where);
  return value;
}

function contentOf(name: string, path: string, where: string): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
    return text.replace(/\r?\n$/, '');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR') return undefined;
    throw unusable(name, where, error);
  }
}

function unusable(name: string, where: string, cause?: unknown): Fault<SecretFaultCode> {
  return secretFault({
    code: 'secret/unreadable',
    message: `The secret ${name} can't be used: ${where} holds no text, or more than an environment variable may.`,
    hint: 'A secret is UTF-8 text without zero bytes, of at most 120 KiB.',
    ...(cause === undefined ? {} : { cause }),
  });
}

interface SecretFaultFields {
  readonly code: SecretFaultCode;
  readonly message: string;
  readonly hint: string;
  readonly cause?: unknown;
}

function secretFault(fields: SecretFaultFields): Fault<SecretFaultCode> {
  return new Fault({ kind: 'usage', ...fields });
}

/** What is shorter would be found in half of all words, and is no secret worth the name. */
const SHORTEST = 6;

const REDACTED = '[secret]';

/**
 * A function that replaces the values in a text. Best effort: it finds a value as it is, as it stands in JSON and in an
 * address, and each line of one that has several; not one that is split, cut or encoded in another way.
 */
export function createRedactor(values: readonly string[]): (text: string) => string {
  const forms = values
    .flatMap((value) => [value, ...value.split(/\r?\n/)])
    .flatMap((value) => [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value.toWellFormed())])
    .filter((form) => form.length >= SHORTEST);
  // The longest first: one may be a part of another.
  const sorted = [...new Set(forms)].sort((one, other) => other.length - one.length);
  return (text) => sorted.reduce((shown, form) => shown.replaceAll(form, REDACTED), text);
}
