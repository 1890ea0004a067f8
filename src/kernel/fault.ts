/** The one error that is thrown when what was asked cannot go on. Everything else that is thrown is a bug. */

/**
 * Who can do something about it, and so the exit code of the command line:
 * `refused` the operation is not possible as things stand (1) · `usage` wrong arguments or project file (2) ·
 * `unreachable` something outside did not answer (3).
 */
export type FaultKind = 'refused' | 'usage' | 'unreachable';

export interface FaultFields<Code extends string> {
  /** `area/what`, permanent once released. */
  readonly code: Code;
  readonly kind: FaultKind;
  /** What happened and why, in a full sentence. Nothing secret. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

export class Fault<Code extends string = string> extends Error {
  readonly code: Code;
  readonly kind: FaultKind;
  readonly hint: string;
  readonly retryable: boolean;

  constructor(fields: FaultFields<Code>) {
    super(fields.message, fields.cause === undefined ? {} : { cause: fields.cause });
    this.name = 'Fault';
    this.code = fields.code;
    this.kind = fields.kind;
    this.hint = fields.hint;
    this.retryable = fields.retryable ?? false;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node system error (`ENOENT`), else `undefined`. */
export function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
