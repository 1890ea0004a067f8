/**
 * Where a function crosses zero: Brent's method (R. P. Brent, Algorithms for Minimization without Derivatives, 1973,
 * chapter 4), with the tolerance of R's `uniroot`. A function that jumps has no zero, and what is found depends on the
 * way there: so to agree with others it must be this way.
 */

const EPSILON = 2 ** -52;
const MOST_STEPS = 1000;

/** What is known of one point. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/** The signs at the two ends must differ. The result is within about `tolerance` of a crossing. */
export function brentRoot(f: (x: number) => number, ends: readonly [number, number], tolerance: number): number {
  const [low, high] = ends.map((x): Point => ({ x, y: f(x) }));
  if (low === undefined || high === undefined) throw new Error('an interval has two ends');
  if (low.y === 0) return low.x;
  // `best` is the present approximation, `last` the one before, `other` has a sign opposite to that of `best`.
  let [best, last, other] = [high, low, low];
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const stride = best.x - last.x;
    if (Math.abs(other.y) < Math.abs(best.y)) [last, best, other] = [best, other, best];
    const least = 2 * EPSILON * Math.abs(best.x) + tolerance / 2;
    const half = (other.x - best.x) / 2;
    if (Math.abs(half) <= least || best.y === 0) return best.x;
    const guess = Math.abs(stride) >= least && Math.abs(last.y) > Math.abs(best.y);
    const move = guess ? (interpolated({ best, last, other }, { stride, least }) ?? half) : half;
    const x = best.x + (Math.abs(move) < least ? Math.sign(move || -1) * least : move);
    last = best;
    best = { x, y: f(x) };
    if (best.y * other.y > 0) other = last;
  }
  return best.x;
}

/** A step by linear or inverse quadratic interpolation; `null` when it leads too far to be trusted. */
function interpolated(
  { best, last, other }: { readonly best: Point; readonly last: Point; readonly other: Point },
  { stride, least }: { readonly stride: number; readonly least: number },
): number | null {
  const width = other.x - best.x;
  const ratio = best.y / last.y;
  let [p, q] = [width * ratio, 1 - ratio];
  if (last.x !== other.x) {
    const [r, t] = [last.y / other.y, best.y / other.y];
    p = ratio * (width * r * (r - t) - (best.x - last.x) * (t - 1));
    q = (r - 1) * (t - 1) * (ratio - 1);
  }
  if (p > 0) q = -q;
  else p = -p;
  const trusted = p < 0.75 * width * q - Math.abs(least * q) / 2 && p < Math.abs((stride * q) / 2);
  return trusted ? p / q : null;
}
