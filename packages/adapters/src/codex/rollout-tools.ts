/**
 * The tools of a rollout: one result per call, written at the line with the output and joined with what other
 * lines said before it. What they say after it is an amendment.
 */

import type { JsonObject } from "../adapter.ts";
import type { Conversation } from "../conversation.ts";
import { asText, asTime, present } from "../json.ts";
import type { At, ToolCallFacts } from "../thread.ts";
import type { Here } from "./here.ts";
import { type Evidence, outcomeOf, resultOf, resultOfEvidence } from "./outcome.ts";
import { newsOfOutput, type SubAgentNews } from "./sub-agents.ts";

interface Tool {
  name: string;
  /** Only while it is open. */
  arguments: unknown;
  /** `running`: its output said that the command goes on. */
  state: "open" | "running" | "done";
}

export class RolloutTools {
  readonly #conversation: Conversation;
  readonly #tools = new Map<string, Tool>();
  /** What is known of tools whose output has not come. */
  readonly #evidence = new Map<string, { at: At; evidence: Evidence }>();

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  isKnown(id: string): boolean {
    return this.#tools.has(id);
  }

  call(facts: ToolCallFacts, here: Here): void {
    if (this.#tools.has(facts.id)) return;
    this.#tools.set(facts.id, { name: facts.name, arguments: facts.arguments, state: "open" });
    this.#conversation.main.toolCall(here.at, facts);
  }

  /** A call whose result is part of the model's answer, and not shown. */
  callAtProvider(facts: ToolCallFacts, failed: boolean, here: Here): void {
    if (this.#tools.has(facts.id)) return;
    this.#tools.set(facts.id, { name: facts.name, arguments: undefined, state: "done" });
    const { main } = this.#conversation;
    main.toolCall(here.at, facts);
    main.toolResult(
      here.at,
      failed ? { id: facts.id, status: "error", error_basis: "flag" } : { id: facts.id, status: "ok" },
      { input: false },
    );
  }

  /** @returns What the output says of sub-agents. */
  output(item: JsonObject, here: Here): SubAgentNews[] {
    const { main } = this.#conversation;
    const id = asText(item["call_id"]);
    if (id === undefined) return [];
    const output = item["output"] ?? item["tools"];
    const { running, ...facts } = resultOf(id, output, this.#evidence.get(id)?.evidence);
    const tool = this.#tools.get(id);
    if (tool?.state !== "open") {
      // Its call stands in another file, or this is a second word from it: input all the same.
      main.input("tool", [{ type: "tool_call_response", id, response: facts.result }], here.at.time);
      return [];
    }
    this.#evidence.delete(id);
    main.toolResult(here.at, facts);
    this.#tools.set(id, { name: tool.name, arguments: undefined, state: running ? "running" : "done" });
    return newsOfOutput(tool.name, id, output, tool.arguments);
  }

  /** What a line other than the output says of a tool. */
  witness(evidence: Evidence, here: Here): void {
    const tool = this.#tools.get(evidence.id);
    if (tool?.state === "open") this.#evidence.set(evidence.id, { at: here.at, evidence });
    else if (tool?.state === "done") this.#amend(evidence, here);
    else if (tool === undefined && evidence.call !== undefined) this.#nested(evidence, evidence.call, here);
    // How a command ended that ran on is the result of the `write_stdin` that saw it; where none looked, it
    // was killed with the session, which is no failure of the tool.
  }

  /** The output will not come any more: what is known becomes the result. */
  settle(): void {
    for (const { at, evidence } of this.#evidence.values()) {
      const name = this.#tools.get(evidence.id)?.name ?? "unknown";
      this.#tools.set(evidence.id, { name, arguments: undefined, state: "done" });
      this.#conversation.main.toolResult(at, resultOfEvidence(evidence), { input: false });
    }
    this.#evidence.clear();
  }

  /** A call made by a script of the model's (`exec`): it stands in no response item. */
  #nested(evidence: Evidence, call: Omit<ToolCallFacts, "id">, here: Here): void {
    const { main } = this.#conversation;
    const time = asTime(evidence.startedAtMs) ?? here.at.time;
    this.#tools.set(evidence.id, { name: call.name, arguments: undefined, state: "done" });
    main.toolCall({ ...here.at, time }, { id: evidence.id, ...call });
    main.toolResult(here.at, resultOfEvidence(evidence), { input: false });
  }

  /** The duration, and a failure that the text did not show. */
  #amend(evidence: Evidence, here: Here): void {
    const turn = this.#conversation.turnKey;
    const { errorMessage, status, ...told } = outcomeOf(evidence, "");
    const fields = present({
      status: status === "ok" ? undefined : status,
      ...told,
      duration_basis: told.duration_ms === undefined ? undefined : "reported",
    });
    if (Object.keys(fields).length === 0) return;
    this.#conversation.emit({
      type: "amend",
      of: "tool_result",
      span: { kind: "tool", key: evidence.id },
      ...(turn === undefined ? {} : { parent: { kind: "turn", key: turn } }),
      ...here.at,
      fields,
      ...(errorMessage === undefined ? {} : { content: { error_message: errorMessage } }),
    });
  }
}
