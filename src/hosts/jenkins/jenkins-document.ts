/** A declarative Jenkins pipeline as a tree: what the grammar of the pipeline-model-definition plugin allows, of that what we write. */

export interface Pipeline {
  readonly options: readonly Call[];
  readonly parameters: readonly Call[];
  readonly environment: Environment;
  readonly stages: readonly Stage[];
}

/** Each stage does one thing. The pipeline has `agent none`, so a stage without an agent has none. */
export interface Stage {
  readonly name: string;
  readonly agent?: Agent;
  readonly when?: When;
  readonly options?: readonly Call[];
  readonly input?: { readonly message: string; readonly ok: string };
  readonly environment?: Environment;
  readonly body:
    | { readonly kind: 'steps'; readonly steps: readonly Statement[] }
    | { readonly kind: 'stages' | 'parallel'; readonly stages: readonly Stage[] };
  /** Steps for each condition of the end of the stage. */
  readonly post?: Readonly<Partial<Record<PostCondition, readonly Statement[]>>>;
}

export type PostCondition = 'always' | 'success' | 'failure';

export type Agent = { readonly kind: 'any' } | { readonly kind: 'label'; readonly label: string };

/** A text or `credentials('ID')`. */
export type Environment = Readonly<Record<string, string | Call>>;

export interface When {
  /** What the condition is looked at before; `options` is the earliest. */
  readonly before: 'agent' | 'input' | 'options' | null;
  readonly condition: Condition;
}

/** Patterns are regular expressions of Java, which the whole name must match. */
export type Condition =
  | { readonly kind: 'branch' | 'tag'; readonly comparator: 'EQUALS' | 'REGEXP'; readonly pattern: string }
  | { readonly kind: 'buildingTag' | 'changeRequest' }
  | { readonly kind: 'expression'; readonly test: Value }
  | { readonly kind: 'allOf' | 'anyOf'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition };

export type Statement =
  | Call
  | { readonly kind: 'define'; readonly name: string; readonly value: Call }
  | {
      readonly kind: 'if';
      readonly test: Value;
      readonly whenTrue: readonly Statement[];
      readonly otherwise: readonly Statement[];
    };

/** A step, an option or a function of the pipeline. */
export interface Call {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Value[] | NamedValues;
  readonly block?: readonly Statement[];
}

export type NamedValues = Readonly<Record<string, Value>>;

export type Value =
  | string
  | number
  | boolean
  | null
  | Call
  | { readonly kind: 'list'; readonly of: readonly Value[] }
  | { readonly kind: 'map'; readonly of: NamedValues }
  /** A name, or a path of names: `params.NAME`. */
  | { readonly kind: 'reference'; readonly name: string }
  | {
      readonly kind: 'compare';
      readonly operator: '==' | '!=' | 'in' | '+';
      readonly left: Value;
      readonly right: Value;
    };

export function call(name: string, args: readonly Value[] | NamedValues = [], block?: readonly Statement[]): Call {
  return { kind: 'call', name, args, ...(block === undefined ? {} : { block }) };
}

export function reference(name: string): Value {
  return { kind: 'reference', name };
}
