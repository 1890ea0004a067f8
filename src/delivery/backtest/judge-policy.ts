/** Our own judge on a recording: what it would have decided with another false alarm probability, and when. */

import type { JudgeSettings } from '../environment-spec.ts';
import { addLook, judge, startEvidence } from '../judge/index.ts';
import type { Decided, Policy } from './policy.ts';

export function judgePolicy(settings: JudgeSettings): Policy {
  return {
    name: `slipway, false alarm ${Number((settings.falseAlarm * 100).toPrecision(3))}%`,
    decide({ looks, hasStable }): Decided {
      let evidence = startEvidence(settings, hasStable);
      for (const { at, counts } of looks) {
        evidence = addLook(evidence, counts, at);
        const { verdict, sentence } = judge(evidence, settings);
        if (verdict.kind === 'fail') return { kind: 'abort', at, because: sentence };
        if (verdict.kind === 'pass') return { kind: 'promote', at, because: sentence };
      }
      return { kind: 'undecided', because: judge(evidence, settings).sentence };
    },
  };
}
