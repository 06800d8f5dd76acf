/**
 * What a thread says of the sub-agents it started. Each is a thread with a rollout of its own, so here it has
 * only a start and an end.
 */

import type { TurnStatus } from "@spoor/trace";
import type { JsonObject } from "../adapter.ts";
import { asObject, asObjects, asText, at } from "../json.ts";

export interface SubAgentStart {
  kind: "start";
  threadId: string;
  /** The `spawn_agent` call. */
  callId?: string;
  name?: string;
}

export interface SubAgentEnd {
  kind: "end";
  threadId: string;
  status: TurnStatus;
}

export type SubAgentNews = SubAgentStart | SubAgentEnd;

/** From an `item_completed`: `CollabAgentToolCall` (multi-agent v1), `SubAgentActivity` (v2). */
export function newsOfItem(item: JsonObject): SubAgentNews[] {
  const callId = asText(item["id"]);
  switch (item["type"]) {
    case "CollabAgentToolCall": {
      const spawned = item["tool"] === "spawn_agent" ? asObjects(item["receiver_agents"]) : [];
      return [
        ...spawned.flatMap((agent) => start(agent["thread_id"], callId, agent["agent_role"])),
        ...newsOfStates(item["agents_states"]),
      ];
    }
    case "SubAgentActivity": {
      if (item["kind"] === "started")
        return start(item["agent_thread_id"], callId, lastName(item["agent_path"]));
      return end(item["agent_thread_id"], asText(item["kind"]));
    }
    default:
      return [];
  }
}

/** From the output of a tool: `spawn_agent` names the new thread, `wait_agent` and `close_agent` how others stand. */
export function newsOfOutput(tool: string, callId: string, output: unknown, args: unknown): SubAgentNews[] {
  if (!/^(spawn|wait|close|resume)_agent$/.test(tool) || typeof output !== "string") return [];
  const answer = parsedObject(output);
  if (tool === "spawn_agent") return start(answer?.["agent_id"], callId, at(args, "agent_type"));
  if (tool === "close_agent")
    return end(at(args, "target") ?? at(args, "id"), wordOf(answer?.["previous_status"]));
  return newsOfStates(answer?.["status"]);
}

/** From what the harness tells the parent in the user's name. */
export function newsOfNotification(text: string): SubAgentNews[] {
  const json = /^<subagent_notification>\s*(\{[^]*\})\s*<\/subagent_notification>\s*$/.exec(text)?.[1];
  const notification = json === undefined ? undefined : parsedObject(json);
  return end(notification?.["agent_path"] ?? notification?.["agent_id"], wordOf(notification?.["status"]));
}

/** `{<thread id>: "running" | {completed: "its last words"} | {status: …}}`. */
export function newsOfStates(states: unknown): SubAgentNews[] {
  return Object.entries(asObject(states) ?? {}).flatMap(([id, state]) => end(id, wordOf(state)));
}

function start(threadId: unknown, callId: string | undefined, name: unknown): SubAgentNews[] {
  const id = asText(threadId);
  const word = asText(name);
  return id === undefined
    ? []
    : [
        {
          kind: "start",
          threadId: id,
          ...(callId === undefined ? {} : { callId }),
          ...(word === undefined ? {} : { name: word }),
        },
      ];
}

/** Words for a state that is an end; all others mean that it goes on. */
const ENDS: Readonly<Record<string, TurnStatus>> = {
  __proto__: null as never,
  completed: "success",
  errored: "error",
  failed: "error",
  interrupted: "interrupted",
  shutdown: "unknown",
};

function end(threadId: unknown, word: string | undefined): SubAgentNews[] {
  const id = asText(threadId);
  const status = ENDS[word ?? ""];
  return id === undefined || status === undefined ? [] : [{ kind: "end", threadId: id, status }];
}

function wordOf(state: unknown): string | undefined {
  return asText(state) ?? asText(at(state, "status")) ?? Object.keys(asObject(state) ?? {})[0];
}

function lastName(path: unknown): string | undefined {
  return asText(path)?.split("/").at(-1);
}

function parsedObject(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    // An error in words: "collab spawn failed: …".
    return undefined;
  }
}
