/** One metric of candidate and stable by Kayenta's rules (facts/rollouts.md section 8.1, steps 3 and 4). */

import { createRandom } from '../../../kernel/random.ts';
import { shiftBetween } from './mann-whitney.ts';

export type Classification = 'Pass' | 'High' | 'Low' | 'Nodata' | 'NodataFailMetric';

/** Effects below `decrease` and above `increase`, both included, are what counts. */
export interface EffectBounds {
  readonly decrease: number;
  readonly increase: number;
}

export interface ClassifySettings {
  readonly direction: 'increase' | 'decrease' | 'either';
  /** Share of the estimate that the interval must be away from zero. */
  readonly tolerance: number;
  readonly confidence: number;
  readonly effect: { readonly measure: 'meanRatio' | 'cles' } & EffectBounds;
  /** With a metric that is critical: effects from these on fail the whole canary. */
  readonly critical: EffectBounds | null;
}

export const DEFAULTS: ClassifySettings = {
  direction: 'either',
  tolerance: 0.25,
  confidence: 0.98,
  effect: { measure: 'meanRatio', decrease: 1, increase: 1 },
  critical: null,
};

export interface Classified {
  readonly classification: Classification;
  readonly critical: boolean;
}

const PASS: Classified = { classification: 'Pass', critical: false };

/** Both have values. */
export function classify(
  experiment: readonly number[],
  control: readonly number[],
  settings: ClassifySettings,
): Classified {
  if (sameValues(experiment, control) || new Set([...experiment, ...control]).size === 1) return PASS;
  const { low, high, estimate } = shiftOf(experiment, control, settings.confidence);
  const { direction, tolerance, effect, critical } = settings;
  const bound = tolerance * Math.abs(estimate);
  const size = effect.measure === 'meanRatio' ? mean(experiment) / mean(control) : cles(experiment, control);
  if (direction !== 'decrease' && low > bound && size >= effect.increase) {
    return { classification: 'High', critical: critical !== null && size >= critical.increase };
  }
  if (direction !== 'increase' && high < -bound && size <= effect.decrease) {
    return { classification: 'Low', critical: critical !== null && size <= critical.decrease };
  }
  return PASS;
}

/** Constant values on both sides can't be ranked at their distance, so they get a little noise. */
function shiftOf(experiment: readonly number[], control: readonly number[], confidence: number) {
  if (new Set(experiment).size > 1 || new Set(control).size > 1) return shiftBetween(experiment, control, confidence);
  const random = createRandom(1);
  const noise = (value: number): number => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
    return value + 1e-5 * radius * Math.cos(2 * Math.PI * random.next());
  };
  return shiftBetween(experiment.map(noise), control.map(noise), confidence);
}

function sameValues(one: readonly number[], other: readonly number[]): boolean {
  const [sorted, others] = [one, other].map((values) => values.toSorted((a, b) => a - b));
  return one.length === other.length && sorted?.every((value, index) => value === others?.[index]) === true;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Common language effect size: how often a value of the experiment is the larger one of a pair. */
function cles(experiment: readonly number[], control: readonly number[]): number {
  let larger = 0;
  for (const one of experiment) for (const other of control) larger += one > other ? 1 : one === other ? 0.5 : 0;
  return larger / (experiment.length * control.length);
}
