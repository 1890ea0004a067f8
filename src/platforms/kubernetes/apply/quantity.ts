/** Kubernetes quantities (`500m`, `1Gi`, `2e3`), to tell whether two texts mean the same amount. */

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** `null`: it is none. */
export function parseQuantity(text: string): number | null {
  const groups = /^(?<number>[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)(?<unit>[A-Za-z]*)$/.exec(text)?.groups;
  const factor = FACTORS[groups?.['unit'] ?? ''];
  if (groups === undefined || factor === undefined) return null;
  return Number(groups['number']) * factor;
}
