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
  /** What the session's chat says of its sub-agents; live it comes after their lines, in an import before. */
  readonly #links = new Map<string, AgentLink>();
  /** Which chat a source holds, by its index. */
  readonly #sources = new Map<number, ChatLog>();

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
    else this.#chatOf(line).read(line);
    return this.#conversation.take();
  }

  flush(when: "quiet" | "stop"): Event[] {
    this.#stream.flush();
    if (when === "stop") this.#main.endTurn();
    this.#conversation.flush(when);
    return this.#conversation.take();
  }

  resume(): void {
    this.#conversation.resume();
    this.#main.resume();
    for (const chat of this.#subAgents.values()) chat.resume();
  }

  #chatOf(line: SourceLine): ChatLog {
    const known = this.#sources.get(line.source);
    if (known !== undefined) return known;
    const id = agentIdOf(line);
    const chat = id === undefined ? this.#main : this.#subAgent(id, line);
    this.#sources.set(line.source, chat);
    if (id === undefined) this.facts.conversationId ??= asText(line.value["sessionId"]);
    return chat;
  }

  #subAgent(id: string, line: SourceLine): ChatLog {
    const known = this.#subAgents.get(id);
    if (known !== undefined) return known;
    const conversation = this.#conversation;
    const time = asTime(line.value["startTime"]) ?? asTime(line.value["timestamp"]) ?? line.observedAt;
    const link = this.#links.get(id);
    const thread = conversation.startAgent({ time, from: { source: line.source, line: line.line } }, id, {
      agent: { name: link?.name ?? "subagent" },
      conversation_id: id,
      ...(link === undefined ? {} : { call_id: link.callId }),
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
    this.#links.set(link.agentId, link);
    if (!this.#subAgents.has(link.agentId)) return;
    this.#conversation.amendAgent(at, link.agentId, { agent: { name: link.name }, call_id: link.callId });
    this.#conversation.endAgent(at, link.agentId, link.status);
  }
}

/** undefined for a session's own chat. */
function agentIdOf(line: SourceLine): string | undefined {
  const inFolder = /(?:^|\/)chats\/[^/]+\/([^/]+)\.jsonl$/.exec(line.sourceName)?.[1];
  const named = line.value["kind"] === "subagent" ? asText(line.value["sessionId"]) : undefined;
  return named ?? inFolder;
}
