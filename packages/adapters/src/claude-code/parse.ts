/**
 * Claude Code's lines to events: transcripts (the session's file and its sub-agents') and the stdout stream
 * of `--output-format stream-json`. Facts with their sources are in docs/adapters.md.
 */

import type { Part, Timestamp } from "@spoor/trace";
import type { ConversationFacts, JsonObject, Parser, SourceLine } from "../adapter.ts";
import { Conversation } from "../conversation.ts";
import { decisionOfAnswer } from "../decisions.ts";
import type { Event } from "../event.ts";
import { asCount, asNumber, asObject, asObjects, asText, asTime, at } from "../json.ts";
import type { Answer, At, Thread } from "../thread.ts";
import { Channel, type Place } from "./channel.ts";
import { blocksOf, isServerToolResult, isServerToolUse, isToolUse, partOf, textOf } from "./content.ts";
import { Copies, type Sorted } from "./copies.ts";
import { agentOfFile, BOOKKEEPING, keyOf, sessionIdOf, sessionOfFile, STREAM_BOOKKEEPING } from "./lines.ts";
import {
  failureOf,
  failureOfTry,
  isFailure,
  isMadeUp,
  retryOf,
  serverResultOf,
  structuredOf,
  toolResultOf,
} from "./outcome.ts";
import { compactionOf, hookOf, hooksOf, keptOf, planOf, rateLimitOf } from "./points.ts";
import { parametersOf, setUpOfShape, setUpOfSnapshot } from "./request.ts";
import { SubAgents } from "./sub-agents.ts";
import { Turns } from "./turns.ts";
import { Reported, usageOf } from "./usage.ts";
import { notificationOf, originOf, taskStatusOf, utteranceOf } from "./utterance.ts";

/** The parent of a conversation's first line. */
const ROOT = "";

/** A line as it is read: where it stands, and on which thread. */
interface Here {
  line: SourceLine;
  value: JsonObject;
  at: At;
  channel: Channel;
  isMain: boolean;
}

export class ClaudeParser implements Parser {
  readonly #conversation = new Conversation();
  readonly #turns = new Turns(this.#conversation);
  readonly #agents = new SubAgents(this.#conversation);
  readonly #copies = new Copies();
  readonly #reported = new Reported(this.#conversation.facts);
  readonly #channels = new Map<Thread, Channel>();
  /** Whose answer a message is, and whose call a tool's: side questions have copies of the session's lines. */
  readonly #owners = new Map<string, Channel>();
  /** What was said after each call, where a prompt followed: a second one that follows there went back. */
  readonly #places = new Map<string, Place>();
  /** The call that each line of the main thread follows. */
  readonly #callAt = new Map<string, string>();
  /** Parameters of requests, by the id that answers refer to. */
  readonly #requests = new Map<string, Record<string, unknown>>();
  /** The message that `stream_event` lines speak of, by the tool call that it serves. */
  readonly #streaming = new Map<string, string>();
  #lastTime: Timestamp = "1970-01-01T00:00:00.000Z";
  /** Of the session's own file; empty where its lines have no times, undefined where there are none. */
  #lastMainTime: string | undefined;
  #lastUuid: string | undefined;
  #readsCopies = false;

  get facts(): ConversationFacts {
    return this.#conversation.facts;
  }

  read(line: SourceLine): Event[] {
    const events: Event[] = [];
    // At once, for the first lines wait, and a recorder that is killed meanwhile must have named the session.
    this.facts.conversationId ??= sessionOfFile(line.sourceName);
    if (agentOfFile(line.sourceName) !== undefined) this.#readOfAgent(line, events);
    else for (const sorted of this.#copies.sort(line)) this.#readSorted(sorted, events);
    this.#readPlaced(events);
    return events;
  }

  flush(when: "quiet" | "stop"): Event[] {
    const events: Event[] = [];
    for (const sorted of this.#copies.release()) this.#readSorted(sorted, events);
    if (when === "stop") {
      let orphan: readonly SourceLine[] | undefined;
      while ((orphan = this.#agents.takeOrphan(this.#lastMainTime)) !== undefined)
        for (const line of orphan) this.#readOwn(line, events);
      const { waiting } = this.#agents;
      if (waiting > 0) this.facts.unknownTypes["sub-agent without its call"] = waiting;
      this.#turns.end(undefined);
    }
    this.#conversation.flush(when);
    return [...events, ...this.#conversation.take()];
  }

  resume(): void {
    this.flush("quiet");
    this.#goOn();
    this.#reported.restart();
  }

  // --- which lines, in which order -----------------------------------------------------------------------

  #readOfAgent(line: SourceLine, events: Event[]): void {
    if (line.sourceName.endsWith(".meta.json"))
      this.#agents.readMeta(agentOfFile(line.sourceName) ?? "", line.value);
    else if (!this.#agents.hold(line)) this.#readOwn(line, events);
  }

  #readPlaced(events: Event[]): void {
    let lines: readonly SourceLine[] | undefined;
    while ((lines = this.#agents.takePlaced()) !== undefined)
      for (const line of lines) this.#readOwn(line, events);
  }

  #readSorted({ line, isCopy }: Sorted, events: Event[]): void {
    if (this.#readsCopies && !isCopy) this.#goOnAsFork();
    this.#readsCopies = isCopy;
    this.#readOwn(line, isCopy ? [] : events);
  }

  #readOwn(line: SourceLine, events: Event[]): void {
    this.#readNow(line);
    for (const event of this.#conversation.take()) events.push(event);
  }

  /** The copies are over: what follows is this session's own, on the ground of another's. */
  #goOnAsFork(): void {
    this.#goOn();
    this.#conversation.main.restart("fork", { complete: false });
    this.facts.parentConversationId = this.#copies.source;
    this.#reported.disown();
  }

  #goOn(): void {
    this.#conversation.resume();
    for (const channel of this.#channels.values()) channel.forget();
  }

  #readNow(line: SourceLine): void {
    const { value } = line;
    const own = asTime(value["timestamp"]);
    const seen =
      line.kind === "stream" && line.observedAt > this.#lastTime ? line.observedAt : this.#lastTime;
    const time = own ?? seen;
    if (own !== undefined || line.kind === "stream") this.#noteTime(time);
    if (agentOfFile(line.sourceName) === undefined) this.#lastMainTime = own ?? this.#lastMainTime ?? "";
    this.#learnFacts(value);

    const where: At = { time, from: { source: line.source, line: line.line } };
    const thread = this.#agents.threadOf(line, where) ?? this.#conversation.main;
    const isMain = thread === this.#conversation.main;
    const channel = this.#channelOf(thread);
    channel.begin(asText(value["uuid"]));
    this.#readLine({ line, value, at: where, channel, isMain });
    // Only now: a prompt ends the turn before it where that turn's own last line stands.
    if (isMain && (value["type"] === "user" || value["type"] === "assistant"))
      this.#conversation.touch(where);

    const uuid = asText(value["uuid"]);
    if (uuid === undefined || !isMain) return;
    this.#callAt.set(uuid, thread.lastCall ?? "");
    this.#lastUuid = uuid;
  }

  #noteTime(time: Timestamp): void {
    this.#lastTime = time;
    if (!this.#readsCopies) this.#conversation.see(time);
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

  #channelOf(thread: Thread): Channel {
    const channel = this.#channels.get(thread) ?? new Channel(thread);
    this.#channels.set(thread, channel);
    return channel;
  }

  #readLine(here: Here): void {
    const { value } = here;
    const type = asText(value["type"]) ?? "";
    switch (type) {
      case "user":
        return this.#readUser(here);
      case "assistant":
        return this.#readAssistant(here);
      case "system":
        return this.#readSystem(here);
      case "attachment":
        return this.#readAttachment(here, asObject(value["attachment"]) ?? {});
      case "api-request":
        return this.#readRequest(value);
      case "api-request-blob":
        return this.#readMessage(here, asObject(value["message"]) ?? {});
      case "api-request-shape":
        return this.#readShape(here, asObject(value["shape"]) ?? {});
      case "cost-state":
        if (value["hasUnknownModelCost"] !== true) this.#reported.cost(asNumber(value["totalCostUSD"]));
        this.#reported.usage(value["modelUsage"]);
        return this.#turns.end(undefined);
      case "pr-link":
        return this.#readPullRequest(value);
      case "result":
        this.#reported.cost(asNumber(value["total_cost_usd"]) ?? asNumber(value["cost_usd"]));
        this.#reported.usage(value["modelUsage"]);
        return this.#turns.reported(value, here.at);
      case "stream_event":
        return this.#readStreamEvent(here, asObject(value["event"]) ?? {});
      case "rate_limit_event": {
        const limit = rateLimitOf(asObject(value["rate_limit_info"]) ?? {});
        if (limit !== undefined) here.channel.thread.event(here.at, keyOf(here.line), "rate_limit", limit);
        return undefined;
      }
      default:
        if (!BOOKKEEPING.has(type) && !STREAM_BOOKKEEPING.has(type)) this.#conversation.passOver(type);
    }
  }

  // --- the user's side -----------------------------------------------------------------------------------

  #readUser(here: Here): void {
    const { line, value, at: where, channel, isMain } = here;
    const blocks = blocksOf(asObject(value["message"]));
    for (const block of blocks) if (block["type"] === "tool_result") this.#readToolResult(here, block);
    const others = blocks.filter((block) => block["type"] !== "tool_result");
    if (others.length === 0) return;
    const text = textOf(others);
    const parts = others.flatMap((block) => partOf(block) ?? []);
    const utterance = utteranceOf(value, text);
    if (value["isCompactSummary"] === true && !channel.awaitsKept) channel.restart("compaction");
    if (isMain && line.kind === "transcript") this.#hear(here, utterance.kind, text, parts);
    if (utterance.kind !== "notification") return channel.speak(parts, where.time);
    this.#agents.ended(utterance.taskId, utterance.status, where);
    channel.speakWrapped(parts, where.time);
  }

  #hear({ line, value, at: where, channel }: Here, kind: string, text: string, parts: Part[]): void {
    switch (kind) {
      case "prompt":
      case "notification": {
        this.#followParent(value, channel);
        const origin = kind === "notification" ? kind : originOf(value);
        const isText = parts.length === 1 && parts[0]?.type === "text";
        return this.#turns.begin(line, where, origin, isText ? text : parts);
      }
      case "command":
        this.#followParent(value, channel);
        return this.#turns.command(line, where, text);
      case "interrupt":
        channel.thread.event(where, keyOf(line), "interrupt", {});
        return this.#turns.interrupted(where);
      default:
    }
  }

  /** A prompt that follows an older line than the last: the user went back, and what came after is not sent. */
  #followParent(value: JsonObject, channel: Channel): void {
    const parent = value["parentUuid"] === null ? ROOT : asText(value["parentUuid"]);
    if (parent === undefined) return;
    const place = this.#places.get(parent);
    if (place !== undefined) channel.goBackTo(place);
    else if (parent !== this.#lastUuid && this.#callAt.has(parent))
      channel.goBackTo({ call: this.#callAt.get(parent) || undefined, said: channel.place.said });
    this.#places.set(parent, channel.place);
  }

  #readToolResult({ value, at: where, channel }: Here, block: JsonObject): void {
    const facts = toolResultOf(block, value);
    if ((this.#owners.get(facts.id) ?? channel) !== channel) return;
    channel.toolResult(where, facts);
    this.#agents.resulted(facts, structuredOf(value), where);
  }

  // --- the model's side ----------------------------------------------------------------------------------

  #readAssistant(here: Here): void {
    const { line, value, at: where, channel, isMain } = here;
    const message = asObject(value["message"]) ?? {};
    const blocks = blocksOf(message);
    const failed = isFailure(value);
    if (isMadeUp(value) && !failed)
      return channel.makeUp(
        blocks.flatMap((block) => partOf(block) ?? []),
        where.time,
      );
    const key = asText(message["id"]) ?? keyOf(line);
    if (!this.#owns(channel, key)) {
      // A side question: it goes on from a copy of what the session said.
      return channel.restart("fork");
    }
    const stopReason = asText(message["stop_reason"]);
    if (isMain) {
      this.#turns.asked(line, where);
      this.#turns.answered(stopReason, failed);
    }
    const answer = failed ? failureOf(value, textOf(blocks)) : this.#answerOf(value, message, stopReason);
    const parts = blocks.flatMap((block) => (isServerToolResult(block) ? [] : (partOf(block) ?? [])));
    channel.answer(key, where, failed ? [] : parts, answer);
    for (const block of blocks) {
      if (isToolUse(block)) this.#readToolUse(here, block);
      else if (isServerToolResult(block))
        channel.thread.toolResult(where, serverResultOf(block), { input: false });
    }
  }

  #answerOf(value: JsonObject, message: JsonObject, stopReason: string | undefined): Answer {
    return {
      model: asText(message["model"]),
      provider: "anthropic",
      parameters:
        this.#requests.get(asText(value["requestRef"]) ?? "") ?? parametersOf({ effort: value["effort"] }),
      responseId: asText(message["id"]),
      finishReason: stopReason,
      usage: usageOf(message["usage"], stopReason !== undefined),
    };
  }

  #readToolUse({ at: where, channel }: Here, block: JsonObject): void {
    const id = asText(block["id"]) ?? "";
    const name = asText(block["name"]) ?? "";
    if (!this.#owns(channel, id)) return;
    this.#agents.called(id, name, block["input"]);
    channel.thread.toolCall(where, {
      id,
      name,
      arguments: block["input"],
      executor: isServerToolUse(block) ? "provider" : undefined,
      server: asText(block["server_name"]),
    });
    const plan = planOf(name, block["input"]);
    if (plan !== undefined) channel.thread.event(where, `plan:${id}`, "plan", plan);
  }

  /** Whether a message or a tool call is this thread's: the first that shows it has it. */
  #owns(channel: Channel, id: string): boolean {
    const owner = this.#owners.get(id) ?? channel;
    this.#owners.set(id, owner);
    return owner === channel;
  }

  // --- the harness's side --------------------------------------------------------------------------------

  #readAttachment(here: Here, attachment: JsonObject): void {
    const { line, value, at: where, channel, isMain } = here;
    const rendered = asObjects(value["rendered"]).flatMap((one) => asText(one["content"]) ?? []);
    const hook = hookOf(attachment);
    if (hook !== undefined) channel.thread.event(where, keyOf(line), "hook", hook.fields, hook.content);
    switch (attachment["type"]) {
      case "prompt_snapshot":
        return channel.setUp(setUpOfSnapshot(attachment), false);
      case "structured_output": {
        if (isMain) this.#turns.answeredByTool();
        const decision = decisionOfAnswer(jsonOf(attachment["data"]));
        const id = asText(attachment["toolUseID"]) ?? keyOf(line);
        if (decision !== undefined) channel.thread.decision(where, id, decision);
        return undefined;
      }
      case "queued_command": {
        const text = textOf(blocksOf({ content: attachment["prompt"] }));
        if (text.trimStart().startsWith("<task-notification>")) {
          const { taskId, status } = notificationOf(text);
          this.#agents.ended(taskId, status, where);
        }
        if (rendered.length > 0) break;
        return channel.speakWrapped(text === "" ? [] : [{ type: "text", content: text }], where.time);
      }
      default:
    }
    for (const text of rendered) {
      if (value["renderedRole"] === "system") channel.rule(unwrapped(text), where.time);
      else channel.remind([{ type: "text", content: text }], where.time);
    }
  }

  #readRequest(value: JsonObject): void {
    const parameters = parametersOf(asObject(value["params"]));
    const id = asText(value["id"]);
    if (id !== undefined && parameters !== undefined) this.#requests.set(id, parameters);
  }

  #readMessage({ channel }: Here, message: JsonObject): void {
    if (message["role"] !== "user") return;
    for (const block of blocksOf(message))
      if (block["type"] === "text") channel.isSent(asText(block["text"]) ?? "");
  }

  #readShape({ line, value, channel, isMain }: Here, shape: JsonObject): void {
    const isOfAgent = value["agentId"] !== undefined || agentOfFile(line.sourceName) !== undefined;
    // A sub-agent's request that stands in the session's file is none of the session's.
    if (isMain !== isOfAgent) channel.setUp(setUpOfShape(shape), true);
  }

  #readPullRequest(value: JsonObject): void {
    const url = asText(value["prUrl"]);
    if (url === undefined) return;
    const { pointers } = this.facts;
    pointers.change_url = url;
    const number = asCount(value["prNumber"]);
    if (number !== undefined) pointers.change_id = String(number);
  }

  #readSystem(here: Here): void {
    const { line, value, at: where, channel, isMain } = here;
    const key = keyOf(line);
    switch (value["subtype"]) {
      case "init":
        channel.thread.incomplete();
        return this.#turns.beginInStream(line, where);
      case "local_command": {
        const text = asText(value["content"]);
        return channel.speak(text === undefined ? [] : [{ type: "text", content: text }], where.time);
      }
      case "compact_boundary":
        channel.thread.event(where, key, "compaction", compactionOf(value));
        return channel.compact(keptOf(value));
      case "microcompact_boundary":
        // Old tool results are cut from here on; which ones is not told.
        channel.thread.event(where, key, "compaction", compactionOf(value));
        return channel.thread.withoutSystem();
      case "api_error":
      case "api_retry":
        return this.#readFailedTry(here);
      case "turn_duration":
        return isMain ? this.#turns.end(where, { durationMs: asNumber(value["durationMs"]) }) : undefined;
      case "task_started": {
        const id = asText(value["task_id"]);
        if (id !== undefined && value["is_backgrounded"] === true)
          this.#agents.inBackground(id, asText(value["tool_use_id"]), where);
        return undefined;
      }
      case "task_notification":
        return this.#agents.ended(asText(value["task_id"]), taskStatusOf(value["status"]), where);
      default:
        for (const [index, hook] of hooksOf(value).entries())
          channel.thread.event(where, `${key}#${index}`, "hook", hook.fields, hook.content);
    }
  }

  /** A request that is tried again is a call like the one that follows: it was sent, and it failed. */
  #readFailedTry({ line, value, at: where, channel, isMain }: Here): void {
    if (isMain) this.#turns.asked(line, where);
    const key = keyOf(line);
    channel.thread.event(where, key, "retry", retryOf(value));
    channel.answer(key, where, [], failureOfTry(value));
    channel.thread.prompted(where.time);
  }

  /** With `--include-partial-messages` the real usage of a call comes in `message_delta`. */
  #readStreamEvent({ value, at: where, channel, isMain }: Here, event: JsonObject): void {
    const served = asText(value["parent_tool_use_id"]) ?? "";
    const started = asText(at(event["message"], "id"));
    if (event["type"] === "message_start" && started !== undefined) this.#streaming.set(served, started);
    const id = asText(value["api_message_id"]) ?? this.#streaming.get(served);
    if (event["type"] !== "message_delta" || id === undefined) return;
    const stopReason = asText(at(event["delta"], "stop_reason"));
    channel.thread.learn(id, where, { finishReason: stopReason, usage: usageOf(event["usage"], true) });
    if (isMain) this.#turns.answered(stopReason, false);
  }
}

/** A rule is written as a reminder, and sent without its wrapping. */
function unwrapped(text: string): string {
  return text.replace(/^<system-reminder>\n?/, "").replace(/\n?<\/system-reminder>\n?$/, "");
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    // Nested too deep: no answer that anybody asked for.
    return "";
  }
}
