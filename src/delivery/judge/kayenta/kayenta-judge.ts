/** The whole of Kayenta's judgement: each metric prepared and classified, then one score. */

import { classify, type ClassifySettings, type Classified, DEFAULTS } from './classify.ts';
import { AS_IS, prepare, type PrepareSettings } from './prepare.ts';
import { score, type Score, type ScoredMetric, type Thresholds } from './score.ts';

export interface KayentaMetric {
  readonly name: string;
  readonly experiment: readonly number[];
  readonly control: readonly number[];
  readonly settings?: ClassifySettings;
  readonly preparation?: PrepareSettings;
  readonly groups: readonly string[];
  readonly critical?: boolean;
  readonly mustHaveData?: boolean;
}

export interface KayentaResult extends Score {
  readonly metrics: Readonly<Record<string, Classified>>;
}

/** What teams usually ask for. */
export const USUAL: Thresholds = { pass: 95, marginal: 75 };

export function kayentaJudge(
  metrics: readonly KayentaMetric[],
  { weights = {}, thresholds = USUAL }: { weights?: Readonly<Record<string, number>>; thresholds?: Thresholds } = {},
): KayentaResult {
  const classified: Record<string, Classified> = {};
  const scored = metrics.map((metric): ScoredMetric => {
    const result = classifyMetric(metric);
    classified[metric.name] = result;
    const critical = metric.critical === true && (result.critical || isWithoutData(result));
    return { classification: result.classification, groups: metric.groups, weightOf: critical ? 'critical' : 'normal' };
  });
  return { ...score(scored, weights, thresholds), metrics: classified };
}

function isWithoutData({ classification }: Classified): boolean {
  return classification === 'Nodata' || classification === 'NodataFailMetric';
}

function classifyMetric({ experiment, control, ...metric }: KayentaMetric): Classified {
  const [own, other] = [experiment, control].map((points) => prepare(points, metric.preparation ?? AS_IS));
  if (own === undefined || other === undefined || own.length === 0 || other.length === 0) {
    return { classification: metric.mustHaveData === true ? 'NodataFailMetric' : 'Nodata', critical: false };
  }
  const { settings = DEFAULTS, critical = false } = metric;
  return classify(
    own,
    other,
    critical ? { ...settings, critical: settings.critical ?? { decrease: 1, increase: 1 } } : settings,
  );
}
