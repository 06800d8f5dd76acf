/** What `spoor verify` finds: docs/cli.md, "Findings of verify". Never a value, only where it stands. */

export interface Finding {
  path: string;
  /** 1-based; absent where the file as a whole is meant. */
  line?: number;
  kind: "format" | "secret";
  /** From a closed list for `format`; for `secret` the rule of the redactor. */
  rule: string;
  /** What is wrong, and what was expected. */
  message: string;
}

/** A finding before it is known in which file. */
export type LineFinding = Omit<Finding, "path">;
