/** What the judge of an environment will do at its traffic, as text. */

import type { Forecast } from '../../delivery/index.ts';
import { formatDuration, formatShare } from '../../kernel/quantity.ts';
import { table, type Terminal } from '../terminal.ts';

export interface EnvironmentForecast {
  readonly environment: string;
  /** Where the traffic is known from, `as counted 2h ago`; `null` when it is supposed. */
  readonly seen: string | null;
  /** Whether the share that fails was seen; else it is supposed: few requests without an error say little of it. */
  readonly failed: boolean;
  /** One for the traffic that was seen, else one for each that is supposed. */
  readonly forecasts: readonly Forecast[];
}

/** Nine of ten must be decided; else traffic is called too low. */
const ENOUGH = 0.9;

export function forecastReport(one: EnvironmentForecast, terminal: Terminal): string {
  const { seen, forecasts } = one;
  const [first] = forecasts;
  if (first === undefined) return '';
  const what = `  a candidate at ${formatShare(first.weight)} of them is aborted, when it fails`;
  const rows = forecasts.flatMap((forecast) => {
    const regressions = forecast.regressions.map((regression) => [
      `${regression.ratio}x as often`,
      decisionText(regression, forecast.within),
    ]);
    const passed = forecast.pass === null ? [] : [['a good one passes', passText(forecast)]];
    return [...regressions, ...passed].map(([when = '', then = ''], index) => [
      `    ${index === 0 ? `at ${formatRate(forecast.rate)}` : ''}`,
      when,
      then,
    ]);
  });
  const told = `  ${trafficText(one, first)}`;
  return [told, what, table(rows), ...warnings(forecasts, seen !== null, terminal)].join('\n');
}

function trafficText({ environment, seen, failed }: EnvironmentForecast, { rate, baseline }: Forecast): string {
  const share = formatShare(baseline, 3);
  if (seen === null)
    return `the traffic of ${environment} is not known yet; suppose that ${share} of its requests fail`;
  return failed
    ? `${environment} gets ${formatRate(rate)}, of which ${share} fail (${seen})`
    : `${environment} gets ${formatRate(rate)}, of which none failed (${seen}); suppose that ${share} do`;
}

function decisionText({ median, p90, decided, harmed }: Forecast['regressions'][number], within: number): string {
  const spoilt = `${formatCount(harmed)} errors`;
  if (median === null) return `in ${formatShare(decided, 0)} of cases within ${formatDuration(within)}; ${spoilt}`;
  const slow = p90 === null ? `over ${formatDuration(within)}` : formatDuration(p90 * 1000);
  return `after ${formatDuration(median * 1000)} (1 in 10: ${slow}); ${spoilt}`;
}

function passText({ pass, within }: Forecast): string {
  if (pass === null) return '';
  const when =
    pass.median === null ? `not within ${formatDuration(within)}` : `after ${formatDuration(pass.median * 1000)}`;
  return `${when} at ${formatShare(pass.weight)}`;
}

/** Says plainly when traffic is too low to decide; for a traffic that is only supposed there is nothing to warn of. */
function warnings(forecasts: readonly Forecast[], known: boolean, terminal: Terminal): readonly string[] {
  const [only] = forecasts;
  if (!known || only === undefined) return [];
  const { regressions, pass, within, weight } = only;
  const missed = regressions.filter(({ decided }) => decided < ENOUGH).map(({ ratio }) => `${ratio}x`);
  const lines: string[] = [];
  if (missed.length > 0) {
    const more =
      weight < 1 ? 'a higher first weight, a longer "within", or a load gate' : 'a longer "within", or a load gate';
    lines.push(
      `traffic is too low to find a ${missed.join(' or ')} regression within ${formatDuration(within)}:`,
      `  ${more} would help`,
    );
  }
  if (pass !== null && pass.decided < ENOUGH) {
    lines.push(`traffic is too low to prove a good candidate within ${formatDuration(within)}: a person will be asked`);
  }
  return lines.map((line) => terminal.style('yellow', line.startsWith(' ') ? `  ${line}` : `  ! ${line}`));
}

function formatRate(rate: number): string {
  return `${Number(rate.toPrecision(2))}/s`;
}

function formatCount(count: number): string {
  return count < 10 ? count.toFixed(1) : String(Math.round(count));
}
