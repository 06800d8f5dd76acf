/**
 * Which processes belong to the recorded command, which of them are agents, and which agents run beside it.
 *
 * A child once seen stays ours when its parent ends and it is handed to init. One whose parent had ended before
 * we looked is known by `SPOOR_INVOCATION` in its environment. By the same variable a process below another
 * spoor, one that our command started, is that spoor's and not ours.
 */

import type { AgentSite, AgentName, Env } from "@spoor/adapters";
import type { ProcessRow, ProcessSource } from "./process-source.ts";

/** The variable by which a process inherits which recording it belongs to. */
const INVOCATION_VARIABLE = "SPOOR_INVOCATION";

/** A process just forked shows its parent's program and environment, so it is asked again this many times. */
const YOUNG_LOOKS = 4;

/** Codex's interface hands its conversation to a server that outlives it and serves others as well. */
const SERVICE_WORD = "app-server";

export interface Seen {
  readonly pid: number;
  readonly start: string;
  /** Among ours; also one that has ended since. */
  parent: Seen | undefined;
  name: string;
  looks: number;
  command: readonly string[];
  /** undefined where it cannot be read. */
  env: Env | undefined;
  cwd: string | undefined;
  /** What its command line shows. */
  agent: AgentName | undefined;
  /** It works for whoever asks it: what it writes says nothing about who did. */
  isService: boolean;
  /** The look at which it was found ended. */
  endedAtLook: number | undefined;
}

interface Other {
  readonly row: ProcessRow;
  /** Read when it is first asked for, and while young. */
  seen: Seen | undefined;
}

export class Processes {
  readonly #source: ProcessSource;
  readonly #adapters: readonly AgentSite[];
  readonly #invocationId: string;
  readonly #own = new Map<number, Seen>();
  readonly #endedAgents: Seen[] = [];
  readonly #others = new Map<number, Other>();
  #child: ProcessRow | undefined;
  #look = 0;
  /** Whether the system tells us about its processes. */
  known = false;

  constructor(source: ProcessSource, adapters: readonly AgentSite[], invocationId: string) {
    this.#source = source;
    this.#adapters = adapters;
    this.#invocationId = invocationId;
  }

  /** @param agent What its command line is known to show: one that has ended already does not tell any more. */
  childStarted(pid: number, agent: AgentName | undefined): void {
    const row = this.#source.rowOf(pid) ?? { pid, parentPid: process.pid, start: "", name: "" };
    this.#child = row;
    const child = this.#newlySeen(row, undefined, true);
    if (child.command.length === 0) child.agent = agent;

    this.#own.set(pid, child);
  }

  /** Those of the command's processes that run, parents first. */
  alive(): Seen[] {
    return [...this.#own.values()];
  }

  /** The command's agents, also those that have ended. */
  agents(): Seen[] {
    return [...this.#own.values(), ...this.#endedAgents].filter(({ agent }) => agent !== undefined);
  }

  /** The other agents of this name that run now. */
  othersOf(agent: AgentName): Seen[] {
    const found: Seen[] = [];
    for (const other of this.#others.values()) {
      other.seen ??= this.#newlySeen(other.row, undefined, false);
      if (other.seen.agent === agent) found.push(other.seen);
    }
    return found;
  }

  look(look: number): void {
    this.#look = look;
    const pids = this.#source.pids();
    this.known = pids !== undefined;
    if (pids === undefined) return;
    const present = new Set(pids);
    for (const seen of this.#own.values()) this.#lookAgain(seen);
    for (const pid of this.#others.keys()) if (!present.has(pid)) this.#others.delete(pid);
    for (const { seen } of this.#others.values())
      if (seen !== undefined && seen.looks < YOUNG_LOOKS) this.#describe(seen, false);
    const rows = pids.flatMap((pid) =>
      this.#own.has(pid) || this.#others.has(pid) ? [] : (this.#source.rowOf(pid) ?? []),
    );
    for (const row of rows) this.#others.set(row.pid, { row, seen: undefined });
    this.#adopt(rows);
  }

  #lookAgain(seen: Seen): void {
    const row = this.#source.rowOf(seen.pid);
    if (row === undefined || (seen.start !== "" && row.start !== seen.start)) {
      this.#own.delete(seen.pid);
      if (seen.agent !== undefined) this.#endedAgents.push(seen);
      seen.endedAtLook = this.#look;
      return;
    }
    if (seen.looks >= YOUNG_LOOKS && row.name === seen.name) return;
    seen.name = row.name;
    this.#describe(seen, true);
    if (!this.#isAnothers(seen)) return;
    this.#own.delete(seen.pid);
    this.#others.set(seen.pid, { row, seen });
  }

  /** Moves those among the new ones that are ours; a child may stand before its parent in the list. */
  #adopt(rows: readonly ProcessRow[]): void {
    const left = new Set(rows);
    for (let found = true; found;) {
      found = false;
      for (const row of left) {
        const parent = this.#own.get(row.parentPid);
        if (parent === undefined && !this.#mayHaveLostItsParent(row)) continue;
        left.delete(row);
        const seen = this.#newlySeen(row, parent, true);
        const marker = seen.env?.[INVOCATION_VARIABLE];
        if (this.#isAnothers(seen) || (parent === undefined && marker !== this.#invocationId)) {
          this.#others.set(row.pid, { row, seen });
          continue;
        }
        this.#others.delete(row.pid);
        this.#own.set(row.pid, seen);
        found = true;
      }
    }
  }

  #isAnothers({ pid, env }: Seen): boolean {
    const marker = env?.[INVOCATION_VARIABLE];
    return pid !== this.#child?.pid && marker !== undefined && marker !== this.#invocationId;
  }

  /** Whether it started after our command did. */
  #mayHaveLostItsParent({ start }: ProcessRow): boolean {
    return this.#child !== undefined && Number(start) >= Number(this.#child.start);
  }

  #newlySeen({ pid, start, name }: ProcessRow, parent: Seen | undefined, whole: boolean): Seen {
    const seen: Seen = {
      pid,
      start,
      parent,
      name,
      looks: 0,
      command: [],
      env: undefined,
      cwd: undefined,
      agent: undefined,
      isService: false,
      endedAtLook: undefined,
    };
    this.#describe(seen, whole);
    return seen;
  }

  /** @param whole Also of a process that is no agent: what costs a question each. */
  #describe(seen: Seen, whole: boolean): void {
    const { pid } = seen;
    seen.looks++;
    seen.command = this.#source.commandOf(pid) ?? seen.command;
    seen.agent = this.#adapters.find(({ detectCommand }) => detectCommand(seen.command, {}))?.name;
    seen.isService = seen.command.includes(SERVICE_WORD);
    if (!whole && seen.agent === undefined) return;
    seen.env = this.#source.environmentOf(pid) ?? seen.env;
    seen.cwd = this.#source.workingDirectoryOf(pid) ?? seen.cwd;
  }
}
