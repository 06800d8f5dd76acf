/** What a user line says, besides tool results: most are the harness's own. */

import type { TurnStart, TurnStatus } from "@spoor/trace";
import type { JsonObject } from "../adapter.ts";
import { asText, at } from "../json.ts";

export type Utterance =
  | { kind: "prompt" }
  /** A slash command: many ask no model. */
  | { kind: "command" }
  | ({ kind: "notification" } & Notification)
  | { kind: "interrupt" }
  /** Text the harness adds: input to the model, but nobody's prompt. */
  | { kind: "context" };

/** What became of a background task: a sub-agent, or a shell command. */
export interface Notification {
  taskId: string | undefined;
  status: TurnStatus;
}

export function utteranceOf(line: JsonObject, text: string): Utterance {
  const start = text.trimStart();
  if (start.startsWith("[Request interrupted by user")) return { kind: "interrupt" };
  if (start.startsWith("<task-notification>") || at(line["origin"], "kind") === "task-notification")
    return { kind: "notification", ...notificationOf(text) };
  if (
    line["isMeta"] === true ||
    line["isCompactSummary"] === true ||
    line["isVisibleInTranscriptOnly"] === true ||
    /^<(local-command-(stdout|stderr|caveat)|bash-(input|stdout|stderr)|user-memory-input)>/.test(start) ||
    start.startsWith("Caveat: The messages below")
  )
    return { kind: "context" };
  return /^<command-(name|message)>/.test(start) ? { kind: "command" } : { kind: "prompt" };
}

export function notificationOf(text: string): Notification {
  const inside = (tag: string): string | undefined => new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(text)?.[1];
  return { taskId: inside("task-id"), status: taskStatusOf(inside("status")) };
}

export function taskStatusOf(word: unknown): TurnStatus {
  switch (word) {
    case "completed":
      return "success";
    case "failed":
      return "error";
    case "killed":
    case "stopped":
      return "interrupted";
    default:
      return "unknown";
  }
}

export function originOf(line: JsonObject): TurnStart["origin"] {
  const source = `${asText(line["promptSource"]) ?? ""} ${asText(at(line["origin"], "kind")) ?? ""}`;
  return /queue/.test(source) ? "queued" : /cron|schedule|loop/.test(source) ? "schedule" : "user";
}
