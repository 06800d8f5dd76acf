/**
 * Completes the answers that a recorder left half told when it was killed.
 *
 * Live, an answer is written once nothing more of it has come for a while, and what comes later is told by an
 * amendment. A recorder that was killed in between never wrote that one, and no other trace can: amendments stand
 * in the file of what they amend. Nobody else writes to a trace that was closed in its recorder's place.
 */

import type { Event } from "@spoor/adapters";
import type { Redactor } from "@spoor/redactor";
import { totalsOf } from "@spoor/trace";
import { readStoredTrace, type StoredTrace } from "./conversation-index.ts";
import { difference } from "./difference.ts";
import { keyOf, latestTime, merged, plan } from "./planned.ts";
import { RecordMaker } from "./to-record.ts";
import { TraceFile } from "./trace-file.ts";
import { levelOf, TraceWriter } from "./trace-writer.ts";

/**
 * @param events Those of the whole conversation that the trace holds a part of.
 * @param redactor A fresh one: of what is written elsewhere the numbers must not change.
 * @returns Whether anything was written.
 */
export function completeCrashed(
  { path, trace, records }: StoredTrace,
  events: readonly Event[],
  redactor: Redactor,
): boolean {
  const { start, end } = trace.invocation ?? {};
  if (start?.origin !== "recorded" || end?.closed_by === undefined) return false;
  const opened = TraceFile.reopen(path);
  if (opened.kind === "refused") return false;
  const { file } = opened;
  const writer = new TraceWriter(file, redactor, levelOf(trace));
  const maker = new RecordMaker(start.invocation_id, start.parent_span_id);
  const amends = plan(events, maker).flatMap(({ draft, amends: later }) => {
    const stored = draft.type === "completion" ? records.get(keyOf(draft)) : undefined;
    if (stored === undefined) return [];
    const now = merged(
      writer.prepare(draft),
      later.map((amend) => writer.prepare(amend)),
    );
    return difference(stored, now, latestTime(draft, later));
  });
  for (const amend of amends) file.append(amend);
  if (amends.length > 0)
    file.append({
      type: "amend",
      time: end.time,
      ...maker.root(),
      of: "invocation_end",
      totals: totalsOf(readStoredTrace(path, true).trace),
    });
  void file.close();
  return amends.length > 0;
}
