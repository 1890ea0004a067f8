/** Contradictions inside of a strategy, found in the file as it is written: its numbers are each fine by themselves. */

import { parseQuantity, type Quantity } from '../kernel/quantity.ts';
import { DEFAULTS } from './defaults.ts';
import type { Path, ProblemDraft } from './problem.ts';
import { isContainer, memberAt } from './validate.ts';

/** `path` leads to the strategy in `root`. */
export function checkStrategy(root: unknown, path: Path): readonly ProblemDraft[] {
  const canary = [...path, 'canary'];
  const steps = memberAt(root, [...canary, 'steps']);
  const judges = [
    [...canary, 'judge'],
    [...path, 'blueGreen', 'before', 'judge'],
    [...path, 'blueGreen', 'after', 'judge'],
    ...(Array.isArray(steps) ? steps.map((_, index) => [...canary, 'steps', index, 'judge']) : []),
  ];
  return [
    ...checkRolling(root, [...path, 'rolling']),
    ...checkMatch(root, [...canary, 'match', 'headers']),
    ...(Array.isArray(steps) ? checkWeights(steps, [...canary, 'steps']) : []),
    ...judges.flatMap((judge) => checkJudge(root, judge)),
  ];
}

function contradiction(path: Path, message: string, hint: string): ProblemDraft {
  return { code: 'config/contradiction', message, hint, path, at: 'value' };
}

function checkRolling(root: unknown, path: Path): readonly ProblemDraft[] {
  const isNothing = (key: string): boolean => [0, '0%'].some((nothing) => memberAt(root, [...path, key]) === nothing);
  if (!isNothing('maxSurge') || !isNothing('maxUnavailable')) return [];
  const message = 'maxSurge and maxUnavailable are both 0, so no replica could ever be replaced';
  return [contradiction([...path, 'maxUnavailable'], message, 'Raise one of them.')];
}

function checkMatch(root: unknown, path: Path): readonly ProblemDraft[] {
  const headers = memberAt(root, path);
  if (!isContainer(headers) || Object.keys(headers).length > 0) return [];
  return [contradiction(path, 'no header is named, so no request would match', 'Name one, or leave `match` out.')];
}

function checkWeights(steps: readonly unknown[], path: Path): readonly ProblemDraft[] {
  const drafts: ProblemDraft[] = [];
  let highest: { readonly weight: number; readonly written: string } | undefined;
  for (const [index, step] of steps.entries()) {
    const written = isContainer(step) ? step['weight'] : undefined;
    const weight = typeof written === 'string' ? parseQuantity('share', written) : undefined;
    if (weight === undefined || typeof written !== 'string') continue;
    const at = [...path, index, 'weight'];
    if (weight === 0) {
      drafts.push(contradiction(at, 'a weight of 0% shows the candidate to nobody', 'Leave this step out.'));
    } else if (highest !== undefined && weight <= highest.weight) {
      const verb = weight < highest.weight ? `falls from ${highest.written} to ${written}` : `stays at ${written}`;
      drafts.push(
        contradiction(
          at,
          `the weight ${verb}; weights must rise`,
          `Write more than ${highest.written}, or leave this step out.`,
        ),
      );
    }
    if (highest === undefined || weight > highest.weight) highest = { weight, written };
  }
  return drafts;
}

function checkJudge(root: unknown, path: Path): readonly ProblemDraft[] {
  const judge = memberAt(root, path);
  if (!isContainer(judge)) return [];
  const read = (key: 'tolerate' | 'detect' | 'falseAlarm' | 'miss', quantity: Quantity): number | undefined => {
    const written = judge[key] ?? DEFAULTS.judge[key];
    return typeof written === 'string' ? parseQuantity(quantity, written) : undefined;
  };
  const drafts: ProblemDraft[] = [];
  const [tolerate, detect] = [read('tolerate', 'factor'), read('detect', 'factor')];
  if (tolerate !== undefined && detect !== undefined && detect <= tolerate) {
    const key = judge['detect'] === undefined ? 'tolerate' : 'detect';
    const message = `\`detect\` (${detect}x) must be greater than \`tolerate\` (${tolerate}x)`;
    drafts.push(contradiction([...path, key], message, 'What is tolerated can not be what is to be detected.'));
  }
  const slo = judge['slo'];
  const edge = isContainer(slo) && typeof slo['p99'] === 'string' ? parseQuantity('duration', slo['p99']) : undefined;
  if (edge === 0) {
    const message = 'no request is answered in no time, so every one would break the SLO';
    drafts.push(contradiction([...path, 'slo', 'p99'], message, 'Raise it, or leave it out.'));
  }
  for (const key of ['falseAlarm', 'miss'] as const) {
    const probability = read(key, 'share');
    if (probability === undefined || (probability > 0 && probability < 0.5)) continue;
    const message = `\`${key}\` is the probability of a wrong decision; it lies between 0% and 50%, both excluded`;
    drafts.push(contradiction([...path, key], message, `Leave it out for ${DEFAULTS.judge[key]}.`));
  }
  return drafts;
}
