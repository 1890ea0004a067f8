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
 * The values as they stand in a text, in JSON, in an address and in base64, and each line of one that has several; the
 * longest first, since one may be a part of another. What is too short to be looked for is left out.
 */
export function secretForms(values: readonly string[]): readonly string[] {
  const forms = values
    .flatMap((value) => [value, ...value.split(/\r?\n/)])
    .filter((value) => value.length >= SHORTEST)
    .flatMap((value) => [
      value,
      JSON.stringify(value).slice(1, -1),
      encodeURIComponent(value.toWellFormed()),
      ...base64Forms(value),
    ])
    .filter((form) => form.length >= SHORTEST);
  return [...new Set(forms)].sort((one, other) => other.length - one.length);
}

/** In base64 a text looks different after 0, 1 and 2 other bytes; what its neighbours have a part in is cut off. */
function base64Forms(value: string): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.from(`${'\0'.repeat(before)}${value}`);
    const whole = Math.floor((bytes.length * 8) / 6);
    const start = Math.ceil((before * 8) / 6);
    return (['base64', 'base64url'] as const).map((kind) => bytes.toString(kind).slice(start, whole));
  });
}

/**
 * A function that replaces the values in a text. Best effort: it finds the forms of `secretForms`, not a value that is
 * split, cut or encoded in another way.
 */
export function createRedactor(values: readonly string[]): (text: string) => string {
  const sorted = secretForms(values);
  return (text) => sorted.reduce((shown, form) => shown.replaceAll(form, REDACTED), text);
}
