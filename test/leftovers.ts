/** Finds processes that a test has left behind: all whose environment or command line names the test's folder. */

import { readdirSync, readFileSync } from 'node:fs';

export interface Leftover {
  readonly pid: number;
  readonly command: string;
}

/** Processes other than this one that were started with `folder` in their environment or arguments. Linux only. */
export function leftoversOf(folder: string): readonly Leftover[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const command = textOf(`/proc/${name}/cmdline`);
      const environment = textOf(`/proc/${name}/environ`);
      return command.includes(folder) || environment.includes(folder)
        ? [{ pid: Number(name), command: command.replaceAll('\0', ' ').trim() }]
        : [];
    });
}

/**
 * Waits until none is left, for at most `patience` milliseconds; ends those that stay and throws, naming them.
 * Meant for `afterEach`: a test that leaves a process behind fails.
 */
export async function expectNoLeftovers(folder: string, patience = 3000): Promise<void> {
  const deadline = performance.now() + patience;
  let left = leftoversOf(folder);
  while (left.length > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    left = leftoversOf(folder);
  }
  if (left.length === 0) return;
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself in between.
    }
  }
  throw new Error(`left behind: ${left.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`);
}

/** An ended process that its parent has not waited for reads as empty, and so is no leftover. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
