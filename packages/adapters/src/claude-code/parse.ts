/**
 * Claude Code's lines to events: transcripts (the session's file and its sub-agents') and the stdout stream
 * of `--output-format stream-json`. Facts with their sources are in docs/adapters.md.
 */

import type { Part, Timestamp, TurnStatus } from "@spoor/trace";
import type { ConversationFacts, JsonObject, Parser, SourceLine } from "../adapter.ts";
import { Conversation } from "../conversation.ts";
import type { Event } from "../event.ts";
import { asArray, asCount, asNumber, asObject, asText, asTime, at } from "../json.ts";
import type { Answer, At, Thread } from "../thread.ts";
import {
  blocksOf,
  BOOKKEEPING,
  isServerToolResult,
  isServerToolUse,
  isStreamOnlyType,
  isToolUse,
  notificationOf,
  partOf,
  resultOf,
  sessionIdOf,
  textOf,
  toolResultOf,
  usageOf,
  usageOfModels,
  utteranceOf,
} from "./lines.ts";

/** What is known of a sub-agent before its first line. */
interface AgentOrigin {
  toolUseId?: string | undefined;
  agentType?: string | undefined;
  background?: boolean | undefined;
}

/** Where in the conversation a line stood, so that the user can go back to it. */
interface Place {
  call: string | undefined;
}

export class ClaudeParser implements Parser {
  readonly #conversation = new Conversation();
  readonly #agents = new Map<string, AgentOrigin>();
  /** Agent tool calls by the prompt they gave: older versions name no tool call in the sub-agent's file. */
  readonly #agentCallsByPrompt = new Map<string, { toolUseId: string; agentType: string | undefined }>();
  /** Lines of sub-agents' files whose tool call is not known yet. */
  readonly #held = new Map<string, SourceLine[]>();
  #lastMainTime: Timestamp | undefined;
  /** Line ids of the main thread; `parentUuid` of a prompt says where it goes on. */
  readonly #places = new Map<string, Place>();
  readonly #turnKeys = new Set<string>();
  #lastTime: Timestamp = "1970-01-01T00:00:00.000Z";
  /** A slash command: a turn only if the model is asked. */
  #command: { at: At; key: string; text: string } | undefined;
  #lastUuid: string | undefined;
  #systemKnown = false;
  #parameters: Record<string, unknown> | undefined;
  #lastStop: { reason: string | undefined; error: boolean } = { reason: undefined, error: false };
  /** Turns of the stream that ended, but whose `result` line is still to come. */
  readonly #unreportedTurns: string[] = [];
  /** The message that `stream_event` lines speak of. */
  readonly #streaming = new Map<string, string>();

  get facts(): ConversationFacts {
    return this.#conversation.facts;
  }

  read(line: SourceLine): Event[] {
    const agentId = line.sourceName.endsWith(".meta.json") ? undefined : agentIdOf(line.sourceName);
    if (agentId === undefined || this.#conversation.agent(agentId) !== undefined) this.#readNow(line);
    else this.#hold(agentId, line);
    for (const [id, lines] of this.#held) if (this.#isLinked(id, lines)) this.#release(id, lines);
    return this.#conversation.take();
  }

  /**
   * A sub-agent's file waits for the tool call that started it: its span belongs below that call's. Newer
   * versions name the call in a file of its own, older ones only in the session's lines.
   */
  #hold(agentId: string, line: SourceLine): void {
    const lines = this.#held.get(agentId);
    if (lines === undefined) this.#held.set(agentId, [line]);
    else lines.push(line);
  }

  #isLinked(agentId: string, lines: readonly SourceLine[]): boolean {
    return (
      this.#agents.get(agentId)?.toolUseId !== undefined || this.#agentCallsByPrompt.has(firstTextOf(lines))
    );
  }

  #release(agentId: string, lines: readonly SourceLine[]): void {
    this.#held.delete(agentId);
    for (const line of lines) this.#readNow(line);
  }

  /**
   * Some sub-agents have no tool call (compaction's). But one that is younger than the session's last line
   * was started by a line that is not there yet, and is read with it the next time.
   */
  #releaseRest(): void {
    for (const [id, lines] of this.#held) {
      const begun = asTime(lines[0]?.value["timestamp"]);
      const early = begun !== undefined && this.#lastMainTime !== undefined && begun > this.#lastMainTime;
      if (early) this.facts.unknownTypes["sub-agent without its call"] = lines.length;
      else this.#release(id, lines);
    }
  }

  #readNow(line: SourceLine): void {
    const { value } = line;
    const seen =
      line.kind === "stream" && line.observedAt > this.#lastTime ? line.observedAt : this.#lastTime;
    const time = asTime(value["timestamp"]) ?? seen;
    const where: At = { time, from: { source: line.source, line: line.line } };
    if (line.sourceName.endsWith(".meta.json")) this.#readMeta(line.sourceName, value);
    else {
      if (asTime(value["timestamp"]) !== undefined || line.kind === "stream") {
        this.#lastTime = time;
        if (agentIdOf(line.sourceName) === undefined) this.#lastMainTime = time;
        this.#conversation.see(time);
      }
      this.#learnFacts(value);
      this.#readLine(line, value, where);
      const uuid = asText(value["uuid"]);
      if (uuid !== undefined && value["isSidechain"] !== true) {
        this.#places.set(uuid, { call: this.#conversation.main.lastCall });
        this.#lastUuid = uuid;
      }
    }
  }

  flush(when: "quiet" | "stop"): Event[] {
    if (when === "stop") {
      this.#releaseRest();
      this.#endTurn(undefined);
    }
    this.#conversation.flush(when);
    return this.#conversation.take();
  }

  resume(): void {
    this.#conversation.resume();
    this.#systemKnown = false;
  }

  #learnFacts(value: JsonObject): void {
    const { facts } = this;
    facts.conversationId ??= sessionIdOf(value);
    facts.cwd ??= asText(value["cwd"]);
    facts.agentVersion =
      asText(value["version"]) ?? asText(value["claude_code_version"]) ?? facts.agentVersion;
    const branch = asText(value["gitBranch"]);
    if (branch !== undefined && branch !== "HEAD") facts.pointers.ref_name ??= branch;
  }

  #readMeta(sourceName: string, value: JsonObject): void {
    this.#agents.set(agentIdOf(sourceName) ?? "", {
      toolUseId: asText(value["toolUseId"]),
      agentType: asText(value["agentType"]),
      background: value["requestShape"] === "background" ? true : undefined,
    });
  }

  #readLine(line: SourceLine, value: JsonObject, where: At): void {
    const type = asText(value["type"]) ?? "";
    const thread = this.#threadOf(line, value, where);
    const isMain = thread === this.#conversation.main;
    this.#readByType(type, line, value, where, thread, isMain);
    // After it was read: a prompt ends the turn before it where that turn's own last line stands.
    if (isMain && (type === "user" || type === "assistant")) this.#conversation.touch(where);
  }

  #readByType(
    type: string,
    line: SourceLine,
    value: JsonObject,
    where: At,
    thread: Thread,
    isMain: boolean,
  ): void {
    switch (type) {
      case "user":
        return this.#readUser(line, value, where, thread, isMain);
      case "assistant":
        return this.#readAssistant(line, value, where, thread, isMain);
      case "system":
        return this.#readSystem(line, value, where, thread, isMain);
      case "attachment":
        return this.#readAttachment(value, where, thread);
      case "api-request":
        this.#parameters = parametersOf(asObject(value["params"]));
        return undefined;
      case "cost-state":
        this.#readCost(
          asNumber(value["totalCostUSD"]),
          value["hasUnknownModelCost"] === true,
          value["modelUsage"],
        );
        return this.#endTurn(undefined);
      case "pr-link":
        this.facts.pointers.change_url = asText(value["prUrl"]) ?? "";
        if (asCount(value["prNumber"]) !== undefined)
          this.facts.pointers.change_id = String(value["prNumber"]);
        return undefined;
      case "result":
        return this.#readResult(value, where);
      case "stream_event":
        return this.#readStreamEvent(asObject(value["event"]), value, where, thread);
      default:
        if (!BOOKKEEPING.has(type) && !isStreamOnlyType(type))
          this.facts.unknownTypes[type] = (this.facts.unknownTypes[type] ?? 0) + 1;
    }
  }

  /** The main thread, or the sub-agent's: by file, by line, or in the stream by the tool call it serves. */
  #threadOf(line: SourceLine, value: JsonObject, where: At): Thread {
    const { main } = this.#conversation;
    const parentTool = asText(value["parent_tool_use_id"]);
    const sidechain = value["isSidechain"] === true;
    const id =
      agentIdOf(line.sourceName) ??
      (sidechain ? (asText(value["agentId"]) ?? this.#sidechainRoot(value)) : undefined) ??
      (parentTool === undefined ? undefined : (asText(value["agent_id"]) ?? parentTool));
    if (id === undefined) return main;
    const known = this.#conversation.agent(id);
    if (known !== undefined) return known;

    const byPrompt = this.#agentCallsByPrompt.get(textOf(blocksOf(asObject(value["message"]))));
    const origin = this.#agents.get(id) ?? {};
    const toolUseId = origin.toolUseId ?? parentTool ?? byPrompt?.toolUseId;
    const thread = this.#conversation.startAgent(where, id, {
      agent: { name: origin.agentType ?? asText(value["subagent_type"]) ?? byPrompt?.agentType ?? "agent" },
      ...(toolUseId === undefined ? {} : { call_id: toolUseId }),
      ...(origin.background === true ? { background: true } : {}),
      parent: agentIdOf(line.sourceName) === undefined ? "turn" : "invocation",
    });
    thread.incomplete();
    return thread;
  }

  /** Sidechains of old versions stand in the session's own file; each begins with a line without a parent. */
  readonly #sidechains = new Map<string, string>();
  #sidechainRoot(value: JsonObject): string {
    const uuid = asText(value["uuid"]) ?? "";
    const root = this.#sidechains.get(asText(value["parentUuid"]) ?? "") ?? uuid;
    this.#sidechains.set(uuid, root);
    return root;
  }

  // --- the user's side -----------------------------------------------------------------------------------

  #readUser(line: SourceLine, value: JsonObject, where: At, thread: Thread, isMain: boolean): void {
    const blocks = blocksOf(asObject(value["message"]));
    for (const block of blocks)
      if (block["type"] === "tool_result") this.#readToolResult(block, value, where, thread);
    const others = blocks.filter((block) => block["type"] !== "tool_result");
    if (others.length === 0) return;
    const text = textOf(others);
    const parts = others.flatMap((block) => partOf(block) ?? []);
    const utterance = utteranceOf(value, text);
    if (value["isCompactSummary"] === true) thread.restart("compaction", { complete: false });
    if (isMain && line.kind === "transcript") this.#hear(utterance, line, value, where, parts);
    if (utterance.kind === "notification") this.#readNotification(utterance, where);
    thread.input("user", parts, where.time);
  }

  #hear(
    utterance: ReturnType<typeof utteranceOf>,
    line: SourceLine,
    value: JsonObject,
    where: At,
    parts: Part[],
  ): void {
    const conversation = this.#conversation;
    switch (utterance.kind) {
      case "prompt":
      case "notification": {
        this.#endTurn(undefined);
        this.#followParent(value);
        const origin = utterance.kind === "notification" ? "notification" : originOf(value);
        conversation.startTurn(
          where,
          this.#turnKey(line, value),
          origin,
          parts.length === 1 ? utterance.text : parts,
        );
        this.#lastStop = { reason: undefined, error: false };
        return;
      }
      case "command":
        this.#endTurn(undefined);
        this.#command = { at: where, key: this.#turnKey(line, value), text: utterance.text };
        return;
      case "interrupt":
        conversation.main.event(where, keyOf(line, value), "interrupt", {});
        conversation.endTurn(where, "interrupted");
        return;
      default:
    }
  }

  /** A prompt whose parent is an older line: the user went back, and what came after is not in the prompt. */
  #followParent(value: JsonObject): void {
    const parent = asText(value["parentUuid"]);
    if (parent === undefined || parent === this.#lastUuid) return;
    const place = this.#places.get(parent);
    const { main } = this.#conversation;
    if (place !== undefined && place.call !== main.lastCall) {
      if (place.call === undefined) main.restart("rewind", { complete: false, dropPending: true });
      else main.rewind(place.call, undefined);
    }
  }

  #turnKey(line: SourceLine, value: JsonObject): string {
    const promptId = asText(value["promptId"]);
    const key =
      promptId === undefined || this.#turnKeys.has(promptId) ? `${line.sourceName}:${line.line}` : promptId;
    this.#turnKeys.add(key);
    return key;
  }

  #readToolResult(block: JsonObject, line: JsonObject, where: At, thread: Thread): void {
    const facts = toolResultOf(block, line);
    thread.toolResult(where, facts);
    const structured = asObject(line["toolUseResult"]) ?? asObject(line["tool_use_result"]);
    const agentId = asText(structured?.["agentId"]);
    if (structured === undefined || agentId === undefined) return;
    if (structured["status"] === "async_launched" || structured["isAsync"] === true)
      this.#markBackground(agentId, facts.id, where);
    else {
      this.#agents.set(agentId, { ...this.#agents.get(agentId), toolUseId: facts.id });
      this.#conversation.endAgent(where, agentId, facts.status === "ok" ? "success" : "error");
    }
  }

  #markBackground(agentId: string, toolUseId: string, where: At): void {
    if (this.#conversation.agent(agentId) === undefined) {
      this.#agents.set(agentId, { ...this.#agents.get(agentId), toolUseId, background: true });
    } else if (this.#agents.get(agentId)?.background !== true) {
      this.#agents.set(agentId, { ...this.#agents.get(agentId), background: true });
      this.#conversation.amendAgent(where, agentId, { background: true });
    }
  }

  #readNotification(notification: ReturnType<typeof notificationOf>, where: At): void {
    if (notification.taskId === undefined) return;
    const status: TurnStatus =
      notification.status === "completed"
        ? "success"
        : notification.status === "failed"
          ? "error"
          : notification.status === "killed"
            ? "interrupted"
            : "unknown";
    this.#conversation.endAgent(where, notification.taskId, status);
  }

  // --- the model's side ----------------------------------------------------------------------------------

  #readAssistant(line: SourceLine, value: JsonObject, where: At, thread: Thread, isMain: boolean): void {
    const message = asObject(value["message"]) ?? {};
    const blocks = blocksOf(message);
    const key = asText(message["id"]) ?? keyOf(line, value);
    if (
      message["model"] === "<synthetic>" &&
      value["isApiErrorMessage"] !== true &&
      value["error"] === undefined
    ) {
      // Made on the spot ("No response requested."): part of the conversation, but no model was asked.
      thread.input(
        "assistant",
        blocks.flatMap((block) => partOf(block) ?? []),
        where.time,
      );
      return;
    }
    if (isMain) this.#openTurn(line, where);
    const stopReason = asText(message["stop_reason"]);
    const failed = value["isApiErrorMessage"] === true || message["model"] === "<synthetic>";
    if (isMain) this.#lastStop = { reason: stopReason, error: failed };
    const answer: Answer = failed
      ? failureOf(value, textOf(blocks))
      : {
          model: asText(message["model"]),
          provider: "anthropic",
          parameters: this.#parameters ?? parametersOf({ effort: value["effort"] }),
          responseId: asText(message["id"]),
          finishReason: stopReason,
          usage: usageOf(message["usage"], stopReason !== undefined),
        };
    this.#parameters = undefined;
    if (!this.#systemKnown && isMain && thread.lastCall === undefined) thread.incomplete();
    thread.answer(
      key,
      where,
      failed ? [] : blocks.flatMap((block) => (isServerToolResult(block) ? [] : (partOf(block) ?? []))),
      answer,
    );
    for (const block of blocks) {
      if (isToolUse(block)) this.#readToolUse(block, where, thread);
      else if (isServerToolResult(block)) thread.toolResult(where, serverResultOf(block), { input: false });
    }
  }

  #readToolUse(block: JsonObject, where: At, thread: Thread): void {
    const id = asText(block["id"]) ?? "";
    const name = asText(block["name"]) ?? "";
    const prompt = asText(at(block["input"], "prompt"));
    if (prompt !== undefined)
      this.#agentCallsByPrompt.set(prompt, {
        toolUseId: id,
        agentType: asText(at(block["input"], "subagent_type")),
      });
    thread.toolCall(where, {
      id,
      name,
      arguments: block["input"],
      executor: isServerToolUse(block) ? "provider" : undefined,
      server: asText(block["server_name"]),
    });
  }

  /** A model call without a prompt before it (a slash command, a queued notification) has a turn all the same. */
  #openTurn(line: SourceLine, where: At): void {
    if (this.#conversation.turnOpen) return;
    const command = this.#command;
    this.#command = undefined;
    if (command !== undefined) this.#conversation.startTurn(command.at, command.key, "user", command.text);
    else this.#conversation.startTurn(where, `${line.sourceName}:${line.line}`, undefined, undefined);
    this.#lastStop = { reason: undefined, error: false };
  }

  // --- the harness's side --------------------------------------------------------------------------------

  #readAttachment(value: JsonObject, where: At, thread: Thread): void {
    const attachment = asObject(value["attachment"]) ?? {};
    switch (attachment["type"]) {
      case "prompt_snapshot": {
        const system = asArray(attachment["systemPrompt"]).filter((text) => typeof text === "string");
        thread.setUp(
          system.map((content) => ({ type: "text", content })),
          Array.isArray(attachment["tools"]) ? attachment["tools"] : undefined,
        );
        this.#systemKnown = true;
        return;
      }
      case "queued_command": {
        const text = asText(attachment["prompt"]) ?? textOf(blocksOf({ content: attachment["prompt"] }));
        if (text.trimStart().startsWith("<task-notification>"))
          this.#readNotification(notificationOf(text), where);
        thread.input("user", text === "" ? [] : [{ type: "text", content: text }], where.time);
        return;
      }
      default: {
        const role = value["renderedRole"] === "system" ? "system" : "user";
        const parts = asArray(value["rendered"]).flatMap((one) => {
          const content = asText(asObject(one)?.["content"]);
          return content === undefined ? [] : [{ type: "text", content }];
        });
        if (parts.length > 0) thread.input(role, parts, where.time);
      }
    }
  }

  #readSystem(line: SourceLine, value: JsonObject, where: At, thread: Thread, isMain: boolean): void {
    const key = keyOf(line, value);
    switch (value["subtype"]) {
      case "init":
        // Comes once a turn; where turns follow one another on their own, all results stand at the end.
        if (this.#conversation.turnKey !== undefined) this.#unreportedTurns.push(this.#conversation.turnKey);
        this.#endTurn(undefined);
        this.#conversation.startTurn(
          where,
          `${line.sourceName}:${line.line}`,
          this.#unreportedTurns.length === 0 ? "user" : "notification",
          undefined,
        );
        return;
      case "compact_boundary": {
        const metadata = asObject(value["compactMetadata"]) ?? asObject(value["compact_metadata"]) ?? {};
        thread.event(where, key, "compaction", {
          trigger: asText(metadata["trigger"]),
          tokens_before: asCount(metadata["preTokens"]) ?? asCount(metadata["pre_tokens"]),
          tokens_after: asCount(metadata["postTokens"]) ?? asCount(metadata["post_tokens"]),
        });
        thread.restart("compaction", { complete: false });
        return;
      }
      case "api_error":
      case "api_retry":
        thread.event(where, key, "retry", {
          attempt: asCount(value["retryAttempt"]) ?? asCount(value["attempt"]),
          code: asCount(at(value["error"], "status")) ?? asCount(value["error_status"]),
          error_type: asText(at(value["error"], "type")) ?? asText(value["error"]),
          delay_ms: roundOf(value["retryInMs"] ?? value["retry_delay_ms"]),
        });
        return;
      case "turn_duration":
        if (isMain) this.#endTurn(where, { durationMs: roundOf(value["durationMs"]) });
        return;
      case "task_notification":
        this.#readNotification(
          {
            kind: "notification",
            text: "",
            taskId: asText(value["task_id"]),
            status: asText(value["status"]),
            result: undefined,
          },
          where,
        );
        return;
      case "task_started": {
        const id = asText(value["task_id"]);
        if (id !== undefined && value["is_backgrounded"] === true)
          this.#markBackground(id, asText(value["tool_use_id"]) ?? "", where);
        return;
      }
      default:
    }
  }

  /** The end of a turn in the stream; sums over all agents, from the start of the process on. */
  #readResult(value: JsonObject, where: At): void {
    this.#readCost(
      asNumber(value["total_cost_usd"]) ?? asNumber(value["cost_usd"]),
      false,
      value["modelUsage"],
    );
    const failed = value["is_error"] === true;
    const status = failed ? "error" : "success";
    const durationMs = roundOf(value["duration_ms"]);
    const timeToFirstTokenMs = roundOf(value["ttft_ms"]);
    const earlier = this.#unreportedTurns.shift();
    if (earlier === undefined) {
      this.#lastStop = { reason: undefined, error: failed };
      this.#endTurn(where, { status, durationMs, timeToFirstTokenMs });
    } else {
      const fields = { status, duration_ms: durationMs, time_to_first_token_ms: timeToFirstTokenMs };
      this.#conversation.amendTurn(where, earlier, fields);
    }
  }

  #readCost(usd: number | undefined, incomplete: boolean, modelUsage: unknown): void {
    if (usd !== undefined && !incomplete) this.facts.reportedCostUsd = usd;
    const usage = usageOfModels(modelUsage);
    if (usage !== undefined) this.facts.reportedUsage = usage;
  }

  /** With `--include-partial-messages` the real usage of a call comes in `message_delta`. */
  #readStreamEvent(event: JsonObject | undefined, value: JsonObject, where: At, thread: Thread): void {
    const channel = asText(value["parent_tool_use_id"]) ?? "";
    const started = asText(at(event?.["message"], "id"));
    if (event?.["type"] === "message_start" && started !== undefined) this.#streaming.set(channel, started);
    const id = this.#streaming.get(channel);
    if (event?.["type"] !== "message_delta" || id === undefined) return;
    const stopReason = asText(at(event["delta"], "stop_reason"));
    thread.learn(id, where, { finishReason: stopReason, usage: usageOf(event["usage"], true) });
    if (channel === "") this.#lastStop = { reason: stopReason, error: false };
  }

  #endTurn(
    where: At | undefined,
    reported: {
      status?: TurnStatus;
      durationMs?: number | undefined;
      timeToFirstTokenMs?: number | undefined;
    } = {},
  ): void {
    this.#command = undefined;
    if (!this.#conversation.turnOpen) return;
    const { status, ...durations } = reported;
    this.#conversation.endTurn(where, status ?? this.#turnStatus(), durations);
  }

  #turnStatus(): TurnStatus {
    if (this.#lastStop.error) return "error";
    if (this.#conversation.main.waitsForTools) return "interrupted";
    switch (this.#lastStop.reason) {
      case "end_turn":
      case "stop_sequence":
        return "success";
      default:
        return "unknown";
    }
  }
}

function agentIdOf(sourceName: string): string | undefined {
  return /(?:^|\/)agent-(.+?)(?:\.meta\.json|\.jsonl)$/.exec(sourceName)?.[1];
}

/** The prompt a sub-agent was given. */
function firstTextOf(lines: readonly SourceLine[]): string {
  const first = lines.find(({ value }) => value["type"] === "user");
  return textOf(blocksOf(asObject(first?.value["message"])));
}

function keyOf(line: SourceLine, value: JsonObject): string {
  return asText(value["uuid"]) ?? `${line.sourceName}:${line.line}`;
}

function originOf(value: JsonObject): "user" | "queued" | "schedule" {
  const source = `${asText(value["promptSource"]) ?? ""} ${asText(at(value["origin"], "kind")) ?? ""}`;
  return /queue/.test(source) ? "queued" : /cron|schedule|loop/.test(source) ? "schedule" : "user";
}

function parametersOf(params: JsonObject | undefined): Record<string, unknown> | undefined {
  const parameters: Record<string, unknown> = {};
  const maxTokens = asCount(params?.["max_tokens"]);
  const temperature = asNumber(params?.["temperature"]);
  const effort = asText(params?.["effort"]) ?? asText(at(params, "output_config", "effort"));
  if (maxTokens !== undefined) parameters["max_tokens"] = maxTokens;
  if (temperature !== undefined) parameters["temperature"] = temperature;
  if (effort !== undefined) parameters["effort"] = effort;
  return Object.keys(parameters).length === 0 ? undefined : parameters;
}

function failureOf(value: JsonObject, text: string): Answer {
  const code = asCount(value["apiErrorStatus"]);
  const type = asText(value["apiErrorType"]) ?? asText(value["error"]) ?? "api_error";
  return {
    provider: "anthropic",
    status: "error",
    error: { type, ...(code === undefined ? {} : { code }) },
    errorMessage: text === "" ? undefined : text,
  };
}

function serverResultOf(block: JsonObject): Parameters<Thread["toolResult"]>[1] {
  const error = asText(at(block["content"], "error_code"));
  const failed = error !== undefined || block["is_error"] === true;
  return {
    id: asText(block["tool_use_id"]) ?? "",
    status: failed ? "error" : "ok",
    ...(failed ? { error: { type: error ?? "tool_error" }, error_basis: "flag" as const } : {}),
    result: resultOf(block["content"]),
  };
}

function roundOf(value: unknown): number | undefined {
  const number = asNumber(value);
  return number === undefined ? undefined : Math.round(number);
}
