/**
 * Sub-agents: whose a line is, which tool call started it, and when it ended.
 *
 * Newer versions give each a file of its own below the session's folder and name the call in a
 * `.meta.json` beside it; 2.1.33 names it only in the session's result line; 1.0 wrote the lines into the
 * session's file, in which only the equal prompt tells. The stream names the call on each line.
 */

import type { TurnStatus } from "@spoor/trace";
import type { JsonObject, SourceLine } from "../adapter.ts";
import type { Conversation } from "../conversation.ts";
import { asObject, asText, asTime, at, present } from "../json.ts";
import type { At, Thread, ToolResultFacts } from "../thread.ts";
import { identifyTool } from "../tools.ts";
import { blocksOf, textOf } from "./content.ts";
import { agentOfFile } from "./lines.ts";

/** What is known of a sub-agent before its first line. */
interface Origin {
  toolUseId?: string | undefined;
  agentType?: string | undefined;
  background?: boolean | undefined;
}

interface Held {
  lines: SourceLine[];
  /** The prompt it was given. */
  prompt: string | undefined;
}

export class SubAgents {
  readonly #conversation: Conversation;
  readonly #origins = new Map<string, Origin>();
  /** Agent tool calls that no sub-agent was found for, by the prompt they give. */
  readonly #callsByPrompt = new Map<string, Origin[]>();
  readonly #calls = new Set<string>();
  readonly #agentOfCall = new Map<string, string>();
  /** Ends of agent tool calls that name no sub-agent, and whose sub-agent's lines are still to come. */
  readonly #endOfCall = new Map<string, { status: TurnStatus; at: At } | undefined>();
  /** Lines of sub-agents' files whose tool call was not read yet: their span belongs below that call's. */
  readonly #held = new Map<string, Held>();
  /** Root lines of sidechains that stand in the session's own file, by the lines of them. */
  readonly #sidechains = new Map<string, string>();

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  readMeta(agentId: string, value: JsonObject): void {
    this.#origins.set(agentId, {
      toolUseId: asText(value["toolUseId"]),
      agentType: asText(value["agentType"]),
      background: value["requestShape"] === "background" ? true : undefined,
    });
  }

  /** A tool call, which may start one. */
  called(toolUseId: string, name: string, input: unknown): void {
    this.#calls.add(toolUseId);
    const prompt = asText(at(input, "prompt"));
    if (prompt === undefined || identifyTool(name).kind !== "agent") return;
    const calls = this.#callsByPrompt.get(prompt) ?? [];
    calls.push({ toolUseId, agentType: asText(at(input, "subagent_type")) });
    this.#callsByPrompt.set(prompt, calls);
    this.#endOfCall.set(toolUseId, undefined);
  }

  // --- lines that wait -----------------------------------------------------------------------------------

  /** Keeps a line that cannot be placed yet. @returns false where it can. */
  hold(line: SourceLine): boolean {
    const id = agentOfFile(line.sourceName);
    if (id === undefined || this.#conversation.agent(id) !== undefined) return false;
    const held = this.#held.get(id) ?? { lines: [], prompt: undefined };
    held.lines.push(line);
    held.prompt ??= promptOf(line.value);
    this.#held.set(id, held);
    return true;
  }

  /** The lines of one sub-agent whose call has been read. */
  takePlaced(): readonly SourceLine[] | undefined {
    for (const [id, { prompt }] of this.#held) {
      const named = this.#origins.get(id)?.toolUseId;
      if (named === undefined ? this.#callsByPrompt.has(prompt ?? "") : this.#calls.has(named))
        return this.#take(id);
    }
    return undefined;
  }

  /**
   * The lines of one sub-agent that no tool call started, as compaction's. But one that is younger than the
   * session's last line was started by a line that is not there yet, and is read with it the next time.
   *
   * @param lastTime The time of that line; undefined: the session's file was not read.
   */
  takeOrphan(lastTime: string | undefined): readonly SourceLine[] | undefined {
    for (const [id, { lines }] of this.#held) {
      const begun = asTime(lines[0]?.value["timestamp"]);
      if (begun === undefined || lastTime === undefined || begun <= lastTime) return this.#take(id);
    }
    return undefined;
  }

  /** How many lines wait. */
  get waiting(): number {
    return [...this.#held.values()].reduce((sum, { lines }) => sum + lines.length, 0);
  }

  #take(id: string): readonly SourceLine[] {
    const lines = this.#held.get(id)?.lines ?? [];
    this.#held.delete(id);
    return lines;
  }

  // --- lines that are placed -----------------------------------------------------------------------------

  /** The thread of the line; undefined: the session's own. Begins a sub-agent with its first line. */
  threadOf({ sourceName, value }: SourceLine, where: At): Thread | undefined {
    const parentTool = asText(value["parent_tool_use_id"]);
    const inStream = parentTool === undefined ? undefined : (asText(value["agent_id"]) ?? parentTool);
    const id = agentOfFile(sourceName) ?? this.#sidechainOf(value) ?? inStream;
    if (id === undefined) return undefined;
    return this.#conversation.agent(id) ?? this.#begin(id, parentTool, sourceName, value, where);
  }

  #begin(
    id: string,
    parentTool: string | undefined,
    sourceName: string,
    value: JsonObject,
    where: At,
  ): Thread {
    const prompt = promptOf(value);
    const known = this.#origins.get(id);
    const call = this.#claim(prompt, known?.toolUseId ?? parentTool);
    const toolUseId = known?.toolUseId ?? parentTool ?? call?.toolUseId;
    const name = known?.agentType ?? asText(value["subagent_type"]) ?? call?.agentType ?? "agent";
    if (toolUseId !== undefined) this.#agentOfCall.set(toolUseId, id);
    const end = this.#endOfCall.get(toolUseId ?? "");
    if (end !== undefined && known?.background !== true) this.ended(id, end.status, end.at);
    return this.#conversation.startAgent(
      where,
      id,
      {
        agent: { name },
        ...(toolUseId === undefined ? {} : { call_id: toolUseId }),
        ...(known?.background === true ? { background: true } : {}),
        parent: agentOfFile(sourceName) === undefined ? "turn" : "invocation",
      },
      toolUseId === undefined ? prompt : undefined,
    );
  }

  /** Two calls may give the same prompt: each is the origin of one sub-agent. */
  #claim(prompt: string | undefined, toolUseId: string | undefined): Origin | undefined {
    const calls = this.#callsByPrompt.get(prompt ?? "") ?? [];
    const index = toolUseId === undefined ? 0 : calls.findIndex((call) => call.toolUseId === toolUseId);
    const [call] = index === -1 ? [] : calls.splice(index, 1);
    if (calls.length === 0) this.#callsByPrompt.delete(prompt ?? "");
    return call;
  }

  /** Each sidechain in a session's own file begins with a line without a parent. */
  #sidechainOf(value: JsonObject): string | undefined {
    if (value["isSidechain"] !== true) return undefined;
    const agentId = asText(value["agentId"]);
    if (agentId !== undefined) return agentId;
    const uuid = asText(value["uuid"]) ?? "sidechain";
    const root = this.#sidechains.get(asText(value["parentUuid"]) ?? "") ?? uuid;
    this.#sidechains.set(uuid, root);
    return root;
  }

  // --- their ends ----------------------------------------------------------------------------------------

  /** The result of any tool call: of one that started a sub-agent, its end or that it runs in the background. */
  resulted(facts: ToolResultFacts, structured: JsonObject | undefined, where: At): void {
    const id = asText(structured?.["agentId"]) ?? this.#agentOfCall.get(facts.id);
    if (id !== undefined && (structured?.["status"] === "async_launched" || structured?.["isAsync"] === true))
      return this.inBackground(id, facts.id, where);
    const status: TurnStatus =
      facts.status === "ok" ? "success" : facts.status === "cancelled" ? "interrupted" : "error";
    if (id === undefined) {
      if (this.#endOfCall.has(facts.id)) this.#endOfCall.set(facts.id, { status, at: where });
      return undefined;
    }
    const origin: Origin = { toolUseId: facts.id, ...present(this.#origins.get(id) ?? {}) };
    this.#origins.set(id, origin);
    // Of one in the background only a notification tells the end.
    return origin.background === true ? undefined : this.ended(id, status, where);
  }

  inBackground(id: string, toolUseId: string | undefined, where: At): void {
    const known = this.#origins.get(id);
    this.#origins.set(id, { toolUseId, ...present(known ?? {}), background: true });
    if (this.#conversation.agent(id) !== undefined && known?.background !== true)
      this.#conversation.amendAgent(where, id, { background: true });
  }

  ended(id: string | undefined, status: TurnStatus, where: At): void {
    if (id !== undefined) this.#conversation.endAgent(where, id, status);
  }
}

function promptOf(value: JsonObject): string | undefined {
  return value["type"] === "user" ? asText(textOf(blocksOf(asObject(value["message"])))) : undefined;
}
