/**
 * The lines of a rollout (`codex-rs/rollout` and `codex-rs/protocol` of openai/codex; versions 0.66 to 0.169
 * were read) to turns, calls and tools.
 *
 * Two layers tell the same story: `response_item` is what goes to and comes from the model, `event_msg` what
 * the interface shows. Messages and tools are read from the first; from the second only turns, usage and
 * evidence of how a tool ended.
 */

import type { Part, Timestamp, TurnStatus, Usage } from "@spoor/trace";
import type { JsonObject, SourceLine } from "../adapter.ts";
import type { Conversation } from "../conversation.ts";
import { asCount, asObject, asObjects, asText, asTime, at, present } from "../json.ts";
import type { Answer, At } from "../thread.ts";
import { type Here, hereOf } from "./here.ts";
import {
  errorOf,
  isToolOutput,
  isUsersOwn,
  messageOf,
  parentThreadOf,
  partsOf,
  pointersOf,
  reasoningOf,
  retryAttemptOf,
  textOf,
  toolCallOf,
  usageOf,
  usageSince,
} from "./lines.ts";
import { evidenceOfEvent, evidenceOfItem } from "./outcome.ts";
import { RateLimits } from "./rate-limits.ts";
import { Replay } from "./replay.ts";
import { RolloutTools } from "./rollout-tools.ts";
import { RolloutTurns } from "./rollout-turns.ts";
import { newsOfItem, newsOfNotification, type SubAgentNews } from "./sub-agents.ts";

/** The model call whose lines are being read. */
interface Call {
  key: string;
  usageTold: boolean;
  /** Something of the next prompt was read: what the model says now is another answer. */
  inputSeen: boolean;
  calledTools: boolean;
}

/** Lines and events that say nothing a trace keeps, or nothing that other lines do not say. */
const PASSED_OVER: ReadonlySet<string> = new Set([
  "world_state",
  "inter_agent_communication_metadata",
  "event_msg/agent_message",
  "event_msg/agent_reasoning",
  "event_msg/agent_reasoning_raw_content",
  "event_msg/agent_reasoning_section_break",
  "event_msg/background_event",
  "event_msg/context_compacted",
  "event_msg/deprecation_notice",
  "event_msg/dynamic_tool_call_request",
  "event_msg/entered_review_mode",
  "event_msg/exec_command_begin",
  "event_msg/exited_review_mode",
  "event_msg/image_generation_end",
  "event_msg/item_started",
  "event_msg/mcp_tool_call_begin",
  "event_msg/patch_apply_begin",
  "event_msg/plan_update",
  "event_msg/thread_goal_updated",
  "event_msg/thread_name_updated",
  "event_msg/turn_diff",
  "event_msg/view_image_tool_call",
  "event_msg/warning",
  "event_msg/web_search_begin",
  "event_msg/web_search_end",
  "response_item/compaction",
  "response_item/compaction_trigger",
  "response_item/context_compaction",
  "response_item/ghost_snapshot",
]);

export class Rollout {
  readonly #conversation: Conversation;
  readonly #turns: RolloutTurns;
  readonly #tools: RolloutTools;
  readonly #rateLimits = new RateLimits();
  #lastTime: Timestamp | undefined;
  #threadId: string | undefined;
  #replay: Replay | undefined;
  #system: string | undefined;
  #toolDefinitions: unknown[] | undefined;
  #asked: Pick<Answer, "model" | "provider" | "parameters"> = {};
  #call: Call | undefined;
  /** The thread's tokens so far, as `token_count` has them. */
  #total: Usage | undefined;
  #hasUsageRecords = false;
  #latestUsage: Usage | undefined;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
    this.#turns = new RolloutTurns(conversation);
    this.#tools = new RolloutTools(conversation);
  }

  read(line: SourceLine): void {
    const { type } = line.value;
    const payload = asObject(line.value["payload"]) ?? {};
    const time = asTime(line.value["timestamp"]) ?? this.#lastTime ?? line.observedAt;
    this.#lastTime = time;
    this.#conversation.see(time);
    if (type === "session_meta") this.#readMeta(payload, time);
    else if (!this.#isReplayed(type, payload, time)) {
      const here = hereOf(line, time);
      // The request for a summary ends in an instruction that the rollout does not have.
      if (at(line.value["metadata"], "compaction_output") === true) this.#conversation.main.incomplete();
      this.#readOwn(type, payload, here);
      this.#conversation.touch(here.at);
    }
  }

  /** See `Parser.flush`; what the conversation itself holds open is its own to write. */
  settle(): void {
    this.#turns.begin();
  }

  /** See `Parser.resume`: the next prompt is told from its beginning. */
  resume(): void {
    this.#call = undefined;
    this.#turns.resume();
    this.#setUp();
  }

  #setUp(): void {
    this.#conversation.main.setUp(this.#system, this.#toolDefinitions);
  }

  // --- which thread ----------------------------------------------------------------------------------------

  /** The first one says whose file it is; a second one is the parent's, copied, or marks a resumption. */
  #readMeta(meta: JsonObject, time: Timestamp): void {
    const { facts, main } = this.#conversation;
    const id = asText(meta["id"]);
    if (this.#threadId !== undefined) {
      if (id !== this.#threadId) return;
      facts.resumed = true;
      facts.agentVersion = asText(meta["cli_version"]) ?? facts.agentVersion;
      return;
    }
    const parent = parentThreadOf(meta);
    this.#threadId = id ?? "";
    this.#turns.byAgent = parent?.kind === "spawned";
    this.#system = asText(at(meta, "base_instructions", "text")) ?? asText(meta["base_instructions"]);
    this.#asked = present({ ...this.#asked, provider: asText(meta["model_provider"]) });
    facts.conversationId = id ?? facts.conversationId;
    facts.parentConversationId = parent?.id;
    facts.agentVersion = asText(meta["cli_version"]);
    facts.cwd = asText(meta["cwd"]);
    facts.pointers = { ...facts.pointers, ...pointersOf(meta["git"]) };
    this.#setUp();
    if (asText(meta["forked_from_id"]) === undefined) return;
    if (parent?.kind === "forked") facts.resumed = true;
    this.#replay = new Replay(this.#threadId, time);
    main.restart("fork", { complete: false });
  }

  #isReplayed(type: unknown, payload: JsonObject, time: Timestamp): boolean {
    if (this.#replay === undefined) return false;
    if (this.#replay.isOver(type, payload, time)) this.#replay = undefined;
    // The thread's own totals go on from its parent's.
    else if (payload["type"] === "token_count")
      this.#total = usageOf(at(payload, "info", "total_token_usage")) ?? this.#total;
    return this.#replay !== undefined;
  }

  #readOwn(type: unknown, payload: JsonObject, here: Here): void {
    switch (type) {
      case "response_item":
        this.#readItem(payload, here);
        return;
      case "event_msg":
        this.#readEvent(payload, here);
        return;
      case "token_usage_record": {
        const usage = usageOf(payload["usage"]);
        this.#hasUsageRecords = true;
        if (usage !== undefined) this.#readUsage(usage, here, asText(payload["response_id"]));
        return;
      }
      case "turn_context":
        this.#readSettings(payload);
        return;
      case "compacted":
        this.#readCompaction(payload, here);
        return;
      default:
        this.#passOver(asText(type) ?? "unknown");
    }
  }

  #passOver(name: string): void {
    if (!PASSED_OVER.has(name)) this.#conversation.passOver(name);
  }

  #readSettings(settings: JsonObject): void {
    const effort =
      asText(settings["effort"]) ??
      asText(at(settings, "collaboration_mode", "settings", "reasoning_effort")) ??
      asText(settings["reasoning_effort"]);
    this.#asked = present({
      ...this.#asked,
      model: asText(settings["model"]) ?? this.#asked.model,
      parameters: effort === undefined ? undefined : { effort },
    });
  }

  // --- the conversation ------------------------------------------------------------------------------------

  #readItem(item: JsonObject, here: Here): void {
    if (isToolOutput(item)) {
      this.#turns.begin(here);
      this.#readNews(this.#tools.output(item, here), here);
      if (this.#call !== undefined) this.#call.inputSeen = true;
      return;
    }
    switch (item["type"]) {
      case "message":
        if (item["role"] === "assistant") this.#readAnswer(partsOf(item["content"]), here);
        else this.#readInput(item, here);
        return;
      case "agent_message":
        this.#readInput(item, here);
        return;
      case "reasoning":
        this.#readAnswer(reasoningOf(item), here);
        return;
      case "additional_tools":
        if (!Array.isArray(item["tools"])) return;
        this.#toolDefinitions = item["tools"];
        this.#setUp();
        return;
      default:
        if (!this.#readToolCall(item, here))
          this.#passOver(`response_item/${asText(item["type"]) ?? "unknown"}`);
    }
  }

  /** What becomes part of the next prompt: the user's words, the harness's, other agents'. */
  #readInput(item: JsonObject, here: Here): void {
    const message = messageOf(item);
    if (message === undefined) return;
    const text = textOf(message.parts);
    // Sent as a message to models that take no instructions; it stands as the system text already.
    if (message.role === "developer" && text === this.#system) return;
    if (message.role === "user") {
      if (isUsersOwn(item, text)) this.#turns.say(text);
      else this.#readNews(newsOfNotification(text), here);
    }
    this.#conversation.main.input(message.role, message.parts, here.at.time);
    if (this.#call !== undefined) this.#call.inputSeen = true;
  }

  #readAnswer(parts: Part[], here: Here): void {
    this.#turns.begin(here);
    if (this.#call === undefined || this.#call.usageTold || this.#call.inputSeen)
      this.#call = { key: here.key, usageTold: false, inputSeen: false, calledTools: false };
    this.#conversation.main.answer(this.#call.key, here.at, parts, this.#asked);
  }

  #readToolCall(item: JsonObject, here: Here): boolean {
    const call = toolCallOf(item, here.key);
    if (call === undefined) return false;
    const part = { type: "tool_call", id: call.id, name: call.name };
    this.#turns.begin(here);
    if (call.executor === "provider") {
      this.#tools.callAtProvider(call, item["status"] === "failed", here);
      this.#readAnswer([part], here);
      return true;
    }
    this.#readAnswer([part], here);
    if (this.#call !== undefined) this.#call.calledTools = true;
    this.#tools.call(call, here);
    if (call.name === "update_plan")
      this.#conversation.main.event(here.at, here.key, "plan", {}, asObject(call.arguments));
    return true;
  }

  /**
   * One record of usage ends one call: it comes after the answer, before or after the results of its tools.
   * One without an answer before it is a call that said nothing.
   */
  #readUsage(usage: Usage, here: Here, responseId?: string): void {
    this.#latestUsage = usage;
    const call = this.#call;
    if (call !== undefined && !call.usageTold) {
      call.usageTold = true;
      this.#conversation.main.learn(call.key, here.at, { usage, responseId });
    } else {
      this.#turns.begin(here);
      this.#conversation.main.answer(here.key, here.at, [], { ...this.#asked, usage, responseId });
      this.#call = { key: here.key, usageTold: true, inputSeen: false, calledTools: false };
    }
  }

  /** Written after each call, and again whenever limits are refreshed: only a changed total is a call. */
  #readTokenCount(payload: JsonObject, here: Here): void {
    const limits = this.#rateLimits.news(payload["rate_limits"], this.#turns.count);
    if (limits !== undefined) this.#readPoint("rate_limit", limits, here);
    if (this.#hasUsageRecords) return;
    const total = usageOf(at(payload, "info", "total_token_usage"));
    const last = usageOf(at(payload, "info", "last_token_usage"));
    const before = this.#total;
    this.#total = total ?? before;
    const usage = last ?? (total === undefined ? undefined : usageSince(before, total));
    const repeated = total !== undefined && before !== undefined && isSameUsage(total, before);
    if (usage !== undefined && !repeated) this.#readUsage(usage, here);
  }

  /** The history is replaced by what the line holds; old versions name only the summary. */
  #readCompaction(payload: JsonObject, here: Here): void {
    const { main } = this.#conversation;
    const { input_tokens: input = 0, output_tokens: output = 0 } = this.#latestUsage ?? {};
    const before = this.#latestUsage === undefined ? undefined : input + output;
    this.#readPoint("compaction", { tokens_before: before }, here);
    const history = asObjects(payload["replacement_history"]).flatMap((item) => messageOf(item) ?? []);
    main.restart("compaction", { complete: history.length > 0, dropPending: true });
    this.#setUp();
    this.#call = undefined;
    for (const { role, parts } of history) main.input(role, parts, here.at.time);
    if (history.length === 0) main.input("user", partsOf(payload["message"]), here.at.time);
  }

  // --- what the interface shows ----------------------------------------------------------------------------

  #readEvent(payload: JsonObject, here: Here): void {
    switch (payload["type"]) {
      case "task_started":
      case "turn_started":
        this.#endTurn(undefined, "unknown", {});
        this.#turns.named = true;
        this.#turns.open(asText(payload["turn_id"]), here);
        return;
      case "task_complete":
      case "turn_complete":
        this.#readTurnEnd(payload, here);
        return;
      case "turn_aborted":
        this.#readAbort(payload, here);
        return;
      case "user_message":
        this.#readPrompt(asText(payload["message"]), here);
        return;
      case "item_completed":
        this.#readShownItem(payload, asObject(payload["item"]) ?? {}, here);
        return;
      case "token_count":
        this.#readTokenCount(payload, here);
        return;
      case "thread_settings_applied":
        this.#readSettings(asObject(payload["thread_settings"]) ?? {});
        return;
      case "thread_rolled_back":
        this.#rollBack(asCount(payload["num_turns"]) ?? 0);
        return;
      case "error":
      case "stream_error": {
        const { error, errorMessage } = errorOf(payload["message"], payload["codex_error_info"]);
        const fields = { attempt: retryAttemptOf(errorMessage), error_type: error.type, code: error.code };
        const name = payload["type"] === "error" ? "api_error" : "retry";
        this.#readPoint(name, fields, here, { message: errorMessage });
        return;
      }
      default: {
        const evidence = evidenceOfEvent(payload);
        if (evidence !== undefined) this.#tools.witness(evidence, here);
        else this.#passOver(`event_msg/${asText(payload["type"]) ?? "unknown"}`);
      }
    }
  }

  #readPoint(name: string, fields: object, here: Here, content?: Record<string, unknown>): void {
    this.#turns.begin();
    this.#conversation.main.event(here.at, here.key, name, { ...fields }, content);
  }

  #readShownItem(payload: JsonObject, item: JsonObject, here: Here): void {
    if (item["type"] === "UserMessage") this.#readPrompt(textOf(partsOf(item["content"])), here);
    const evidence = evidenceOfItem(payload);
    if (evidence !== undefined) {
      this.#turns.begin();
      this.#tools.witness(evidence, here);
    }
    this.#readNews(newsOfItem(item), here);
  }

  #readNews(news: readonly SubAgentNews[], here: Here): void {
    for (const item of news) {
      if (item.kind === "end") {
        this.#conversation.endAgent(here.at, item.threadId, item.status);
        continue;
      }
      this.#turns.begin(here);
      const { callId } = item;
      this.#conversation.startAgent(here.at, item.threadId, {
        agent: { name: item.name ?? "codex" },
        conversation_id: item.threadId,
        ...(callId !== undefined && this.#tools.isKnown(callId) ? { call_id: callId } : {}),
        background: true,
      });
    }
  }

  // --- turns -----------------------------------------------------------------------------------------------

  #readPrompt(text: string | undefined, here: Here): void {
    if (text === undefined || text === "") return;
    if (this.#turns.named) {
      if (this.#turns.hasBegun) return;
    } else {
      this.#endTurn(undefined, "unknown", {});
      this.#turns.open(undefined, here);
    }
    this.#turns.say(text);
    this.#turns.begin();
  }

  #readTurnEnd(payload: JsonObject, here: Here): void {
    if (!this.#turns.isAbout(asText(payload["turn_id"]))) return;
    const failure = asObject(payload["error"]);
    if (failure !== undefined) this.#readFailure(failure, here);
    this.#endTurn(here.at, failure === undefined ? "success" : "error", payload);
  }

  /** The request that ended the turn: a call that failed, or the failure of the one being answered. */
  #readFailure(failure: JsonObject, here: Here): void {
    this.#turns.begin();
    const { main } = this.#conversation;
    const error = { status: "error" as const, ...errorOf(failure["message"], failure["codex_error_info"]) };
    const call = this.#call;
    if (call !== undefined && !call.usageTold && !call.inputSeen) main.learn(call.key, here.at, error);
    else main.answer(here.key, here.at, [], { ...this.#asked, ...error });
  }

  #readAbort(payload: JsonObject, here: Here): void {
    if (!this.#turns.isAbout(asText(payload["turn_id"]))) return;
    const call = this.#call;
    // Usage comes at the end of an answer: one that has none was cut, if this provider tells usage at all.
    const tellsUsage = this.#latestUsage !== undefined;
    if (call !== undefined && tellsUsage && !call.usageTold && !call.calledTools)
      this.#conversation.main.learn(call.key, here.at, { status: "interrupted" });
    this.#readPoint("interrupt", { reason: asText(payload["reason"]) }, here);
    this.#endTurn(here.at, "interrupted", payload);
  }

  #endTurn(where: At | undefined, status: TurnStatus, reported: JsonObject): void {
    if (!this.#turns.isOpen) return;
    this.settle();
    this.#tools.settle();
    this.#turns.end(where, status, reported);
    this.#call = undefined;
  }

  /** The user went back: the latest turns leave the history. */
  #rollBack(turns: number): void {
    if (turns === 0) return;
    const { main } = this.#conversation;
    const call = this.#turns.takeBack(turns);
    this.#call = undefined;
    if (call !== undefined) main.rewind(call, undefined);
    else {
      main.restart("rewind", { complete: false, dropPending: true });
      this.#setUp();
    }
  }
}

function isSameUsage(a: Usage, b: Usage): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
