/** One line of `spoor doctor`: docs/cli.md, "Findings of doctor". */

export interface Finding {
  /** What was looked at, in one or two words. */
  what: string;
  /** What was found. */
  value: string;
  status: "ok" | "warning";
  /** What to do about it, or with it. */
  advice?: string;
}
