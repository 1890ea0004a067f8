/** The port to where requests are counted. A cluster counts nothing by itself. */

import type { CounterRow, EnvironmentContext } from '../../delivery/index.ts';

export interface CounterSource {
  /**
   * Raw cumulative counters of every release of the environment, one row per pod that ever served and is still known;
   * `null` when they can't be had now. Never throws for a source that is down: that is no data (design.md section 4.7).
   */
  read(context: EnvironmentContext, signal?: AbortSignal): Promise<readonly CounterRow[] | null>;
}
