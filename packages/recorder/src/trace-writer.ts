/**
 * Everything that reaches a trace passes here: level, then redaction, then the file.
 *
 * The order is the promise. `--level metadata` drops content before anything looks at it; redaction sees
 * whole values, before any cut; the file gets nothing that did not pass both.
 */

import type { Redactor } from "@spoor/redactor";
import type { Losses, Trace } from "@spoor/trace";
import type { Draft, TraceFile } from "./trace-file.ts";

/** `full` keeps prompts, completions, arguments and results; `metadata` writes no `content` at all. */
export type Level = "full" | "metadata";

/** At which level a stored trace may be added to: no content where its run stored none, or none any more for a secret. */
export function levelOf({ invocation }: Trace): Level {
  const isSuppressed = invocation?.points.some((point) => point.type === "event" && point.name === "secret");
  return isSuppressed === true ? "metadata" : (invocation?.start?.capture.level ?? "metadata");
}

/** Made by us in every record. */
const ENVELOPE = ["type", "time", "invocation_id", "span_id", "parent_span_id", "from", "trace_id", "of"];
/** Words of our closed lists; all other head fields may hold an agent's or a repository's words. */
const CLOSED = [
  "origin",
  "writer",
  "recorder",
  "status",
  "basis",
  "duration_basis",
  "error_basis",
  "kind",
].concat(["executor", "same_as", "input", "verdict", "usage", "cost", "totals", "losses", "redactions"]);
const SAFE: ReadonlySet<string> = new Set([...ENVELOPE, ...CLOSED]);
/** The fields of these are flat and named by others. */
const SAFE_IN_OPEN_TYPES: ReadonlySet<string> = new Set(ENVELOPE);

export class TraceWriter {
  readonly file: TraceFile;
  readonly #redactor: Redactor;
  #level: Level;
  readonly #losses: Losses = {};

  constructor(file: TraceFile, redactor: Redactor, level: Level) {
    this.file = file;
    this.#redactor = redactor;
    this.#level = level;
  }

  get level(): Level {
    return this.#level;
  }

  /** Never throws. */
  write(draft: Draft): void {
    this.file.append(this.prepare(draft));
  }

  /** The record as it may be stored: without content at level `metadata`, and redacted. */
  prepare(draft: Draft): Draft {
    const { content, ...head } = draft as Record<string, unknown>;
    const clean: Record<string, unknown> = {};
    const safe = draft.type === "event" || draft.type === "amend" ? SAFE_IN_OPEN_TYPES : SAFE;
    for (const field of Object.keys(head))
      clean[field] = safe.has(field) ? head[field] : this.#redactor.redactValue(head[field]);
    if (content !== undefined && this.#level === "full")
      clean["content"] = this.#redactor.redactValue(content);
    return clean as unknown as Draft;
  }

  /** From here on no content is written. */
  suppressContent(): void {
    this.#level = "metadata";
  }

  lose(kind: keyof Losses, count = 1): void {
    if (count === 0) return;
    this.#losses[kind] = (this.#losses[kind] ?? 0) + count;
  }

  /** What this writer lost so far; gaps are told by their own records. */
  get losses(): Losses {
    const losses = { ...this.#losses };
    if (this.file.truncated > 0) losses.truncated = (losses.truncated ?? 0) + this.file.truncated;
    if (this.#redactor.failures > 0) losses.redaction_failed = this.#redactor.failures;
    return losses;
  }

  /** Secrets removed, by rule; never values. */
  get redactions(): Readonly<Record<string, number>> {
    return this.#redactor.counts;
  }
}
