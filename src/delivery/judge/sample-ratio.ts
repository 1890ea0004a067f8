/**
 * Whether keys are dealt by the weights. If not, the two arms have different users, and no comparison of them means
 * anything (facts/rollouts.md section 9.8). Counted are keys that are seen for the first time: each is one independent
 * assignment. Requests that are dealt one by one are dealt exactly, and need no such test.
 */

/** How much the prior is worth, in keys: larger finds small deviations sooner, smaller finds large ones sooner. */
const PRIOR = 100;

/** Probability of a false alarm, at any time. */
export const SAMPLE_RATIO_ALARM = 0.001;

/** One weight after another; the Bayes factors of those that are over multiply. */
export interface SampleRatio {
  /** Share of the new keys that the candidate should get now. */
  readonly weight: number;
  readonly candidate: number;
  readonly stable: number;
  /** ln of the Bayes factor of all earlier weights. */
  readonly before: number;
}

export interface NewKeys {
  readonly candidate: number;
  readonly stable: number;
  readonly weight: number;
}

/** A weight of 0 or 1 leaves nothing to chance, and so to test. */
export function addNewKeys(ratio: SampleRatio | null, { candidate, stable, weight }: NewKeys): SampleRatio | null {
  if (weight <= 0 || weight >= 1 || candidate + stable === 0) return ratio;
  if (ratio?.weight !== weight) return { weight, candidate, stable, before: logSampleRatio(ratio) };
  return { ...ratio, candidate: ratio.candidate + candidate, stable: ratio.stable + stable };
}

/** ln of the Bayes factor "dealt otherwise" against "dealt by the weights": an e-process. */
export function logSampleRatio(ratio: SampleRatio | null): number {
  if (ratio === null) return 0;
  const { weight, candidate, stable, before } = ratio;
  return before + logDealtOtherwise([candidate, stable], [weight, 1 - weight], PRIOR);
}

/**
 * ln of the Dirichlet–multinomial Bayes factor with the prior α = cθ₀ (Lindon & Malek, arXiv:2011.03567):
 * lnΓ(c) − Σ lnΓ(cθᵢ) + Σ lnΓ(cθᵢ+nᵢ) − lnΓ(c+n) − Σ nᵢ ln θᵢ.
 */
export function logDealtOtherwise(counts: readonly number[], shares: readonly number[], prior: number): number {
  let [total, sum] = [0, 0];
  for (const [index, count] of counts.entries()) {
    const share = shares[index] ?? 0;
    total += count;
    sum += logGamma(prior * share + count) - logGamma(prior * share) - count * Math.log(share);
  }
  return sum + logGamma(prior) - logGamma(prior + total);
}

/** Lanczos' approximation with g = 7 and nine terms (Godfrey's coefficients): 15 digits for x > 0. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const above = x - 1;
  const t = above + 7.5;
  const sum = LANCZOS.reduce((all, term, index) => all + (index === 0 ? term : term / (above + index)), 0);
  return Math.log(Math.sqrt(2 * Math.PI) * sum) + (above + 0.5) * Math.log(t) - t;
}

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
