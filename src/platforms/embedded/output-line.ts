/** Lines that replicas write: our own host puts the time before each, other engines write what the service says as it is. */

/** As `toISOString` gives it, and a blank. */
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) /;

/** What stands before a line that is written at this wall time. */
export function timePrefix(wall: number): string {
  return `${new Date(wall).toISOString()} `;
}

export interface TimedText {
  /** Wall time in milliseconds; `null` when the line does not tell it. */
  readonly at: number | null;
  readonly text: string;
}

export function parseOutputLine(line: string): TimedText {
  const [prefix = '', time = ''] = TIME.exec(line) ?? [];
  const at = Date.parse(time);
  return Number.isNaN(at) ? { at: null, text: line } : { at, text: line.slice(prefix.length) };
}

export function withoutTime(line: string): string {
  return parseOutputLine(line).text;
}
