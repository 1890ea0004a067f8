/** `slipway image inspect [IMAGE] [--json]`. */

import { join } from 'node:path';
import { type ChildDescription, describeImage, openLayout } from '../../oci/index.ts';
import { Fault } from '../../kernel/fault.ts';
import { formatSize } from '../../kernel/quantity.ts';
import { openJournal, type System } from '../../system.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { harmless, table, type Terminal } from '../terminal.ts';

export interface InspectOptions {
  readonly image: string | undefined;
  readonly json: boolean;
}

export async function runInspect(
  system: System,
  terminal: Terminal,
  { image, json }: InspectOptions,
): Promise<ExitCode> {
  const layout = openLayout({ folder: join(system.home, 'images') });
  const description = await describeImage(layout, image ?? (await lastDeployed(system)));
  if (json) {
    terminal.print(JSON.stringify(description));
    return EXIT.ok;
  }
  terminal.print(terminal.style('bold', description.digest));
  terminal.print(
    `  tags ${description.tags.map(harmless).join(', ') || 'none'} · ${formatSize(description.size)} in all, each blob once`,
  );
  for (const child of description.children) terminal.print(childText(child, terminal));
  return EXIT.ok;
}

function childText(child: ChildDescription, terminal: Terminal): string {
  const { platform, kind, digest, layers, size, entrypoint, user, ports, component } = child;
  const rows = layers.map((layer) => [
    `    ${layer.digest.slice(7, 19)}`,
    formatSize(layer.size),
    harmless(layer.mediaType),
  ]);
  const lines = [
    `  ${terminal.style('cyan', harmless(platform ?? 'no platform'))}  ${kind}  ${digest.slice(7, 19)}  ${formatSize(size)}`,
    table(rows),
  ];
  if (entrypoint.length > 0) {
    lines.push(
      `    runs ${harmless(entrypoint.join(' '))} as ${harmless(user ?? 'root')}, ports ${ports.map(harmless).join(', ') || 'none'}`,
    );
  }
  if (component !== null) {
    lines.push(`    world ${harmless(component.target ?? 'unknown')}`);
    lines.push(`    imports ${component.imports.map(harmless).join(', ')}`);
    lines.push(`    exports ${component.exports.map(harmless).join(', ')}`);
  }
  return lines.join('\n');
}

/** The image of the newest release, for who names none. */
async function lastDeployed(system: System): Promise<string> {
  const journal = await openJournal(system);
  const [entry] = journal.read({ kinds: ['release.created'], limit: 1, newest: true });
  journal.close();
  const data = entry?.data as { readonly content: { readonly image: string } } | undefined;
  if (data !== undefined) return data.content.image;
  throw new Fault({
    code: 'cli/no-image',
    kind: 'usage',
    message: 'Nothing was deployed from this home yet, so an image has to be named.',
    hint: 'Give a digest or a tag, as "slipway run" prints it.',
  });
}
