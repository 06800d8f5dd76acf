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
  kind: "result" | "reminder" | "speech" | "rule" | "answer";
  parts: Part[];
  /** The call of an answer; of one that no model gave there is none. */
  call?: string;
  /** It is sent wrapped, but was not seen so. */
  isBare?: boolean;
}

/** What a compaction leaves standing: it is sent again, behind what the line `anchor` says. */
export interface Kept {
  anchor: string;
  lines: readonly string[];
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
  /** What each line since the last compaction said: the next one may keep it. */
  #saidBy = new Map<string, Said[]>();
  #line: string | undefined;
  #kept: { anchor: string; said: readonly Said[] } | undefined;
  #lastTime: Timestamp | undefined;
  #knowsSystem = false;
  #knowsTools = false;
  /** The set-up is the request's own, and not what the harness made it from. */
  #setUpIsSent = false;

  constructor(thread: Thread) {
    this.thread = thread;
  }

  /** Begins a line: what follows is what it says. Lines without an id cannot be kept. */
  begin(line: string | undefined): void {
    if (this.#kept !== undefined && this.#kept.anchor === this.#line) {
      this.#said.push(...this.#kept.said);
      this.#kept = undefined;
    }
    this.#line = line;
  }

  /** A prompt, or what the harness says in the user's name. */
  speak(parts: Part[], time: Timestamp): void {
    this.#add({ kind: "speech", parts }, time);
  }

  /** What is sent between words that its line does not have. */
  speakWrapped(parts: Part[], time: Timestamp): void {
    this.#add({ kind: "speech", parts, isBare: true }, time);
  }

  /** A text of the user's side of the next request, as it is sent: maybe a notification with its wrapping. */
  isSent(text: string): void {
    const bare = this.#said.find(({ isBare, parts }) => {
      const [words, ...others] = parts.map(wordsOf);
      // Other words may be so short that any text has them.
      const isTelling = words?.trimStart().startsWith("<task-notification>") && others.length === 0;
      return isBare === true && isTelling === true && text.includes(words ?? "");
    });
    if (bare === undefined) return;
    bare.parts = [{ type: "text", content: text }];
    bare.isBare = false;
  }

  /** What the harness adds ahead of the user's words. */
  remind(parts: Part[], time: Timestamp): void {
    this.#add({ kind: "reminder", parts }, time);
  }

  /** What the harness tells in the role `system`. */
  rule(text: string, time: Timestamp): void {
    this.#add({ kind: "rule", parts: [{ type: "text", content: text }] }, time);
  }

  /** An answer that no model gave. */
  makeUp(parts: Part[], time: Timestamp): void {
    this.#add({ kind: "answer", parts }, time);
  }

  toolResult(where: At, facts: ToolResultFacts): void {
    this.thread.toolResult(where, facts, { input: false });
    if (this.#results.has(facts.id)) return;
    this.#results.add(facts.id);
    this.#add({ kind: "result", parts: [{ type: "tool_call_response", id: facts.id }] }, where.time);
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
    if (parts.length > 0) this.#remember({ kind: "answer", parts, call: key });
    this.thread.answer(key, where, parts, facts);
  }

  /** The next request extends no earlier one; what was said and not yet answered is not in it. */
  restart(reason: RestartReason): void {
    this.forget();
    this.thread.restart(reason, { complete: false });
  }

  /** The next request begins anew with a summary, behind which some of the lines so far may stay. */
  compact(kept: Kept | undefined): void {
    this.restart("compaction");
    this.#saidBy = new Map(kept?.lines.map((line) => [line, this.#saidBy.get(line) ?? []]));
    if (kept !== undefined) this.#kept = { anchor: kept.anchor, said: [...this.#saidBy.values()].flat() };
  }

  /** Whether a compaction still waits for the line that what it kept follows. */
  get awaitsKept(): boolean {
    return this.#kept !== undefined;
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
    this.#kept = undefined;
  }

  #add(said: Said, time: Timestamp): void {
    if (this.#lastTime === undefined || time > this.#lastTime) this.#lastTime = time;
    if (said.parts.length === 0) return;
    this.#said.push(said);
    this.#remember(said);
  }

  #remember(said: Said): void {
    if (this.#line === undefined) return;
    const earlier = this.#saidBy.get(this.#line);
    if (earlier === undefined) this.#saidBy.set(this.#line, [said]);
    else earlier.push(said);
  }

  #handOver(): void {
    if (this.#said.some(({ isBare }) => isBare === true)) this.thread.withoutSystem();
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
    const rules = of("rule").map(wordsOf);
    for (const part of of("result")) messages.push({ role: "tool", parts: [part] });
    messages.push({ role: "user", parts: [...of("reminder"), ...of("speech")] });
    if (rules.length > 0)
      messages.push({ role: "system", parts: [{ type: "text", content: rules.join("\n\n") }] });
    round = [];
  };
  let answer: { call: string | undefined; parts: Part[] } | undefined;
  for (const one of said) {
    if (one.kind !== "answer") round.push(one);
    // Results of an answer's first calls may stand between its lines.
    else if (answer !== undefined && one.call !== undefined && one.call === answer.call)
      answer.parts.push(...one.parts);
    else {
      endRound();
      answer = { call: one.call, parts: [...one.parts] };
      messages.push({ role: "assistant", parts: answer.parts });
    }
  }
  endRound();
  return messages.filter(({ parts }) => parts.length > 0);
}

function wordsOf(part: Part): string {
  return part.type === "text" ? (part as { content: string }).content : "";
}
