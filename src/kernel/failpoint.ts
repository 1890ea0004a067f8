/** Points at which a test may end this process with SIGKILL, as a crash would. */

/**
 * `SLIPWAY_FAILPOINT=name` kills at the first arrival at `name`, `name#3` at the third. Without the variable a call
 * costs one comparison.
 */
export function failpoint(name: string): void {
  if (wanted === undefined || wanted.name !== name) return;
  wanted.left -= 1;
  if (wanted.left === 0) process.kill(process.pid, 'SIGKILL');
}

const wanted = parse(process.env['SLIPWAY_FAILPOINT']);

function parse(text: string | undefined): { name: string; left: number } | undefined {
  if (text === undefined || text === '') return undefined;
  const [name = '', count = '1'] = text.split('#');
  return { name, left: Number(count) };
}
