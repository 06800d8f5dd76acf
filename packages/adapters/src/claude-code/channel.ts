/**
 * One thread of a Claude Code conversation, and what its next request will hold.
 *
 * A transcript has its lines as they came about; the request puts them into another order. Between two
 * answers it has: the tool results, the harness's reminders, what was said, and last, as one message of the
 * role `system`, the harness's rules (seen in the requests of 2.1.329). So what is said waits here for the
 * answer that it led to.
 */

import type { Message, Part, Timestamp } from "@spoor/trace";
import type { Answer, At, RestartReason, Thread, ToolResultFacts } from "../thread.ts";
import type { SetUp } from "./request.ts";

interface Said {
  kind: "result" | "reminder" | "speech" | "rule" | "made_up";
  parts: Part[];
}

/** A point of the conversation that the user can go back to. */
export interface Place {
  call: string | undefined;
  said: readonly Said[];
}

export class Channel {
  readonly thread: Thread;
  readonly #answers = new Set<string>();
  readonly #results = new Set<string>();
  #said: Said[] = [];
  #lastTime: Timestamp | undefined;
  #knowsSystem = false;
  #knowsTools = false;
  /** The set-up is the request's own, and not what the harness made it from. */
  #setUpIsSent = false;

  constructor(thread: Thread) {
    this.thread = thread;
  }

  /** A prompt, or what the harness says in the user's name. */
  speak(parts: Part[], time: Timestamp): void {
    this.#add("speech", parts, time);
  }

  /** What the harness adds ahead of the user's words. */
  remind(parts: Part[], time: Timestamp): void {
    this.#add("reminder", parts, time);
  }

  /** What the harness tells in the role `system`. */
  rule(text: string, time: Timestamp): void {
    this.#add("rule", [{ type: "text", content: text }], time);
  }

  /** An answer that no model gave. */
  makeUp(parts: Part[], time: Timestamp): void {
    this.#add("made_up", parts, time);
  }

  toolResult(where: At, facts: ToolResultFacts): void {
    this.thread.toolResult(where, facts, { input: false });
    if (this.#results.has(facts.id)) return;
    this.#results.add(facts.id);
    this.#add("result", [{ type: "tool_call_response", id: facts.id }], where.time);
  }

  /**
   * The system text and the tools from here on.
   *
   * @param isSent Whether this is the request itself: then what the harness made it from says nothing more.
   */
  setUp(setUp: SetUp | undefined, isSent: boolean): void {
    if (setUp === undefined || (this.#setUpIsSent && !isSent)) return;
    this.#setUpIsSent = isSent;
    this.#knowsSystem = true;
    this.#knowsTools ||= setUp.tools !== undefined;
    this.thread.setUp(setUp.system, setUp.tools);
  }

  /** A line of the answer of the call `key`. */
  answer(key: string, where: At, parts: Part[], facts: Answer): void {
    if (!this.#answers.has(key)) {
      if (this.#answers.size === 0) this.#tellWhatIsMissing();
      this.#answers.add(key);
      this.#handOver();
    }
    this.thread.answer(key, where, parts, facts);
  }

  /** The next request extends no earlier one; what was said and not yet answered is not in it. */
  restart(reason: RestartReason): void {
    this.#said = [];
    this.thread.restart(reason, { complete: false });
  }

  get place(): Place {
    return { call: this.thread.lastCall, said: [...this.#said] };
  }

  goBackTo({ call, said }: Place): void {
    this.#said = [...said];
    if (call === this.thread.lastCall) return;
    if (call !== undefined) this.thread.rewind(call, undefined);
    else {
      this.thread.restart("rewind", { complete: true });
      this.#tellWhatIsMissing();
    }
  }

  /** What was said so far is in another trace. */
  forget(): void {
    this.#said = [];
  }

  #add(kind: Said["kind"], parts: Part[], time: Timestamp): void {
    if (this.#lastTime === undefined || time > this.#lastTime) this.#lastTime = time;
    if (parts.length > 0) this.#said.push({ kind, parts });
  }

  #handOver(): void {
    for (const { role, parts } of arrange(this.#said)) this.thread.input(role, parts, this.#lastTime ?? "");
    this.#said = [];
  }

  /** Versions that write down the system text write down all else of the first request too. */
  #tellWhatIsMissing(): void {
    if (!this.#knowsSystem) this.thread.incomplete();
    else if (!this.#knowsTools) this.thread.withoutSystem();
  }
}

/** What was said, in the order in which it is sent. */
function arrange(said: readonly Said[]): Message[] {
  const messages: Message[] = [];
  let round: Said[] = [];
  const of = (kind: Said["kind"]): Part[] => round.flatMap((one) => (one.kind === kind ? one.parts : []));
  const endRound = (): void => {
    const rules = of("rule").map((part) => (part as { content: string }).content);
    for (const part of of("result")) messages.push({ role: "tool", parts: [part] });
    messages.push({ role: "user", parts: [...of("reminder"), ...of("speech")] });
    if (rules.length > 0)
      messages.push({ role: "system", parts: [{ type: "text", content: rules.join("\n\n") }] });
    round = [];
  };
  for (const one of said) {
    if (one.kind === "made_up") {
      endRound();
      messages.push({ role: "assistant", parts: one.parts });
    } else round.push(one);
  }
  endRound();
  return messages.filter(({ parts }) => parts.length > 0);
}
