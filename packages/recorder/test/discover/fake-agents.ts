/** A scratch home with agents that do what a test tells them, and a discovery beside them. */

import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Adapter, AgentName, Env, JsonObject } from "@spoor/adapters";
import { Discovery, type DiscoverOptions, type Look } from "../../src/discover/index.ts";

const SCRIPT = fileURLToPath(new URL("fake-agent.mjs", import.meta.url));
const OURS = "0197a000-0000-7000-8000-000000000001";
export const TRACE_ID = "0123456789abcdef0123456789abcdef";

/** Transcripts are `<home>/.<agent>/<conversation>.jsonl`; their first line is `{id, cwd, trace?}`. */
export function fakeAdapter(name: AgentName): Adapter {
  const folder = (env: Env, home: string): string => env["AGENT_HOME"] || join(home, `.${name}`);
  return {
    name,
    detectCommand: (command) => {
      const at = command.indexOf(SCRIPT);
      const isIt = at !== -1 && command[at + 1] === name;
      return isIt ? { agent: name, jsonStream: false, writesTranscript: true } : undefined;
    },
    detectFile: (_path, records) => {
      const first = records.find((record) => typeof record["cwd"] === "string");
      const traced = records.find((record) => typeof record["trace"] === "string");
      if (first === undefined) return undefined;
      return {
        agent: name,
        kind: "transcript",
        conversationId: String(first["id"]),
        cwd: String(first["cwd"]),
        ...(traced === undefined ? {} : { traceId: String(traced["trace"]) }),
      };
    },
    sessionFolders: (env, home) => [join(folder(env, home), "sessions")],
    isTranscript: (path) => path.endsWith(".jsonl") && !path.includes("/subagents/"),
    filesOf: (path, list) => {
      const beside = join(dirname(path), basename(path, ".jsonl"), "subagents");
      return [path, ...list(beside).map((file) => join(beside, file))].map((file) => ({
        path: file,
        name: basename(file),
        kind: "transcript",
      }));
    },
    ...(name === "claude-code" && {
      conversationOfProcess: (pid, env, home, read) => {
        const text = read(join(folder(env, home), "notes", `${pid}.json`));
        return text === undefined ? undefined : (JSON.parse(text) as { conversation: string }).conversation;
      },
    }),
    createParser: () => {
      throw new Error("nothing is parsed here");
    },
  };
}

const ADAPTERS: readonly Adapter[] = (["claude-code", "codex", "gemini-cli"] as const).map(fakeAdapter);

export class Agent {
  readonly child: ChildProcess;
  /** Of the agent itself, below whatever started it. */
  readonly pid: Promise<number>;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;

  constructor(child: ChildProcess) {
    this.child = child;
    if (child.stdout === null) throw new Error("an agent answers on stdout");
    this.#lines = createInterface({ input: child.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
    this.pid = this.#answers.next().then(({ value }) => Number(value));
  }

  /** Has it done, and waits until it is. */
  async does(todo: string, how: Record<string, unknown> = {}): Promise<void> {
    await this.pid;
    this.child.stdin?.write(`${JSON.stringify({ todo, ...how })}\n`);
    const answer = await this.#answers.next();
    if (answer.value !== "done") throw new Error(`${todo} was not done`);
  }

  /** Ends it, and waits until the command around it has ended too. */
  async ends(): Promise<void> {
    const exited = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.stdin?.end();
    await exited;
  }
}

export class Rig {
  readonly root: string = realpathSync(mkdtempSync(join(tmpdir(), "discover-")));
  readonly home: string = join(this.root, "home");
  readonly project: string = join(this.root, "project");
  readonly #agents: Agent[] = [];
  /** How far the clock stands ahead of the real one, in milliseconds. */
  aheadMs = 0;

  constructor() {
    for (const folder of [this.home, this.project]) mkdirSync(folder);
  }

  transcript(agent: AgentName, conversation: string): string {
    return join(this.home, `.${agent}`, "sessions", `${conversation}.jsonl`);
  }

  /** The first line of a conversation in the project. */
  first(id: string, more: JsonObject = {}): JsonObject {
    return { id, cwd: this.project, ...more };
  }

  /** What an agent left behind before anything was recorded. */
  stored(path: string, lines: readonly unknown[]): void {
    mkdirSync(dirname(path), { recursive: true });
    appendFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }

  discovery(more: Partial<DiscoverOptions> = {}): Discovery {
    return new Discovery({
      adapters: ADAPTERS,
      env: {},
      home: this.home,
      cwd: this.project,
      invocationId: OURS,
      traceId: TRACE_ID,
      claimsFolder: join(this.root, "claims"),
      ...more,
      system: { nowMs: () => Date.now() + this.aheadMs, ...more.system },
    });
  }

  /**
   * Starts an agent, under a discovery if there is one.
   *
   * @param shell What the shell runs; `$AGENT` is the agent's command line.
   * @param args Further words of that.
   */
  start(
    name: AgentName,
    discovery?: Discovery,
    { shell, env = {}, args: more = [] }: { shell?: string; env?: Env; args?: readonly string[] } = {},
  ): Agent {
    const agent = [process.execPath, SCRIPT, name, ...more];
    const [file = "", ...args] = shell === undefined ? agent : ["sh", "-c", shell];
    const marker = discovery === undefined ? {} : { SPOOR_INVOCATION: OURS };
    const child = spawn(file, args, {
      cwd: this.project,
      env: { PATH: process.env["PATH"], HOME: this.home, AGENT: agent.join(" "), ...marker, ...env },
      stdio: ["pipe", "pipe", "inherit"],
      detached: true, // a process group of its own, which ends with the test
    });
    if (child.pid !== undefined) discovery?.childStarted(child.pid);
    const started = new Agent(child);
    this.#agents.push(started);
    return started;
  }

  /** All that is joined by now and in a look after stronger evidence has had its time. */
  looks(discovery: Discovery): Pick<Look, "conversations" | "ambiguous"> {
    const { conversations } = discovery.look();
    const later = this.lookLater(discovery);
    return { conversations: [...conversations, ...later.conversations], ambiguous: later.ambiguous };
  }

  lookLater(discovery: Discovery): Look {
    this.aheadMs += 2000;
    return discovery.look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.#agents) {
      child.stdin?.end();
      if (child.pid !== undefined) endGroup(child.pid);
    }
    rmSync(this.root, { recursive: true });
  }
}

/** The values of all lines in a look, file after file. */
export function valuesOf(look: Look): JsonObject[] {
  return look.lines.flatMap(({ lines }) => lines.map(({ value }) => value));
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
