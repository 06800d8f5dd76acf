/**
 * One chat file of Gemini CLI: a log of patches to a list of messages.
 *
 * A line is the header, a message, the same message again with more in it (its tool calls, its tokens), a
 * `$set` of the session's fields, which may hold the whole list anew, or a `$rewindTo` that cuts the list
 * before a message. So beside the events the list is kept as ids: only then can a later prompt name the call
 * it extends after the user went back, a request failed or the chat was compressed.
 */

import type { Part, Timestamp, TurnStatus } from "@spoor/trace";
import type { JsonObject, SourceLine } from "../adapter.ts";
import type { Conversation } from "../conversation.ts";
import { asArray, asObject, asText, asTime } from "../json.ts";
import type { Answer, At, Thread } from "../thread.ts";
import {
  type AgentLink,
  agentLinkOf,
  isHarnessText,
  isSessionContext,
  objectsIn,
  partsOf,
  reasoningOf,
  textOf,
  toolResultOf,
  toPart,
  usageOf,
  workspaceOf,
} from "./lines.ts";

/** A message of the list. */
interface Entry {
  id: string;
  /** It is the answer of a model call, whose key its id is. */
  isCall: boolean;
  /** It is one of an earlier trace. */
  isEarlierCall: boolean;
  /** What it counts in prompts: its own messages, without the tool results that follow it. */
  messages: number;
  /** Tool results given after it. */
  results: number;
  /** What was already told of it, so that the same message written again tells only what is new. */
  text: string;
  thoughts: number;
  tools: Set<string>;
}

/** A tool call has at most one result. */
type ToolState = "called" | "done";

export interface ChatOwner {
  conversation: Conversation;
  thread: Thread;
  /** The session's own chat has turns; a sub-agent's has none. */
  hasTurns: boolean;
  /** A finished tool call that ran a sub-agent. */
  onAgent(at: At, link: AgentLink): void;
  /** A finished tool call; a sub-agent ends with one. */
  onToolDone?(at: At, name: string): void;
}

export class ChatLog {
  readonly #owner: ChatOwner;
  #entries: Entry[] = [];
  readonly #known = new Map<string, Entry>();
  readonly #tools = new Map<string, ToolState>();
  /** Tools whose result the next prompt has. */
  #answered = new Set<string>();
  #time: Timestamp | undefined;
  #hasHeader = false;
  /** A process that resumes writes a header and an empty list, and takes the old list a line later. */
  #begunAnew = false;
  /** Where that empty list would cut. */
  #emptied: number | undefined;
  /** Lines repeat the list under new ids until a `$set` takes it: tool outputs were masked, or a turn cancelled. */
  #replaying = false;
  #outcome: TurnStatus = "unknown";

  constructor(owner: ChatOwner) {
    this.#owner = owner;
    owner.thread.withoutSystem();
  }

  read(line: SourceLine): void {
    const { value } = line;
    const set = asObject(value["$set"]);
    const time = asTime(value["timestamp"]) ?? asTime(set?.["lastUpdated"]) ?? asTime(value["startTime"]);
    const at = this.#at(line, time);
    const rewindTo = asText(value["$rewindTo"]);
    if (rewindTo !== undefined) this.#cut(this.#indexOf(rewindTo));
    else if (asText(value["id"]) !== undefined) this.#message(value, at);
    else if (set !== undefined) this.#set(line, set, at);
    else if (asText(value["sessionId"]) !== undefined) this.#header(line, value);
    else this.#owner.conversation.passOver(asText(value["type"]) ?? Object.keys(value)[0] ?? "");
  }

  /** The open turn ends with what is known of it. */
  endTurn(): void {
    const { conversation } = this.#owner;
    if (!this.#owner.hasTurns || !conversation.turnOpen) return;
    conversation.endTurn(undefined, conversation.main.waitsForTools ? "interrupted" : this.#outcome);
    this.#outcome = "unknown";
  }

  /** What was read belongs to an earlier trace: the list stays, but no prompt can extend its calls. */
  resume(): void {
    for (const entry of this.#entries) {
      entry.isEarlierCall = entry.isCall;
      entry.isCall = false;
    }
    this.#replaying = false;
    this.#outcome = "unknown";
  }

  #at(line: SourceLine, time: Timestamp | undefined): At {
    const known = time ?? this.#time ?? line.observedAt;
    if (time !== undefined) {
      this.#time = time;
      this.#owner.conversation.see(time);
    }
    return { time: known, from: { source: line.source, line: line.line } };
  }

  #header(line: SourceLine, value: JsonObject): void {
    this.#begunAnew = this.#hasHeader;
    this.#hasHeader = true;
    this.#learnFolders(value["directories"]);
    for (const message of objectsIn(value["messages"]))
      this.#message(message, this.#at(line, asTime(message["timestamp"])));
  }

  #learnFolders(directories: unknown): void {
    if (this.#owner.hasTurns) this.#owner.conversation.facts.cwd ??= asText(asArray(directories)[0]);
  }

  /** Sub-agents' lines may be read long after the turn they ran in. */
  #touch(at: At): void {
    if (this.#owner.hasTurns) this.#owner.conversation.touch(at);
  }

  // --- messages ------------------------------------------------------------------------------------------

  #message(message: JsonObject, at: At): void {
    const id = asText(message["id"]);
    if (id === undefined) return;
    if (this.#emptied !== undefined) this.#cut(this.#emptied);
    this.#begunAnew = false;
    this.#emptied = undefined;
    if (message["type"] !== "user") this.#touch(at);
    switch (message["type"]) {
      case "user":
        return this.#user(id, message, at);
      case "gemini":
        return this.#gemini(id, message, at);
      case "info":
      case "warning":
      case "error":
        return this.#notice(id, message["type"], message, at);
      default:
        this.#owner.conversation.passOver(asText(message["type"]) ?? "message");
    }
  }

  #user(id: string, message: JsonObject, at: At): void {
    if (this.#known.has(id)) return;
    const text = textOf(message["content"]);
    if (isSessionContext(text)) {
      this.#owner.conversation.facts.cwd ??= workspaceOf(text);
      this.#replaying = this.#entries.length > 0;
    }
    if (this.#replaying) {
      this.#note(id);
      return;
    }
    const parts = partsOf(message["content"]);
    const hasResults = parts.some((part) => "functionResponse" in part);
    if (hasResults) this.#touch(at);
    else if (this.#owner.hasTurns && parts.length > 0 && !isHarnessText(text)) this.#prompt(id, message, at);
    this.#append(id, "user", parts, at);
  }

  #prompt(id: string, message: JsonObject, at: At): void {
    this.endTurn();
    // What the user typed; `content` has the files it named beside it.
    const shown = partsOf(message["displayContent"]);
    const parts = this.#toParts(shown.length > 0 ? shown : partsOf(message["content"]));
    const texts = parts.flatMap((part) => (part.type === "text" ? String(part["content" as never]) : []));
    this.#owner.conversation.startTurn(
      at,
      id,
      "user",
      texts.length === parts.length ? texts.join("") : parts,
    );
  }

  /** A message that no model call gave: an input to the next one. */
  #append(id: string, role: "user" | "assistant", parts: readonly JsonObject[], at: At): void {
    const entry = this.#note(id);
    const { thread } = this.#owner;
    const others = parts.filter((part) => !("functionResponse" in part));
    for (const part of parts) {
      const toolId = asText(asObject(part["functionResponse"])?.["id"]);
      if (toolId === undefined || this.#answered.has(toolId)) continue;
      this.#answered.add(toolId);
      const converted = toPart(part, (known) => this.#tools.has(known));
      if (converted !== undefined) {
        thread.input("tool", [converted], at.time);
        entry.messages++;
      }
    }
    const converted = this.#toParts(others);
    thread.input(role, converted, at.time);
    if (converted.length > 0) entry.messages++;
  }

  /**
   * An answer of the model; or a text that the harness put into the model's mouth, without tokens and model;
   * or the tool calls of an earlier answer, under an id of their own after a notice came between.
   */
  #gemini(id: string, message: JsonObject, at: At): void {
    const known = this.#known.get(id);
    const model = asText(message["model"]);
    const usage = usageOf(message["tokens"]);
    const saysSomething = textOf(message["content"]) !== "" || asArray(message["thoughts"]).length > 0;
    const isCall = known?.isCall === true || usage !== undefined || (model !== undefined && saysSomething);
    if (isCall) this.#replaying = false;
    else if (this.#replaying) {
      this.#note(id);
      return;
    }
    const calls = objectsIn(message["toolCalls"]);
    if (!isCall) {
      if (known === undefined) this.#append(id, "assistant", partsOf(message["content"]), at);
      this.#toolsOfNoCall(calls, at);
      return;
    }
    const entry = known ?? this.#note(id);
    const parts = this.#newParts(entry, message, calls);
    const facts: Answer = { model, provider: "gcp.gen_ai", usage };
    if (known?.isCall === true && parts.length === 0) this.#owner.thread.learn(id, at, facts);
    else this.#owner.thread.answer(id, at, parts, facts);
    if (!entry.isCall) this.#answered.clear();
    entry.isCall = true;
    if (parts.length > 0) entry.messages = 1;
    const asksTools = entry.tools.size > 0;
    if (parts.length > 0) this.#outcome = entry.text !== "" && !asksTools ? "success" : "unknown";
    this.#callTools(entry, calls, at);
  }

  /** What this writing of the message has more than the one before. */
  #newParts(entry: Entry, message: JsonObject, calls: readonly JsonObject[]): Part[] {
    const parts: Part[] = [];
    const thoughts = asArray(message["thoughts"]);
    for (const thought of thoughts.slice(entry.thoughts)) {
      const content = reasoningOf(thought);
      if (content !== "") parts.push({ type: "reasoning", content });
    }
    entry.thoughts = Math.max(entry.thoughts, thoughts.length);
    const text = textOf(message["content"]);
    const more = text.startsWith(entry.text) ? text.slice(entry.text.length) : "";
    if (more.trim() !== "") {
      parts.push({ type: "text", content: more });
      entry.text = text;
    }
    for (const call of calls) {
      const id = asText(call["id"]);
      if (id === undefined || entry.tools.has(id)) continue;
      entry.tools.add(id);
      parts.push({ type: "tool_call", id, name: asText(call["name"]) ?? "" });
    }
    return parts;
  }

  /** Tool calls that stand apart from their answer, or that the harness made itself: the latest call's. */
  #toolsOfNoCall(calls: readonly JsonObject[], at: At): void {
    const last = this.#entries.findLast((entry) => entry.isCall);
    if (calls.length === 0) return;
    const entry = last ?? this.#entries.at(-1);
    if (entry === undefined) return;
    const parts = this.#newParts(entry, {}, calls);
    if (last !== undefined && parts.length > 0) this.#owner.thread.answer(last.id, at, parts, {});
    else if (parts.length > 0) {
      this.#owner.thread.input("assistant", parts, at.time);
      entry.messages++;
    }
    this.#callTools(entry, calls, at);
  }

  #callTools(entry: Entry, calls: readonly JsonObject[], at: At): void {
    const { thread } = this.#owner;
    const fresh = calls.filter((call) => !this.#tools.has(asText(call["id"]) ?? ""));
    for (const call of fresh) {
      const id = asText(call["id"]);
      if (id === undefined || this.#tools.has(id)) continue;
      this.#tools.set(id, "called");
      thread.toolCall(at, { id, name: asText(call["name"]) ?? "unknown", arguments: call["args"] });
    }
    for (const call of calls) {
      const result = toolResultOf(call);
      if (result === undefined || this.#tools.get(result.id) !== "called") continue;
      this.#tools.set(result.id, "done");
      // The call's own time is when it ended; when it began nobody says.
      const ended: At = { ...at, time: asTime(call["timestamp"]) ?? at.time };
      const given = this.#answered.has(result.id);
      thread.toolResult(ended, result, { input: !given });
      if (!given) entry.results++;
      this.#answered.add(result.id);
      this.#touch(ended);
      const link = agentLinkOf(call);
      if (link !== undefined) this.#owner.onAgent(ended, link);
      this.#owner.onToolDone?.(ended, asText(call["name"]) ?? "");
    }
  }

  /** What versions before 0.40 noted of their screen; a later `info` with parts is an attachment for the model. */
  #notice(id: string, level: "info" | "warning" | "error", message: JsonObject, at: At): void {
    if (this.#known.has(id)) return;
    const parts = partsOf(message["content"]);
    const text = textOf(message["content"]);
    const { thread } = this.#owner;
    if (Array.isArray(message["content"])) {
      if (this.#replaying) this.#note(id);
      else this.#append(id, "user", parts, at);
    } else if (/^\[?API Error/.test(text)) {
      this.#failed(id, at, { status: "error", error: { type: "api_error" }, errorMessage: text });
    } else if (text.startsWith("Request cancelled")) {
      this.#note(id);
      thread.event(at, id, "interrupt", {});
      this.#outcome = "interrupted";
    } else {
      this.#note(id);
      thread.event(at, id, "notice", { level }, text === "" ? undefined : { message: text });
      if (level === "error") this.#outcome = "error";
    }
  }

  /** A request that got no answer. */
  #failed(key: string, at: At, facts: Answer): void {
    const { thread } = this.#owner;
    const entry = this.#note(key);
    thread.answer(key, at, [], { provider: "gcp.gen_ai", ...facts });
    thread.flush("quiet");
    entry.isCall = true;
    this.#answered.clear();
    this.#outcome = facts.status === "interrupted" ? "interrupted" : "error";
  }

  // --- the list ------------------------------------------------------------------------------------------

  #note(id: string): Entry {
    const entry: Entry = {
      id,
      isCall: false,
      isEarlierCall: false,
      messages: 0,
      results: 0,
      text: "",
      thoughts: 0,
      tools: new Set(),
    };
    this.#known.set(id, entry);
    this.#entries.push(entry);
    return entry;
  }

  #indexOf(id: string): number {
    // The CLI itself empties the list where the message is not in it.
    return Math.max(
      0,
      this.#entries.findIndex((entry) => entry.id === id),
    );
  }

  #toParts(parts: readonly JsonObject[]): Part[] {
    return parts.flatMap((part) => toPart(part, (id) => this.#tools.has(id)) ?? []);
  }

  #set(line: SourceLine, set: JsonObject, at: At): void {
    this.#learnFolders(set["directories"]);
    if (asText(set["sessionId"]) !== undefined && this.#owner.hasTurns)
      this.#owner.conversation.facts.conversationId ??= asText(set["sessionId"]);
    if (!Array.isArray(set["messages"])) return;
    const messages = objectsIn(set["messages"]).filter((message) => asText(message["id"]) !== undefined);
    this.#replace(line, messages, at);
    this.#replaying = false;
  }

  /** The whole list, anew. Nothing in it is an answer of the model that no line has told before. */
  #replace(line: SourceLine, messages: readonly JsonObject[], at: At): void {
    const ids = messages.map((message) => message["id"]);
    const common = this.#entries.findIndex((entry, index) => entry.id !== ids[index]);
    const kept = common === -1 ? this.#entries.length : common;
    if (kept === messages.length && this.#begunAnew) {
      this.#emptied = kept;
      return;
    }
    this.#begunAnew = false;
    this.#emptied = undefined;
    if (kept === messages.length) {
      if (kept < this.#entries.length) this.#rollBack(`${line.sourceName}:${line.line}`, kept, at);
    } else if (this.#entries.length === 0 && !this.#hasHeader) {
      // The file was resumed, and what it held before belongs to another trace.
      this.#owner.thread.restart("resume", { complete: false });
      for (const message of messages) this.#note(String(message["id"]));
    } else if (kept === this.#entries.length) {
      for (const message of messages.slice(kept)) this.#copy(message, at);
    } else if (!this.#goOn(messages, at)) this.#startOver(line, messages, at);
  }

  /** The request in flight failed or was stopped, and the CLI took back what it had asked. */
  #rollBack(key: string, kept: number, at: At): void {
    // A failure takes back the prompt alone; only an interruption takes back answers.
    const stopped = this.#entries.slice(kept).some((entry) => entry.isCall);
    this.#failed(
      key,
      at,
      stopped
        ? { status: "interrupted" }
        : { status: "error", error: { type: "no_answer" }, errorMessage: undefined },
    );
    this.#cut(kept);
  }

  /** After a resume in the same file: the same answers, with the results that stand between them under ids of their own. */
  #goOn(messages: readonly JsonObject[], at: At): boolean {
    const lastCall = this.#entries.findLast((entry) => entry.isCall || entry.isEarlierCall);
    const index = messages.findIndex((message) => message["id"] === lastCall?.id);
    if (lastCall === undefined || index === -1 || this.#replaying) return false;
    const before = new Set(this.#entries);
    this.#entries = [];
    for (const [i, message] of messages.entries()) {
      const known = this.#known.get(String(message["id"]));
      if (known !== undefined && before.has(known)) this.#entries.push(known);
      else if (i > index) this.#copy(message, at);
      else this.#note(String(message["id"]));
    }
    return true;
  }

  /** Compressed, masked or cut: another list, which extends no call. */
  #startOver(line: SourceLine, messages: readonly JsonObject[], at: At): void {
    const { thread } = this.#owner;
    const isSummary = (message: JsonObject): boolean =>
      !this.#known.has(String(message["id"])) &&
      textOf(message["content"]).trimStart().startsWith("<state_snapshot>");
    const compacted = messages.some(isSummary);
    const reason = compacted || messages.length >= this.#entries.length ? "compaction" : "rewind";
    if (compacted) thread.event(at, `${line.sourceName}:${line.line}`, "compaction", {});
    if (this.#entries.some((entry) => entry.isCall)) this.#restart(reason);
    else thread.keepPending(0);
    this.#entries = [];
    this.#answered.clear();
    for (const message of messages) this.#copy(message, at);
  }

  #restart(reason: "compaction" | "rewind"): void {
    this.#owner.thread.restart(reason, { complete: true, dropPending: true });
    this.#owner.thread.withoutSystem();
  }

  /** A message of a list: an input, whoever says it. */
  #copy(message: JsonObject, at: At): void {
    const role = message["type"] === "gemini" ? "assistant" : "user";
    const text = textOf(message["content"]);
    if (isSessionContext(text)) this.#owner.conversation.facts.cwd ??= workspaceOf(text);
    this.#append(String(message["id"]), role, partsOf(message["content"]), at);
  }

  /** The list is cut before entry `kept`: the next prompt extends the call that had the most of the rest. */
  #cut(kept: number): void {
    const { thread } = this.#owner;
    const entries = this.#entries;
    const next = entries.findIndex((entry, index) => index >= kept && entry.isCall);
    const last = entries[kept - 1];
    this.#entries = entries.slice(0, kept);
    if (kept >= entries.length) return;
    if (next === -1) {
      const call = this.#entries.findLastIndex((entry) => entry.isCall);
      const said = this.#entries.slice(call + 1).reduce((sum, entry) => sum + sizeOf(entry), 0);
      thread.keepPending(said + (this.#entries[call]?.results ?? 0));
    } else if (last?.isCall === true && last.results === 0) thread.rewind(last.id, undefined);
    else {
      const dropped = entries.slice(kept, next).reduce((sum, entry) => sum + sizeOf(entry), 0);
      const length = thread.lengthAfter(entries[next]?.id ?? "");
      const keptMessages =
        length === undefined ? undefined : length - dropped - (entries[next]?.messages ?? 0);
      if (keptMessages === undefined || keptMessages < 0)
        thread.restart("rewind", { complete: false, dropPending: true });
      else if (keptMessages === 0) this.#restart("rewind");
      else thread.rewind(entries[next]?.id ?? "", keptMessages);
    }
  }
}

function sizeOf(entry: Entry): number {
  return entry.messages + entry.results;
}
