/**
 * The genuine transcripts of `fixtures/transcripts`, moved to a scratch home and to now, with ids of their own,
 * so that one of them can be played several times in one store and each is another conversation.
 */

import { hash, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AgentName } from "@spoor/adapters";
import type { Invocation, Usage } from "@spoor/trace";
import type { Step } from "./agents/play.ts";
import type { Place } from "./place.ts";

const FIXTURES = join(import.meta.dirname, "../../../fixtures/transcripts");

/** The released version whose transcripts we have, the command, and where a process notes its conversation. */
const AGENTS = {
  "claude-code": { version: "2.1.329", command: "claude", note: ".claude/sessions/@PID@.json" },
  codex: { version: "0.169.0", command: "codex", note: undefined },
  "gemini-cli": { version: "0.61.0", command: "gemini", note: undefined },
} as const satisfies Partial<Record<AgentName, object>>;

export type GenuineAgent = keyof typeof AGENTS;
export const GENUINE_AGENTS = Object.keys(AGENTS) as GenuineAgent[];

export const commandOf = (agent: GenuineAgent): string => AGENTS[agent].command;

/** What the model was scripted to say; see fixtures/transcripts/README.md. */
interface Truth {
  readonly llm_calls: number;
  readonly llm_errors: number;
  readonly tool_calls: number;
  readonly tool_errors: number;
  readonly usage: Readonly<Record<"input" | "cacheRead" | "cacheWrite" | "output" | "reasoning", number>>;
  readonly calls: readonly {
    readonly id: string;
    readonly usage?: Truth["usage"];
    readonly tools?: readonly { readonly outcome: string }[];
  }[];
  readonly runs: readonly { readonly started_at_ms: number }[];
}

export interface GenuineFile {
  /** Absolute. */
  readonly path: string;
  /** Each with its newline. */
  readonly lines: readonly string[];
}

export interface Genuine {
  readonly agent: GenuineAgent;
  /** Of the first transcript. */
  readonly conversationId: string;
  readonly transcript: GenuineFile;
  /** The transcript first. */
  readonly files: readonly GenuineFile[];
  /** What each of its processes wrote to stdout. */
  readonly streams: readonly string[];
  /** The invocation object's sums. */
  readonly sums: Sums;
  /** The sums of some of its calls, of which all were answered. */
  sumsOfCalls(from: number, to?: number): Sums;
  /** At which line of the transcript its second and further processes begin. */
  readonly laterRuns: readonly number[];
}

export interface Sums {
  readonly llm_calls: number;
  readonly llm_errors: number;
  readonly tool_calls: number;
  readonly tool_errors: number;
  readonly usage: Usage;
}

/** @param change Replaced in all texts: `[from, to]`, as they stand in JSON. */
export function genuine(
  place: Place,
  agent: GenuineAgent,
  scenario: string,
  change: readonly (readonly [string, string])[] = [],
): Genuine {
  const folder = join(FIXTURES, agent, AGENTS[agent].version, scenario);
  const truth = JSON.parse(readFileSync(join(folder, "truth.json"), "utf8")) as Truth;
  const names = (readdirSync(folder, { recursive: true }) as string[]).sort();
  const sources = names.filter(
    (name) => /\.jsonl?$/.test(name) && !/^truth|\/sessions\/\d+\.json$/.test(name),
  );
  const texts = sources.map((name) => readFileSync(join(folder, name), "utf8"));
  const move = mover(place.cwd, truth.calls[0]?.id.slice(0, 8) ?? "", texts.join(""));
  const moved = sources.map((name, index): GenuineFile => {
    let text = move(texts[index] ?? "");
    for (const [from, to] of change) text = text.replaceAll(from, to);
    return { path: join(place.home, move(name.replace(/^home\//, ""))), lines: text.split(/(?<=\n)/) };
  });
  const files = moved
    .filter(({ path }) => !path.endsWith(".stdout.jsonl"))
    .sort((a, b) => a.path.split("/").length - b.path.split("/").length);
  const [transcript] = files;
  const conversationId = /"(?:sessionId|session_id)":"([^"]+)"/.exec(transcript?.lines.join("") ?? "")?.[1];
  if (transcript === undefined || conversationId === undefined) throw new Error(`${folder}: no conversation`);
  return {
    agent,
    conversationId,
    transcript,
    files,
    streams: moved.filter(({ path }) => path.endsWith(".stdout.jsonl")).map(({ lines }) => lines.join("")),
    sums: scripted(truth),
    sumsOfCalls: (from, to) => scripted(partOf(truth, from, to)),
    laterRuns: truth.runs
      .slice(1)
      .map(({ started_at_ms: startMs }) =>
        transcript.lines.findIndex((line) => timeIn(line) >= move(new Date(startMs).toISOString())),
      ),
  };
}

function timeIn(line: string): string {
  return /"(?:timestamp|startTime)":"([^"]+)"/.exec(line)?.[1] ?? "";
}

function partOf({ calls: all, ...truth }: Truth, from: number, to?: number): Truth {
  const calls = all.slice(from, to);
  const outcomes = calls.flatMap(({ tools = [] }) => tools.map(({ outcome }) => outcome));
  const sum = (kind: keyof Truth["usage"]): number =>
    calls.reduce((total, { usage }) => total + (usage?.[kind] ?? 0), 0);
  return {
    ...truth,
    calls,
    llm_calls: calls.length,
    llm_errors: 0,
    tool_calls: outcomes.length,
    tool_errors: outcomes.filter((outcome) => outcome !== "ok").length,
    usage: {
      input: sum("input"),
      cacheRead: sum("cacheRead"),
      cacheWrite: sum("cacheWrite"),
      output: sum("output"),
      reasoning: sum("reasoning"),
    },
  };
}

function scripted({ llm_calls, llm_errors, tool_calls, tool_errors, usage }: Truth): Sums {
  return {
    llm_calls,
    llm_errors,
    tool_calls,
    tool_errors,
    usage: {
      input_tokens: usage.input,
      cache_read_tokens: usage.cacheRead,
      ...(usage.cacheWrite === 0 ? {} : { cache_write_tokens: usage.cacheWrite }),
      output_tokens: usage.output,
      reasoning_tokens: usage.reasoning,
    },
  };
}

/** A time and all of the minutes after it become now and some hundred milliseconds, in the same order. */
const FASTER = 10;

/** Times, ids and the working directory of one scenario's texts and names as they would be here and now. */
function mover(cwd: string, callIds: string, texts: string): (text: string) => string {
  const salt = randomUUID();
  const salted = (hex: string): string => hash("sha256", salt + hex, "hex").slice(0, hex.length);
  const firstMs = Math.min(...(texts.match(ISO_TIME) ?? []).map((time) => Date.parse(time)));
  const nowMs = Date.now();
  const shift = (ms: number): number => Math.round(nowMs + (ms - firstMs) / FASTER);
  const moveId = (
    _: string,
    time: string,
    low: string,
    version: string,
    rest: string,
    last: string,
  ): string => {
    if (version !== "7") return `${salted(time)}-${low}-${version}${rest}${last}`;
    const hex = shift(Number.parseInt(time + low, 16))
      .toString(16)
      .padStart(12, "0");
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7${rest}${salted(last)}`;
  };
  return (text) =>
    text
      .replaceAll(ISO_TIME, (time) => new Date(shift(Date.parse(time))).toISOString())
      .replaceAll(UUID, moveId)
      .replaceAll(/(?<=chats\/session-.*-)[0-9a-f]{8}(?=\.jsonl)/g, salted)
      .replaceAll(/(?<![\d.])1795\d{6}(?:\d{3})?(?!\d)/g, (epoch) =>
        epoch.length === 13
          ? String(shift(Number(epoch)))
          : String(Math.floor(shift(Number(epoch) * 1000) / 1000)),
      )
      .replaceAll(/(?<="trace_id":")[0-9a-f]{32}/g, "@TRACE_ID@")
      .replaceAll(callIds, salted(callIds))
      .replaceAll("/home/dev/project", cwd)
      .replaceAll("-home-dev-project", cwd.replaceAll("/", "-"));
}

const ISO_TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;
const UUID = /\b([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f])([0-9a-f]{3}-[0-9a-f]{4}-)([0-9a-f]{12})\b/g;

export const textOf = ({ lines }: GenuineFile, from = 0, to?: number): string =>
  lines.slice(from, to).join("");

/** All that the agent writes, in the order in which it did, between the note of its process and the note's end. */
export function writing({ agent, files, conversationId }: Genuine, place: Place): Step[] {
  const pieces = files.flatMap((file) => {
    let time = "";
    return file.lines.map((text) => {
      const own = /"timestamp":"([^"]+)"/.exec(text)?.[1] ?? "";
      // Lines that were copied from elsewhere are older than those before them, and stay where they are.
      if (own > time) time = own;
      return { time, file: file.path, text };
    });
  });
  const steps = pieces
    .sort((a, b) => (a.time < b.time ? -1 : Number(a.time > b.time)))
    .map(({ file, text }): Step => ({ do: "append", file, text }));
  return [...takeUp(place, agent, conversationId), ...steps, ...putDown(place, agent)];
}

/** The note of which conversation a process has open. */
export function takeUp(place: Place, agent: GenuineAgent, conversationId: string): Step[] {
  const marker: Step[] =
    agent === "gemini-cli"
      ? [{ do: "write", file: join(place.home, ".gemini/tmp/project/.project_root"), text: place.cwd }]
      : [];
  const { note } = AGENTS[agent];
  if (note === undefined) return marker;
  const text = JSON.stringify({
    pid: "@PID@",
    sessionId: conversationId,
    cwd: place.cwd,
    kind: "interactive",
  });
  return [{ do: "write", file: join(place.home, note), text: text.replace('"@PID@"', "@PID@") }];
}

export function putDown(place: Place, agent: GenuineAgent): Step[] {
  const { note } = AGENTS[agent];
  return note === undefined ? [] : [{ do: "remove", file: join(place.home, note) }];
}

const FIGURES = ["llm_calls", "llm_errors", "tool_calls", "tool_errors"] as const;
const TOKENS = [
  "input_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
  "output_tokens",
  "reasoning_tokens",
] as const;

/** What all of them together count. */
export function sumsOf(traces: readonly Invocation[]): Sums {
  const sum = (figure: (trace: Invocation) => number | undefined): number =>
    traces.reduce((total, trace) => total + (figure(trace) ?? 0), 0);
  const usage = TOKENS.map((kind) => [kind, sum((trace) => trace.usage[kind])] as const);
  return {
    ...(Object.fromEntries(FIGURES.map((name) => [name, sum((trace) => trace[name])])) as Omit<
      Sums,
      "usage"
    >),
    usage: Object.fromEntries(usage.filter(([, tokens]) => tokens > 0)),
  };
}
