/** Durations, sizes, shares, rates and factors as people write them: `30s`, `1.2MB`, `10%`, `200/s`, `2x`. */

export type Quantity = 'duration' | 'size' | 'share' | 'rate' | 'factor';

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_UNITS: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2 };

/** `1h30m`, and `1m 30s` as durations are printed: two units or more, each once and the largest first. */
const COMPOUND = /^(?=\d+[a-z]+ ?\d)(?:\d+d ?)?(?:\d+h ?)?(?:\d+m ?)?(?:\d+s ?)?(?:\d+ms)?(?<! )$/;

/** How each quantity is written, for error messages. */
export const QUANTITY_FORMS: Readonly<Record<Quantity, string>> = {
  duration: 'a duration such as 500ms, 30s, 5m, 1h30m',
  size: 'a size such as 900kB or 1.2MB',
  share: 'a share such as 10% or 0.1%',
  rate: 'a rate such as 200/s',
  factor: 'a factor such as 2x',
};

/**
 * Parses one quantity; `undefined` when the text is not of that form. Durations are in milliseconds (whole), sizes in
 * bytes (whole, decimal units), shares are fractions of one, rates are per second, factors plain numbers.
 */
export function parseQuantity(quantity: Quantity, text: string): number | undefined {
  if (quantity === 'duration' && COMPOUND.test(text.trim())) {
    const parts = text.match(/\d+[a-z]+/g) ?? [];
    return parts.reduce((sum, part) => sum + (parseQuantity('duration', part) ?? 0), 0);
  }
  const match = /^(\d+(?:\.\d+)?)([A-Za-z%/]*)$/.exec(text.trim());
  if (!match) return undefined;
  const value = Number(match[1]);
  const unit = match[2] ?? '';
  switch (quantity) {
    case 'duration':
      return scaled(value, unit === '' && value === 0 ? 1 : DURATION_UNITS[unit]);
    case 'size':
      return scaled(value, SIZE_UNITS[unit]);
    case 'share':
      return unit === '%' && value <= 100 ? value / 100 : undefined;
    case 'rate':
      return unit === '/s' ? value : unit === '/m' ? value / 60 : undefined;
    case 'factor':
      return unit === 'x' ? value : undefined;
  }
}

function scaled(value: number, unit: number | undefined): number | undefined {
  return unit === undefined ? undefined : Math.round(value * unit);
}

/** `1m30s`-like, at most two units, for people: 90_000 → `1m 30s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)}ms`;
  if (milliseconds < 60_000) return `${trimmed(milliseconds / 1000, milliseconds < 10_000 ? 1 : 0)}s`;
  const units: readonly [string, number][] = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ];
  const parts: string[] = [];
  let rest = Math.round(milliseconds / 1000) * 1000;
  for (const [name, unit] of units) {
    if (parts.length === 2) break;
    const count = Math.floor(rest / unit);
    if (count > 0) parts.push(`${count}${name}`);
    else if (parts.length === 1) break;
    rest -= count * unit;
  }
  return parts.join(' ');
}

/** 1_086_941 → `1.09 MB` (decimal units, three significant digits). */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${Number((bytes / 1e3).toPrecision(3))} kB`;
  if (bytes < 1e9) return `${Number((bytes / 1e6).toPrecision(3))} MB`;
  return `${Number((bytes / 1e9).toPrecision(3))} GB`;
}

/** 0.05 → `5%`, at most `digits` decimals. */
export function formatShare(share: number, digits = 1): string {
  return `${trimmed(share * 100, digits)}%`;
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
