/** Quantities in the notation of the project file: what `parseQuantity` reads back to the same number. */

const DURATIONS: readonly (readonly [unit: string, milliseconds: number])[] = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
];

const SIZES: readonly (readonly [unit: string, bytes: number])[] = [
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
];

/** 90_000 → `90s`, 600_000 → `10m`: the largest unit that needs no fraction. */
export function writeDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  const [unit, size] = DURATIONS.find(([, size]) => milliseconds % size === 0) ?? ['ms', 1];
  return `${milliseconds / size}${unit}`;
}

/** 1_200_000 → `1.2MB`: the largest unit that needs at most three decimals. */
export function writeSize(bytes: number): string {
  const [unit, size] = SIZES.find(([, size]) => bytes >= size && bytes % (size / 1000) === 0) ?? ['B', 1];
  return `${bytes / size}${unit}`;
}

/** 0.001 → `0.1%`. */
export function writeShare(share: number): string {
  return `${Number((share * 100).toPrecision(12))}%`;
}

export function writeFactor(factor: number): string {
  return `${factor}x`;
}

export function writeRate(perSecond: number): string {
  return Number.isInteger(perSecond) ? `${perSecond}/s` : `${Number((perSecond * 60).toPrecision(12))}/m`;
}
