/**
 * Backtest: what would each policy have decided on traffic that was recorded, and when? Pure: it is handed recordings,
 * and knows neither where they come from nor any format of a file.
 */

export { type CounterSeries, recordingOf } from './counter-series.ts';
export type { Decided, Policy } from './policy.ts';
export type { RecordedLook, Recording } from './recording.ts';
export { type BacktestRow, runBacktest } from './run-backtest.ts';
