/** Asks the `spoor` command what it stored, through its documented JSON shapes only. */

import { spawnSync } from "node:child_process";

/** A row of `spoor list --json`, as far as the checks read it. */
export interface InvocationRow {
  readonly invocation_id: string;
  readonly trace_id: string;
  readonly path: string;
  readonly origin: string;
  readonly agent: string;
  readonly conversation_id: string | null;
  readonly status: string;
  readonly llm_calls: number;
  readonly llm_errors: number;
  readonly tool_calls: number;
  readonly tool_errors: number;
  readonly usage: {
    readonly input_tokens?: number;
    readonly cache_read_tokens?: number;
    readonly cache_write_tokens?: number;
    readonly output_tokens?: number;
    readonly reasoning_tokens?: number;
  };
  readonly losses: Readonly<Record<string, number>>;
}

/** A span of `spoor show --json`, as far as the checks read it. */
export interface SpanRow {
  readonly span_id: string;
  readonly kind: string;
  readonly name: string;
  readonly status: string;
  readonly start_time: string;
  readonly response_id?: string;
  readonly usage?: InvocationRow["usage"];
}

/** What `spoor show --prompt SPAN --json` restores. */
export interface RestoredPrompt {
  readonly system?: unknown;
  readonly messages: readonly unknown[];
  readonly complete: boolean;
}

export interface Spoor {
  /** The words that start a recording, to be put before the agent's command. */
  readonly record: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  list(): InvocationRow[];
  spans(path: string): SpanRow[];
  prompt(path: string, spanId: string): RestoredPrompt;
  /** Imports the agents' own folders below `home`. */
  importAll(home: string): void;
}

/** The command at `command`, with its store in `directory`. */
export function spoorAt(command: string, directory: string): Spoor {
  const run = (args: readonly string[], environment: Readonly<Record<string, string>> = {}): string => {
    const { status, stdout, stderr, error } = spawnSync(command, args, {
      encoding: "utf8",
      maxBuffer: 256 * 1024 * 1024,
      env: { ...process.env, ...environment, SPOOR_DIR: directory },
    });
    if (status === 0) return stdout;
    throw new Error(`spoor ${args.join(" ")} exited with ${status}: ${error?.message ?? stderr.trim()}`);
  };
  const lines = (text: string): unknown[] =>
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return {
    record: [command, "record", "--"],
    environment: { SPOOR_DIR: directory },
    list: () => lines(run(["list", "--json"])) as InvocationRow[],
    spans: (path) => (JSON.parse(run(["show", path, "--json"])) as { spans: SpanRow[] }).spans,
    prompt: (path, spanId) => JSON.parse(run(["show", path, "--prompt", spanId, "--json"])) as RestoredPrompt,
    importAll(home) {
      run(["import", "--json"], { HOME: home });
    },
  };
}
