/** Φ⁻¹: where the standard normal law has a given share below it. */

/** For shares from 1e-8 to 1 − 1e-8; about 14 digits. */
export function normalQuantile(share: number): number {
  if (share > 0.5) return -normalQuantile(1 - share);
  // Left of the middle Φ is convex, so Newton's method comes from the right and never leaps over.
  let z = 0;
  for (let step = 0; step < 100; step += 1) {
    const next = z - (normalShare(z) - share) / density(z);
    if (Math.abs(next - z) < 1e-14) return next;
    z = next;
  }
  return z;
}

function density(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** Φ(z) = ½ + φ(z) · Σ z^(2k+1) / (1·3·5…(2k+1)). */
function normalShare(z: number): number {
  let term = z;
  let sum = z;
  for (let odd = 3; Math.abs(term) > 1e-17; odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return 0.5 + density(z) * sum;
}
