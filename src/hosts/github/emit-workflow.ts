/** A workflow as YAML that people like to read: pins with their versions, long conditions folded, scripts as they are. */

import { Document, isMap, isScalar, isSeq, Scalar, visit } from 'yaml';
import { GENERATED } from '../host-generator.ts';
import { pinOf, type Pins } from '../pins.ts';
import type { Workflow } from './workflow.ts';

const WIDTH = 110;

/** @throws Fault `hosts/bad-lock` when an action has no pin. */
export function emitWorkflow(workflow: Workflow, pins: Pins): string {
  const document = new Document(workflow, { aliasDuplicateObjects: false });
  document.commentBefore = ` ${GENERATED}`;
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key)) return;
      if (isSeq(value)) value.flow = value.items.every(isScalar);
      if (isScalar(value) && typeof value.value === 'string') styleText(value, String(key.value), pins);
    },
  });
  for (const part of [document.contents, document.get('jobs')]) {
    if (!isMap(part)) continue;
    for (const { key } of part.items.slice(1)) if (isScalar(key)) key.spaceBefore = true;
  }
  return document.toString({ lineWidth: WIDTH, flowCollectionPadding: false, nullStr: '' });
}

function styleText(node: Scalar, key: string, pins: Pins): void {
  const text = String(node.value);
  if (key === 'uses') {
    const { version, commit } = pinOf(text, pins);
    node.value = `${text}@${commit}`;
    node.comment = ` ${version}`;
  } else if (key === 'run' && (text.includes('\n') || text.length > WIDTH / 2)) {
    node.type = Scalar.BLOCK_LITERAL;
  } else if (key === 'if' && text.length > WIDTH / 2) {
    node.type = Scalar.BLOCK_FOLDED;
  }
}
