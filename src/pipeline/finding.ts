/** What a task that failed has found at a place in the project, in a form that CI systems and editors can show there. */

export interface Finding {
  /** `warning`: it works, but is not let through (a lint, a format). */
  readonly severity: 'error' | 'warning';
  /** Who says so, and under which name: `clippy::needless_return`, `E0308`, `rustfmt`, `test`. */
  readonly rule: string;
  readonly message: string;
  /** `null`: it belongs to no line of the project. */
  readonly place: FindingPlace | null;
}

export interface FindingPlace {
  /** Relative to the project folder, `/`-separated. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number | null;
  readonly endLine: number | null;
  readonly endColumn: number | null;
}
