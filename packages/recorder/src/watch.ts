/**
 * Looks for what the command's agents write, and loads those who understand it when there is something.
 *
 * Most of spoor is parsers. A command that is no agent, or an agent that is still starting, does not wait for
 * them to be loaded, and does not pay for it.
 */

import type { AgentName } from "@spoor/adapters";
import type { InvocationStatus, Timestamp } from "@spoor/trace";
import type { Discovery, Look } from "./discover/index.ts";
import type { LiveConversations } from "./live-conversations.ts";
import type { Recording } from "./recording.ts";

export class Watch {
  readonly #command: Recording;
  readonly #discovery: Discovery;
  readonly #load: () => Promise<LiveConversations>;
  readonly #nowMs: () => number;
  #live: LiveConversations | undefined;
  #loading: Promise<void> | undefined;
  /** What is to be done once they are loaded, in order; undefined when that is over. */
  #waiting: ((live: LiveConversations) => void)[] | undefined = [];
  #ambiguous = 0;
  /** Lines read so far, of all conversations. */
  lines = 0;
  /** Whether any conversation was found. */
  found = false;
  /** Somebody wants us to be done. */
  hurried = false;

  constructor(
    command: Recording,
    discovery: Discovery,
    load: () => Promise<LiveConversations>,
    nowMs: () => number,
  ) {
    this.#command = command;
    this.#discovery = discovery;
    this.#load = load;
    this.#nowMs = nowMs;
  }

  /** Whether a conversation stopped in the midst of a turn. */
  get isUnderWay(): boolean {
    return this.#live?.isUnderWay ?? this.#loading !== undefined;
  }

  hurry(): void {
    this.hurried = true;
  }

  /** The command's stdout is the agent's stream, and the only thing it leaves. */
  listenTo(agent: AgentName): void {
    this.found = true;
    this.#use((live) => live.listenTo(agent));
  }

  /** A piece of that stream; the chunk may be reused afterwards. */
  hear(chunk: Buffer): void {
    this.lines++;
    const copy = Buffer.from(chunk);
    this.#use((live) => live.hear(copy));
  }

  /** Looks once at what the agents have written. Never throws: what it cannot read, it counts. */
  look(last = false): void {
    let seen: Look;
    try {
      seen = this.#discovery.look(last);
    } catch {
      this.#command.lose("adapter_failed");
      return;
    }
    this.#ambiguous = seen.ambiguous;
    this.found ||= seen.conversations.length > 0;
    for (const { lines } of seen.lines) this.lines += lines.length;
    const observedAt = new Date(this.#nowMs()).toISOString();
    if (seen.conversations.length + seen.lines.length > 0) this.#use((live) => live.take(seen, observedAt));
    this.#live?.settle();
  }

  /** @returns How many conversations could be ours but were not taken. */
  async stop(time: Timestamp): Promise<number> {
    // Where nothing was found until now, a last look would only cost: nothing was waited for either.
    if (this.found || this.#ambiguous > 0) this.look(true);
    await this.#loading;
    this.#live?.stop(time);
    if (this.#ambiguous > 0) this.#command.lose("ambiguous_source", this.#ambiguous);
    return this.#ambiguous;
  }

  /** Ends the traces of all but the command itself. */
  async end(end: { status: InvocationStatus; time: Timestamp }): Promise<void> {
    await this.#live?.end(end);
  }

  /** The traces of all but the command itself. */
  get recordings(): readonly Recording[] {
    return this.#live?.recordings ?? [];
  }

  #use(action: (live: LiveConversations) => void): void {
    if (this.#live !== undefined) {
      action(this.#live);
      return;
    }
    this.#waiting?.push(action);
    this.#loading ??= this.#load()
      .then((live) => {
        this.#live = live;
        for (const waiting of this.#waiting ?? []) waiting(live);
      })
      // As when spoor was removed or replaced on disk meanwhile: the command must not feel it.
      .catch(() => this.#command.lose("adapter_failed"))
      .finally(() => (this.#waiting = undefined));
  }
}
