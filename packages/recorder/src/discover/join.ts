/**
 * Decides which conversations are the command's own, from what is known about each; pure.
 *
 * Strong evidence says so by itself: the agent named it on its stdout, in its note, by our trace id, or holds
 * the file open. Without it a conversation is ours only if nobody else can have written it, and where several
 * may have, nothing is guessed.
 */

import type { AgentName } from "@spoor/adapters";

export type JoinedBy = "stream" | "process_note" | "trace_id" | "open_file" | "only_candidate";

/** What is known about a transcript that appeared or grew since the start. Writers are told by their pids. */
export interface Evidence {
  readonly path: string;
  readonly agent: AgentName;
  /** The JSON stdout of the command names it. */
  readonly namedByStream: boolean;
  /** The process of ours whose note names it. */
  readonly notedBy: number | undefined;
  /** `other`: the agent was given another trace id than ours. */
  readonly traceId: "ours" | "other" | "none";
  /** The process of ours that holds it open for writing. */
  readonly heldBy: number | undefined;
  /** An agent that is not ours holds it open or names it in its note. */
  readonly isAnothers: boolean;
  /** Another live spoor has claimed it. */
  readonly isClaimed: boolean;
  /** Its working directory is one of our processes'; undefined: not known (yet). */
  readonly inOurFolder: boolean | undefined;
  /** Our agents that may have written it: not busy with another conversation, and alive at the time. */
  readonly own: readonly number[];
  /** Agents not ours that may have. */
  readonly others: readonly number[];
  /** Those of both that cannot have: they wrote too few bytes, or were asked something else. */
  readonly cleared: ReadonlySet<number>;
  /** Stronger evidence has had its time to come. */
  readonly hasWaited: boolean;
}

export type Decision =
  | { readonly kind: "join"; readonly by: JoinedBy; readonly pid?: number }
  | { readonly kind: "not_ours" }
  /** Later evidence will tell. */
  | { readonly kind: "wait" }
  /** As things stand it may be ours, or not. */
  | { readonly kind: "ambiguous" };

/**
 * @param all The undecided transcripts of one agent.
 * @param processesKnown Whether the system tells which processes run.
 * @returns One decision for each, in the same order.
 */
export function decide(all: readonly Evidence[], processesKnown: boolean): Decision[] {
  const byItself = all.map((evidence) => strongDecision(evidence, processesKnown));
  const open = all.filter((_, index) => byItself[index] === undefined);
  const weak = new Map(open.map((one) => [one, processesKnown ? weigh(one) : "possible"]));
  if (processesKnown) eliminate(open, weak);

  const sure = open.filter((one) => weak.get(one) === "sure");
  const possible = open.filter((one) => weak.get(one) === "possible");
  const ownWriters = new Set(sure.flatMap(({ own }) => own)).size;
  const areAllOurs = sure.length <= Math.max(1, ownWriters);
  const isTheOnly = !processesKnown && possible.length === 1;

  return all.map((one, index): Decision => {
    const decided = byItself[index];
    if (decided !== undefined) return decided;
    if (weak.get(one) === "not_ours") return { kind: "not_ours" };
    if (!one.hasWaited) return { kind: "wait" };
    if (!(weak.get(one) === "sure" ? areAllOurs : isTheOnly)) return { kind: "ambiguous" };
    const [pid, ...more] = mayHaveWritten(one, one.own);
    return { kind: "join", by: "only_candidate", ...(pid !== undefined && more.length === 0 && { pid }) };
  });
}

/** What one transcript's evidence says whatever the others' is. */
function strongDecision(evidence: Evidence, processesKnown: boolean): Decision | undefined {
  const { notedBy, heldBy } = evidence;
  if (evidence.namedByStream) return { kind: "join", by: "stream" };
  if (notedBy !== undefined) return { kind: "join", by: "process_note", pid: notedBy };
  if (evidence.traceId === "ours") return { kind: "join", by: "trace_id" };
  if (heldBy !== undefined) return { kind: "join", by: "open_file", pid: heldBy };
  if (evidence.isAnothers || evidence.isClaimed || evidence.traceId === "other") return { kind: "not_ours" };
  if (evidence.inOurFolder === undefined) return { kind: "wait" };
  if (!evidence.inOurFolder || (processesKnown && evidence.own.length === 0)) return { kind: "not_ours" };
  return undefined;
}

type Weight = "sure" | "possible" | "not_ours";

/**
 * Bytes decide only between ours and others: a write that the kernel's count misses (io_uring, a mapped file)
 * must not lose a conversation that nobody else can have written.
 */
function weigh(evidence: Evidence): Weight {
  const { own, others } = evidence;
  if (others.length === 0) return "sure";
  if (mayHaveWritten(evidence, own).length === 0) return "not_ours";
  return mayHaveWritten(evidence, others).length === 0 ? "sure" : "possible";
}

/** Who is known to write one conversation does not write another. */
function eliminate(open: readonly Evidence[], weights: Map<Evidence, Weight | string>): void {
  const busy = new Set<number>();
  for (const one of open) {
    const [writer, ...more] = mayHaveWritten(one, one.others);
    if (weights.get(one) === "not_ours" && writer !== undefined && more.length === 0) busy.add(writer);
  }
  for (const one of open)
    if (weights.get(one) === "possible" && mayHaveWritten(one, one.others).every((pid) => busy.has(pid)))
      weights.set(one, "sure");
}

function mayHaveWritten({ cleared }: Evidence, pids: readonly number[]): number[] {
  return pids.filter((pid) => !cleared.has(pid));
}
