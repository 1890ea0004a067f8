/**
 * Kayenta's judge (NetflixACAJudge-v1.0), for comparison: what it would have said of recorded points, its oddities
 * included. It takes points of a minute, and at least fifty of them, so it drives no rollout here; `slipway backtest` asks it.
 */

export { DEFAULTS } from './classify.ts';
export { type KayentaMetric, type KayentaResult, kayentaJudge } from './kayenta-judge.ts';
