/** What the schemas of both files are made of: quantities with units, references to secrets, counts, closed maps. */

import * as z from 'zod';
import { parseQuantity, type Quantity, QUANTITY_FORMS } from '../kernel/quantity.ts';
import type { ProblemCode } from './problem.ts';
import type { SecretReference } from '../kernel/secret.ts';

/** How a schema tells what is wrong: `code` and `hint` travel in the issue's parameters. */
export interface Complaint {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
}

/** Fails a transformation with a complaint of ours. */
export function complain(context: z.core.$RefinementCtx, complaint: Complaint): never {
  const { code, message, hint } = complaint;
  context.addIssue({ code: 'custom', message, params: { code, hint } });
  return z.NEVER;
}

/** A map that takes these keys and no other. The message of an unknown key lists the known ones (see issues.ts). */
export function closedMap<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  description = '',
): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape).join(' ');
  const schema = z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? known : undefined) });
  return description === '' ? schema : schema.describe(description);
}

const UNITS: Readonly<Record<Quantity, string>> = {
  duration: '(ms|s|m|h|d)',
  size: '(B|kB|MB|GB|KiB|MiB)',
  share: '%',
  rate: '/(s|m)',
  factor: 'x',
};

/** The unit that a bare number most likely misses. */
const LIKELY_UNIT: Readonly<Record<Quantity, string>> = {
  duration: 's',
  size: 'MB',
  share: '%',
  rate: '/s',
  factor: 'x',
};

/** Spellings that people bring from elsewhere. */
const ALIASES: Readonly<Record<string, string>> = {
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  hr: 'h',
  hour: 'h',
  hours: 'h',
  day: 'd',
  days: 'd',
  ms: 'ms',
  s: 's',
  h: 'h',
  k: 'kB',
  kb: 'kB',
  ki: 'KiB',
  kib: 'KiB',
  mb: 'MB',
  mi: 'MiB',
  mib: 'MiB',
  gb: 'GB',
  g: 'GB',
  rps: '/s',
  percent: '%',
  'req/s': '/s',
};

/** `10m` and the like. Durations come out in milliseconds, shares as fractions of one (kernel/quantity.ts). */
export function quantity(kind: Quantity, description: string) {
  return quantityOr(kind, [], description);
}

/** A quantity, or one of some words in its place. */
export function quantityOr<const Word extends string>(kind: Quantity, words: readonly Word[], description: string) {
  const more = kind === 'duration' ? `( ?[0-9]+${UNITS.duration})*` : '';
  const unit = `[0-9]+(\\.[0-9]+)?${UNITS[kind]}${more}`;
  const pattern = `^(${[unit, ...words].join('|')})$`;
  // A duration of nothing needs no unit; the pattern is for texts only, so the number is bound beside it.
  const shape =
    kind === 'duration' ? { type: ['string', 'number'], pattern, minimum: 0, maximum: 0 } : { type: 'string', pattern };
  return z
    .unknown()
    .transform((value, context): number | Word => {
      const word = words.find((word) => word === value);
      if (word !== undefined) return word;
      const parsed =
        value === 0 && kind === 'duration' ? 0 : typeof value === 'string' ? parseQuantity(kind, value) : undefined;
      return parsed ?? complain(context, wrongUnit(kind, words, value));
    })
    .meta({ ...shape, description });
}

function wrongUnit(kind: Quantity, words: readonly string[], value: unknown): Complaint {
  const form = [QUANTITY_FORMS[kind], ...words.map((word) => `\`${word}\``)].join(', or ');
  if (typeof value !== 'string' && typeof value !== 'number') {
    return { code: 'config/wrong-type', message: `expected ${form}`, hint: `Write ${form}.` };
  }
  const match = /^\s*(\d+(?:\.\d+)?)\s*(.*?)\s*$/.exec(String(value));
  const unit = match?.[2] ?? '';
  const likely = unit === '' ? LIKELY_UNIT[kind] : ALIASES[unit.toLowerCase()];
  const guess = match && likely !== undefined ? `${match[1]}${likely}` : undefined;
  const hint =
    guess !== undefined && parseQuantity(kind, guess) !== undefined ? `Did you mean \`${guess}\`?` : `Write ${form}.`;
  const missing = match && unit === '' ? `\`${value}\` has no unit` : `\`${value}\` is not ${form}`;
  return { code: 'config/wrong-unit', message: missing, hint };
}

const REFERENCE = '^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$';

/** `env:NAME` or `file:PATH`; anything else would be the secret itself. */
export function secretReference(description: string) {
  return z
    .unknown()
    .transform((value, context): SecretReference => {
      const text = typeof value === 'string' ? value : '';
      if (new RegExp(REFERENCE).test(text)) {
        const from = text.startsWith('env:') ? 'env' : 'file';
        return { from, name: text.slice(text.indexOf(':') + 1) };
      }
      const variable = /^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$/.exec(text)?.[1];
      return complain(context, {
        code: 'config/literal-secret',
        message: 'a secret stands here itself; the project file takes only references to secrets',
        hint:
          variable === undefined
            ? 'Put the value into an environment variable or a file and write `env:NAME` or `file:PATH`. Replace the secret if it was pushed.'
            : `Write \`env:${variable}\`.`,
      });
    })
    .meta({ type: 'string', pattern: REFERENCE, description });
}

/** A number of replicas, or a share of them. */
export function replicaCount(description: string) {
  return z
    .unknown()
    .transform((value, context): { count: number } | { share: number } => {
      if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return { count: value };
      const share = typeof value === 'string' ? parseQuantity('share', value) : undefined;
      if (share !== undefined) return { share };
      const message = `${JSON.stringify(value)} is neither a number of replicas nor a share of them`;
      return complain(context, {
        code: 'config/wrong-unit',
        message,
        hint: 'Write a whole number such as 2, or a share such as 25%.',
      });
    })
    .meta({ type: ['integer', 'string'], minimum: 0, pattern: '^[0-9]+(\\.[0-9]+)?%$', description });
}

/** A text of a certain form; `rule` says it in words. */
export function textLike(pattern: RegExp, rule: string, description: string) {
  return z.string().regex(pattern, { error: rule }).describe(description);
}

export const DNS_LABEL = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
export const DNS_LABEL_RULE = 'a DNS label: lower-case letters, digits and hyphens, begins with a letter, at most 63';

/**
 * The one key of `value` that is set. When none or several are it complains and is `null`, silently so when there are
 * complaints already: the key that was meant is most likely among them.
 */
export function onlyKey<Key extends string>(
  value: Readonly<Partial<Record<Key, unknown>>>,
  keys: readonly Key[],
  context: z.core.$RefinementCtx,
): Key | null {
  const set = keys.filter((key) => value[key] !== undefined);
  const [only] = set;
  if (only !== undefined && set.length === 1) return only;
  if (context.issues.length > 0) return null;
  const message = set.length === 0 ? `expected one of ${keys.join(', ')}` : `${set.join(' and ')} exclude each other`;
  complain(context, {
    code: set.length === 0 ? 'config/missing-key' : 'config/contradiction',
    message,
    hint: set.length === 0 ? 'Name one.' : 'Keep one of them.',
  });
  return null;
}
