/**
 * What the lines of Codex mean, one by one: response items to parts and tool calls, usage to tokens.
 * Without state; `parse.ts` has that.
 */

import type { ErrorInfo, Message, Part, Pointers, Usage } from "@spoor/trace";
import type { JsonObject } from "../adapter.ts";
import { blobOfBlock } from "../binary.ts";
import { asArray, asCount, asObject, asObjects, asText, at, present } from "../json.ts";
import type { ToolCallFacts } from "../thread.ts";

// --- content ---------------------------------------------------------------------------------------------

/** The content blocks of a message or of a tool's output; what is encrypted is left out. */
export function partsOf(content: unknown): Part[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", content }];
  return asObjects(content).flatMap((block) => partOf(block) ?? []);
}

function partOf(block: JsonObject): Part | undefined {
  const type = asText(block["type"]);
  const text = block["text"];
  if (typeof text === "string") return text === "" ? undefined : { type: "text", content: text };
  if (type === undefined || type === "encrypted_content") return undefined;
  const blob = blobOfBlock(block);
  if (blob !== undefined) return blob;
  const uri = asText(block["image_url"]);
  return uri === undefined ? { ...block, type } : { type: "uri", modality: "image", uri };
}

export function textOf(parts: readonly Part[]): string {
  return parts
    .flatMap((part) => (part.type === "text" ? [(part as { content: string }).content] : []))
    .join("\n");
}

/** Summaries, and raw reasoning where a local model shows it. */
export function reasoningOf(item: JsonObject): Part[] {
  return [...asObjects(item["summary"]), ...asObjects(item["content"])].flatMap((block): Part[] => {
    const content = asText(block["text"]);
    return content === undefined ? [] : [{ type: "reasoning", content }];
  });
}

/** A user's own words, as against what the harness says in the user's name. */
export function isUsersOwn(item: JsonObject, text: string): boolean {
  const kinds = asArray(at(item, "internal_chat_message_metadata_passthrough", "content_item_kinds"));
  if (kinds.length > 0) return kinds.some((kind) => typeof kind === "string" && kind.startsWith("user."));
  return text !== "" && !/^\s*(<[a-z_]+[ >]|# AGENTS\.md instructions)/.test(text);
}

// --- response items --------------------------------------------------------------------------------------

/** An item of a stored history as a message: what a compaction keeps. Calls and results by id, as anywhere. */
export function messageOf(item: JsonObject): Message | undefined {
  const parts = isToolOutput(item)
    ? [{ type: "tool_call_response", id: asText(item["call_id"]) ?? "" }]
    : partsOfItem(item);
  if (parts.length === 0) return undefined;
  switch (item["type"]) {
    case "message":
      return { role: asText(item["role"]) ?? "user", parts };
    case "agent_message":
      return { role: "user", parts };
    default:
      return { role: isToolOutput(item) ? "tool" : "assistant", parts };
  }
}

function partsOfItem(item: JsonObject): Part[] {
  switch (item["type"]) {
    case "message":
    case "agent_message":
      return partsOf(item["content"]);
    case "reasoning":
      return reasoningOf(item);
    default: {
      const call = toolCallOf(item, "");
      return call === undefined ? [] : [{ type: "tool_call", id: call.id, name: call.name }];
    }
  }
}

export function isToolOutput(item: JsonObject): boolean {
  return typeof item["type"] === "string" && item["type"].endsWith("_output");
}

/** @param key Its id where the item has none of its own. */
export function toolCallOf(item: JsonObject, key: string): ToolCallFacts | undefined {
  const id = asText(item["call_id"]) ?? asText(item["id"]) ?? key;
  const name = asText(item["name"]) ?? "unknown";
  switch (item["type"]) {
    case "function_call":
      return { id, ...nameOf(name, asText(item["namespace"])), arguments: parsed(item["arguments"]) };
    case "custom_tool_call":
      return { id, ...nameOf(name, asText(item["namespace"])), arguments: item["input"] };
    case "local_shell_call":
      return { id, name: "local_shell", arguments: item["action"] };
    case "tool_search_call":
      return { id, name: "tool_search", arguments: item["arguments"] };
    case "web_search_call":
      return { id, name: "web_search", arguments: item["action"], executor: "provider" };
    case "image_generation_call":
      return {
        id,
        name: "image_generation",
        arguments: present({ prompt: asText(item["revised_prompt"]) }),
        executor: "provider",
      };
    default:
      return undefined;
  }
}

/** An MCP server's tools come as `mcp__<server>__<tool>`, or as `<tool>` in the namespace `mcp__<server>`. */
function nameOf(name: string, namespace: string | undefined): { name: string; server?: string } {
  const server = /^mcp__(.+?)(__)?$/.exec(namespace ?? "")?.[1];
  return server === undefined ? { name } : { name: `mcp__${server}__${name}`, server };
}

/** Arguments are JSON in a string; what is not stays as it is. */
function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    // The model wrote broken JSON, or nested deeper than can be read.
    return value;
  }
}

// --- usage, errors, pointers -----------------------------------------------------------------------------

/** Codex counts as OpenAI does, which is the trace's own sense: input with the cache, output with reasoning. */
export function usageOf(value: unknown): Usage | undefined {
  const usage = asObject(value);
  const input = asCount(usage?.["input_tokens"]);
  const output = asCount(usage?.["output_tokens"]);
  if (usage === undefined || (input === undefined && output === undefined)) return undefined;
  return {
    input_tokens: input ?? 0,
    cache_read_tokens: asCount(usage["cached_input_tokens"]) ?? 0,
    cache_write_tokens: asCount(usage["cache_write_input_tokens"]) ?? 0,
    output_tokens: output ?? 0,
    reasoning_tokens: asCount(usage["reasoning_output_tokens"]) ?? 0,
  };
}

/** What is new since `before`; never negative, should a counter start again. */
export function usageSince(before: Usage | undefined, now: Usage): Usage {
  const since = (field: Exclude<keyof Usage, "partial">): number =>
    Math.max(0, (now[field] ?? 0) - (before?.[field] ?? 0));
  return {
    input_tokens: since("input_tokens"),
    cache_read_tokens: since("cache_read_tokens"),
    cache_write_tokens: since("cache_write_tokens"),
    output_tokens: since("output_tokens"),
    reasoning_tokens: since("reasoning_tokens"),
  };
}

/**
 * Why a request failed. `codex_error_info` is a word or `{word: {http_status_code}}`; where it says only
 * "other", the provider's own JSON error in the message says more.
 */
export function errorOf(message: unknown, info: unknown): { error: ErrorInfo; errorMessage?: string } {
  const text = asText(message);
  const word = asText(info) ?? Object.keys(asObject(info) ?? {})[0];
  const provider = asObject(at(text?.startsWith("{") === true ? parsed(text) : undefined, "error"));
  const type = (word === "other" ? undefined : word) ?? asText(provider?.["type"]) ?? "api_error";
  const code = asCount(at(info, word ?? "", "http_status_code")) ?? asText(provider?.["code"]);
  return {
    error: { type, ...(code === undefined ? {} : { code }) },
    ...(text === undefined ? {} : { errorMessage: text }),
  };
}

/** "Reconnecting... 2/5": which attempt is being made. */
export function retryAttemptOf(message: string | undefined): number | undefined {
  const attempt = /\b(\d{1,4})\/\d{1,4}\b/.exec(message ?? "")?.[1];
  return attempt === undefined ? undefined : Number(attempt);
}

/** What Codex notes of the repository it starts in. */
export function pointersOf(git: unknown): Pointers {
  const url = asText(at(git, "repository_url"));
  return present({
    repository_url: url === undefined ? undefined : browsable(url),
    head_revision: asText(at(git, "commit_hash")),
    ref_name: asText(at(git, "branch")),
  });
}

/** A remote as https, without credentials and without `.git`; undefined for what is no web address. */
function browsable(remote: string): string | undefined {
  const match =
    /^(?:https?|ssh|git):\/\/(?:[^/@]*@)?([^/:@]+)(?::\d+)?\/(.+?)(?:\.git)?\/?$/.exec(remote) ??
    /^(?:[^/@]+@)?([^/:@]+\.[^/:@]+):(?!\/)(.+?)(?:\.git)?\/?$/.exec(remote);
  return match === null ? undefined : `https://${match[1]}/${match[2]}`;
}

/** The thread this one was spawned by, or forked from by its user. */
export function parentThreadOf(
  meta: JsonObject | undefined,
): { id: string; kind: "spawned" | "forked" } | undefined {
  const spawned =
    asText(at(meta, "source", "subagent", "thread_spawn", "parent_thread_id")) ??
    asText(meta?.["parent_thread_id"]);
  if (spawned !== undefined) return { id: spawned, kind: "spawned" };
  const forked = asText(meta?.["forked_from_id"]);
  return forked === undefined ? undefined : { id: forked, kind: "forked" };
}
