/**
 * The stdout of `codex exec --json` (types in `codex-rs/exec/src/exec_events.rs` of openai/codex) to turns,
 * calls and tools.
 *
 * It shows less than the rollout: no prompts, no model, no times, no ids of calls, usage only as a sum. So
 * calls are told apart where the model speaks again after a result, and the last call of a turn carries the
 * usage of all.
 */

import type { Part, Usage } from "@spoor/trace";
import type { JsonObject, SourceLine } from "../adapter.ts";
import type { Conversation } from "../conversation.ts";
import { asArray, asObject, asText, at, present } from "../json.ts";
import type { ToolCallFacts, ToolResultFacts } from "../thread.ts";
import { type Here, hereOf } from "./here.ts";
import { errorOf, retryAttemptOf, usageOf, usageSince } from "./lines.ts";
import { newsOfStates } from "./sub-agents.ts";

export class ExecStream {
  readonly #conversation: Conversation;
  readonly #open = new Set<string>();
  #call: string | undefined;
  #resultSeen = false;
  /** `turn.completed` counts from the start of the thread. */
  #total: Usage | undefined;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  read(line: SourceLine): void {
    const { value } = line;
    const time = line.observedAt;
    const here = hereOf(line, time);
    this.#conversation.see(time);
    this.#conversation.touch(here.at);
    switch (value["type"]) {
      case "turn.started":
        this.#conversation.startTurn(here.at, here.key, "user", undefined);
        // What the user said is not shown.
        this.#conversation.main.incomplete();
        this.#call = undefined;
        return;
      case "item.started":
      case "item.updated":
      case "item.completed":
        this.#readItem(value["type"], asObject(value["item"]) ?? {}, here);
        return;
      case "turn.completed":
        this.#readUsage(usageOf(value["usage"]), here);
        this.#conversation.endTurn(here.at, "success");
        return;
      case "turn.failed": {
        const error = errorOf(at(value["error"], "message"), undefined);
        this.#conversation.main.answer(here.key, here.at, [], { status: "error", ...error });
        this.#conversation.endTurn(here.at, "error");
        return;
      }
      case "error":
        this.#readError(asText(value["message"]), here);
        return;
      default:
        this.#conversation.passOver(asText(value["type"]) ?? "unknown");
    }
  }

  #readItem(word: "item.started" | "item.updated" | "item.completed", item: JsonObject, here: Here): void {
    const completed = word === "item.completed";
    switch (item["type"]) {
      case "agent_message":
      case "reasoning": {
        const content = asText(item["text"]);
        const type = item["type"] === "reasoning" ? "reasoning" : "text";
        if (completed && content !== undefined) this.#readAnswer([{ type, content }], here);
        return;
      }
      case "todo_list":
        this.#conversation.main.event(here.at, here.key, "plan", {}, present({ plan: item["items"] }));
        return;
      case "error":
        // A warning; what ends a run stands in a line of its own.
        return;
      default: {
        const call = toolCallOf(item, here.key);
        if (call !== undefined) this.#readTool(call, item, completed, here);
        else this.#conversation.passOver(`item/${asText(item["type"]) ?? "unknown"}`);
      }
    }
  }

  #readTool(call: ToolCallFacts, item: JsonObject, completed: boolean, here: Here): void {
    const { main } = this.#conversation;
    // A search shows its query only when it is done.
    if (call.executor === "provider" && !completed) return;
    if (!this.#open.has(call.id)) {
      this.#open.add(call.id);
      this.#readAnswer([{ type: "tool_call", id: call.id, name: call.name }], here);
      main.toolCall(here.at, call);
    }
    if (!completed || !main.isToolOpen(call.id)) return;
    const atProvider = call.executor === "provider";
    main.toolResult(here.at, { id: call.id, ...outcomeOf(item) }, { input: !atProvider });
    this.#resultSeen ||= !atProvider;
    this.#readAgents(call.id, item, here);
  }

  #readAgents(callId: string, item: JsonObject, here: Here): void {
    if (item["type"] !== "collab_tool_call") return;
    if (item["tool"] === "spawn_agent")
      for (const id of asArray(item["receiver_thread_ids"]))
        if (typeof id === "string" && id !== "")
          this.#conversation.startAgent(here.at, id, {
            agent: { name: "codex" },
            conversation_id: id,
            call_id: callId,
            background: true,
          });
    for (const news of newsOfStates(item["agents_states"]))
      if (news.kind === "end") this.#conversation.endAgent(here.at, news.threadId, news.status);
  }

  #readAnswer(parts: Part[], here: Here): void {
    if (this.#call === undefined || this.#resultSeen) this.#call = here.key;
    this.#resultSeen = false;
    this.#conversation.main.answer(this.#call, here.at, parts, {});
  }

  #readUsage(total: Usage | undefined, here: Here): void {
    if (total === undefined) return;
    const usage = usageSince(this.#total, total);
    this.#total = total;
    if (this.#call === undefined) this.#conversation.main.answer(here.key, here.at, [], { usage });
    else this.#conversation.main.learn(this.#call, here.at, { usage });
  }

  #readError(message: string | undefined, here: Here): void {
    const { error, errorMessage } = errorOf(message, undefined);
    const retry = message?.startsWith("Reconnecting") === true;
    const fields = {
      attempt: retry ? retryAttemptOf(message) : undefined,
      error_type: error.type,
      code: error.code,
    };
    this.#conversation.main.event(here.at, here.key, retry ? "retry" : "api_error", fields, {
      message: errorMessage,
    });
  }
}

function toolCallOf(item: JsonObject, key: string): ToolCallFacts | undefined {
  const id = asText(item["id"]) ?? key;
  switch (item["type"]) {
    case "command_execution":
      return { id, name: "exec_command", arguments: { command: item["command"] } };
    case "file_change":
      return { id, name: "apply_patch", arguments: { changes: item["changes"] } };
    case "mcp_tool_call": {
      const server = asText(item["server"]);
      const tool = asText(item["tool"]) ?? "unknown";
      return server === undefined
        ? { id, name: tool, arguments: item["arguments"] }
        : { id, name: `mcp__${server}__${tool}`, server, arguments: item["arguments"] };
    }
    case "collab_tool_call": {
      const args = present({ prompt: asText(item["prompt"]), targets: item["receiver_thread_ids"] });
      return { id, name: asText(item["tool"]) ?? "unknown", arguments: args };
    }
    case "web_search":
      return {
        id,
        name: "web_search",
        arguments: present({ query: item["query"], action: item["action"] }),
        executor: "provider",
      };
    default:
      return undefined;
  }
}

function outcomeOf(item: JsonObject): Omit<ToolResultFacts, "id"> {
  const { exit_code: code, status } = item;
  const exitCode = Number.isSafeInteger(code) ? (code as number) : undefined;
  const result = item["aggregated_output"] ?? item["result"] ?? undefined;
  const common = present({
    exit_code: exitCode,
    result: result === null ? undefined : result,
    errorMessage: asText(at(item["error"], "message")),
  });
  if (status === "declined") return { status: "denied", error_basis: "flag", ...common };
  if (exitCode !== undefined && exitCode !== 0)
    return { status: "error", error: { type: "exit_code" }, error_basis: "exit_code", ...common };
  if (status === "failed")
    return { status: "error", error: { type: "tool_error" }, error_basis: "flag", ...common };
  return { status: "ok", ...common };
}
