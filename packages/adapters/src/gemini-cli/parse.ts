/**
 * Gemini CLI's lines to events: the chat of a session, the chats of its sub-agents, and the stdout stream of
 * `--output-format stream-json`. Facts with their sources are in docs/adapters.md.
 */

import type { ConversationFacts, Parser, SourceLine } from "../adapter.ts";
import { Conversation } from "../conversation.ts";
import type { Event } from "../event.ts";
import { asText, asTime } from "../json.ts";
import type { At } from "../thread.ts";
import { ChatLog } from "./chat-log.ts";
import type { AgentLink } from "./lines.ts";
import { StreamLog } from "./stream.ts";

export class GeminiParser implements Parser {
  readonly #conversation = new Conversation();
  readonly #main: ChatLog;
  readonly #stream: StreamLog;
  readonly #subAgents = new Map<string, ChatLog>();
  /** Which sub-agent's chat a source holds, by its index. */
  readonly #agentIds = new Map<number, string | undefined>();
  readonly #links = new Map<string, { at: At; link: AgentLink }>();
  /** Lines of sub-agents whose tool call is not known yet. */
  readonly #held = new Map<string, SourceLine[]>();

  constructor() {
    const conversation = this.#conversation;
    this.#main = new ChatLog({
      conversation,
      thread: conversation.main,
      hasTurns: true,
      onAgent: (at, link) => this.#link(at, link),
    });
    this.#stream = new StreamLog(conversation);
  }

  get facts(): ConversationFacts {
    return this.#conversation.facts;
  }

  read(line: SourceLine): Event[] {
    if (line.kind === "stream") this.#stream.read(line);
    else {
      this.#readChat(line);
      for (const [id, lines] of this.#held) if (this.#links.has(id)) this.#release(id, lines);
    }
    return this.#conversation.take();
  }

  flush(when: "quiet" | "stop"): Event[] {
    this.#stream.flush();
    if (when === "stop") {
      for (const [id, lines] of this.#held) this.#release(id, lines);
      this.#main.endTurn();
    }
    this.#conversation.flush(when);
    return this.#conversation.take();
  }

  resume(): void {
    this.#conversation.resume();
    this.#main.resume();
    this.#held.clear();
    for (const chat of this.#subAgents.values()) chat.resume();
  }

  #readChat(line: SourceLine): void {
    if (!this.#agentIds.has(line.source)) this.#agentIds.set(line.source, agentIdOf(line));
    const id = this.#agentIds.get(line.source);
    if (id === undefined) {
      this.facts.conversationId ??= asText(line.value["sessionId"]);
      this.#main.read(line);
    } else if (this.#subAgents.has(id) || this.#links.has(id)) this.#subAgent(id, line).read(line);
    else this.#hold(id, line);
  }

  #hold(id: string, line: SourceLine): void {
    const lines = this.#held.get(id);
    if (lines === undefined) this.#held.set(id, [line]);
    else lines.push(line);
  }

  /**
   * A sub-agent's chat waits for the tool call that ran it: its span belongs below that call's. The session's
   * chat names it when the tool is done; of a session that was killed before, never.
   */
  #release(id: string, lines: readonly SourceLine[]): void {
    this.#held.delete(id);
    for (const line of lines) this.#subAgent(id, line).read(line);
    const known = this.#links.get(id);
    if (known !== undefined) this.#conversation.endAgent(known.at, id, known.link.status);
  }

  #subAgent(id: string, line: SourceLine): ChatLog {
    const known = this.#subAgents.get(id);
    if (known !== undefined) return known;
    const conversation = this.#conversation;
    const time = asTime(line.value["startTime"]) ?? asTime(line.value["timestamp"]) ?? line.observedAt;
    const link = this.#links.get(id)?.link;
    const from = { source: line.source, line: line.line };
    const thread = conversation.startAgent({ time, from }, id, {
      agent: { name: link?.name ?? "subagent" },
      conversation_id: id,
      ...(link === undefined ? {} : { call_id: link.callId }),
      parent: "invocation",
    });
    const chat = new ChatLog({
      conversation,
      thread,
      hasTurns: false,
      onAgent: (at, inner) => this.#link(at, inner),
      onToolDone: (at, name) => {
        // The tool a sub-agent hands its result in with.
        if (name === "complete_task") conversation.endAgent(at, id, "success");
      },
    });
    this.#subAgents.set(id, chat);
    return chat;
  }

  #link(at: At, link: AgentLink): void {
    this.#links.set(link.agentId, { at, link });
    // Its chat may be read later, in an import: then the conversation remembers the end.
    if (!this.#held.has(link.agentId)) this.#conversation.endAgent(at, link.agentId, link.status);
  }
}

/** undefined for a session's own chat. */
function agentIdOf(line: SourceLine): string | undefined {
  const inFolder = /(?:^|\/)chats\/[^/]+\/([^/]+)\.jsonl$/.exec(line.sourceName)?.[1];
  const named = line.value["kind"] === "subagent" ? asText(line.value["sessionId"]) : undefined;
  return named ?? inFolder;
}
