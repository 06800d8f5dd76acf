/** Lines that tell of one moment: hooks that ran, plans, limits, compactions. */

import type { JsonObject } from "../adapter.ts";
import { asArray, asCount, asNumber, asObject, asObjects, asText, asTime, at } from "../json.ts";
import type { Kept } from "./channel.ts";
import { asMs } from "./lines.ts";

export interface Point {
  fields: Record<string, unknown>;
  content?: Record<string, unknown>;
}

/** A hook that ran, as an attachment tells (`hook_success`, `hook_blocking_error`, `hook_cancelled` …). */
export function hookOf(attachment: JsonObject): Point | undefined {
  const outcome = /^hook_(success|non_blocking_error|blocking_error|cancelled|error_during_execution)$/.exec(
    asText(attachment["type"]) ?? "",
  )?.[1];
  if (outcome === undefined) return undefined;
  return {
    fields: {
      hook: asText(attachment["hookEvent"]),
      outcome,
      exit_code: asCount(attachment["exitCode"]),
      duration_ms: asMs(attachment["durationMs"]),
    },
    content: { command: asText(attachment["command"]) },
  };
}

/** Hooks that a `system` line tells of: those of a stop together; in the stream, each when it has answered. */
export function hooksOf(line: JsonObject): Point[] {
  if (line["subtype"] === "stop_hook_summary")
    return asObjects(line["hookInfos"]).map((hook) => ({
      fields: { hook: "Stop", duration_ms: asMs(hook["durationMs"]) },
      content: { command: asText(hook["command"]) },
    }));
  if (line["subtype"] !== "hook_response") return [];
  return [
    {
      fields: {
        hook: asText(line["hook_event"]),
        outcome: asText(line["outcome"]),
        exit_code: asCount(line["exit_code"]),
      },
    },
  ];
}

/** What a call that plans says of the plan; its texts are the call's arguments. */
export function planOf(tool: string, input: unknown): Record<string, unknown> | undefined {
  const plan = asObject(input);
  switch (tool) {
    case "TodoWrite": {
      const items = asArray(plan?.["todos"]).map(asObject);
      const count = (status: string): number => items.filter((item) => item?.["status"] === status).length;
      return { items: items.length, in_progress: count("in_progress"), completed: count("completed") };
    }
    case "TaskCreate":
      return { status: "pending" };
    case "TaskUpdate":
      return { item: asText(plan?.["taskId"]), status: asText(plan?.["status"]) };
    default:
      return undefined;
  }
}

/** @param info `rate_limit_info` of the stream: its utilization is a share, its reset in seconds since 1970. */
export function rateLimitOf(info: JsonObject): Record<string, unknown> | undefined {
  const share = asNumber(info["utilization"]);
  if (share === undefined) return undefined;
  const seconds = asNumber(info["resetsAt"]);
  return {
    used_percent: Math.round(share * 1000) / 10,
    resets_at: seconds === undefined ? undefined : asTime(seconds * 1000),
  };
}

export function compactionOf(line: JsonObject): Record<string, unknown> {
  const metadata = asObject(line["compactMetadata"] ?? line["compact_metadata"]) ?? {};
  return {
    trigger: asText(metadata["trigger"]),
    tokens_before: asCount(metadata["preTokens"]) ?? asCount(metadata["pre_tokens"]),
    tokens_after: asCount(metadata["postTokens"]) ?? asCount(metadata["post_tokens"]),
  };
}

/** The lines that a compaction does not replace (seen in 2.1.329); undefined where it names none. */
export function keptOf(line: JsonObject): Kept | undefined {
  const kept = asObject(at(line["compactMetadata"], "preservedMessages"));
  const anchor = asText(kept?.["anchorUuid"]);
  if (anchor === undefined) return undefined;
  return { anchor, lines: asArray(kept?.["uuids"]).flatMap((uuid) => asText(uuid) ?? []) };
}
