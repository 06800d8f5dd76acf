/**
 * Records a command: the story from the first record to the last.
 *
 * The command runs as if we were not there. Beside it we look, a few times a second, for what its agent
 * writes; every line becomes records at once, so a run that is killed at any moment has everything up to
 * that moment. Afterwards we look until it is quiet (agents write late), tell how it ended, and leave.
 */

import { homedir } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { type AgentName, SITES, type Detection, detectCommand } from "@spoor/adapters";
import {
  currentWriter,
  formatTraceParent,
  type Invocation,
  type InvocationStatus,
  newInvocationId,
  parseTraceParent,
  traceDirectory,
  traceIdOf,
} from "@spoor/trace";
import { closeDeadTraces } from "./close-dead.ts";
import { claimsFolder, Discovery } from "./discover/index.ts";
import { closeLetterBox, takeDeclarations } from "./declarations.ts";
import { LateRedactor } from "./late-redactor.ts";
import type { LiveConversations } from "./live-conversations.ts";
import {
  GIT_TOOLS,
  type PointerFacts,
  readChanges,
  readCi,
  readInstructions,
  readPointers,
  readTextFile,
} from "./pointers/index.ts";
import { randomBytes } from "./random.ts";
import { type OnSecret, Recording } from "./recording.ts";
import { type CommandEnd, exitCodeOf, runCommand } from "./run-command.ts";
import { openTee } from "./tee.ts";
import type { Level } from "./trace-writer.ts";
import { Watch } from "./watch.ts";

export interface RecordOptions {
  /** The store. */
  directory: string;
  env: Readonly<NodeJS.ProcessEnv>;
  /** Absolute. */
  cwd: string;
  nowMs: () => number;
  /** What to call the agent where argv does not show it. */
  agent?: AgentName | undefined;
  /** @default under CI `workflow/job`, else the agent's name */
  role?: string | undefined;
  team?: string | undefined;
  /** @default `full`; under CI `metadata` when the repository is public or that is unknown */
  level?: Level | undefined;
  /** @default "redact" */
  onSecret?: OnSecret | undefined;
  /** Open descriptors above 2 that the command gets as well; see `runCommand`. */
  passedFds?: readonly number[];
  /** The command runs. `teed`: our stdout is still needed, for its stream passes through us. */
  onStart?: (started: { pid: number; teed: boolean }) => void;
}

export interface Recorded {
  /** What `spoor record` returns: the command's own code, but for `onSecret: "fail"`. */
  exitCode: number;
  end: CommandEnd;
  /** The command's invocation first, then those of further conversations; empty where nothing could be stored. */
  invocations: Invocation[];
  /** Why nothing was stored. */
  refused?: string;
  /** What was stored of it; absent where nothing was. */
  level?: Level;
  /** Secrets removed, by rule. */
  redactions: Readonly<Record<string, number>>;
  /** Conversations that could be ours, but that another run may have written as well. */
  ambiguous: number;
}

/** How often the agents' folders are looked at while the command runs; at first more often, for agents that are quick. */
const LOOK_EVERY_MS = 250;
const FIRST_LOOK_AFTER_MS = 40;
/** After the command's end: how long it must be quiet, longer within a turn, and how long at most we wait for that. */
const QUIET_AFTER_END_MS = 300;
const QUIET_WITHIN_TURN_MS = 1000;
const WAIT_AFTER_END_MS = 5000;

/** Traces of runs that died are closed at the next start; older ones by whoever reads them all. */
const NEWEST_LOOKED_AT = 20;

export async function recordCommand(command: readonly string[], options: RecordOptions): Promise<Recorded> {
  const { env, cwd, nowMs } = options;
  const ci = readCi(env, readTextFile);
  const detection = detectCommand(command, env);
  const agent = options.agent ?? detection?.agent ?? "plain";
  const level = options.level ?? (ci.isCi && ci.isPublicOrUnknown ? "metadata" : "full");
  const onSecret = options.onSecret ?? "redact";
  const redactor = new LateRedactor({ env });
  const startMs = nowMs();
  const time = new Date(startMs).toISOString();
  const invocationId = newInvocationId(startMs, randomBytes(10));
  const parent = parseTraceParent(env["TRACEPARENT"]);
  const traceId = parent?.traceId ?? traceIdOf(invocationId);

  const began = Recording.begin(
    {
      invocationId,
      traceId,
      parentSpanId: parent?.spanId,
      time,
      fileAgent: agent,
      origin: "recorded",
      agent: {
        name: agent,
        role: options.role ?? ci.defaultRole ?? agent,
        ...(options.team === undefined ? {} : { team: options.team }),
        ...(ci.attempt === undefined ? {} : { attempt: ci.attempt }),
      },
      ...(Object.keys(ci.pointers).length === 0 ? {} : { pointers: ci.pointers }),
      ...(ci.link === undefined ? {} : { links: [ci.link] }),
      ...resourceOf(env),
      writer: currentWriter(),
      content: { command: [...command], cwd },
    },
    { directory: options.directory, level, onSecret, redactor, nowMs },
  );
  if (began.kind === "refused") {
    const { passedFds = [], onStart } = options;
    const end = await runCommand(command, {
      env,
      passedFds,
      onStart: (pid) => onStart?.({ pid, teed: false }),
    });
    return nothingStored(end, began.reason);
  }
  const { recording } = began;

  const discovery = new Discovery({
    adapters: SITES,
    env,
    home: env["HOME"] || homedir(),
    cwd,
    invocationId,
    // A trace id that we were given ourselves is also that of other runs.
    ...(parent === undefined ? { traceId } : {}),
    claimsFolder: claimsFolder(options.directory),
    ...(agent === "plain" ? {} : { agent }),
  });
  let commandPid: number | undefined;
  const watch = new Watch(recording, discovery, loadConversations, nowMs);
  async function loadConversations(): Promise<LiveConversations> {
    const { LiveConversations: Loaded } = await import("./live-conversations.ts");
    return new Loaded(recording, {
      agent,
      commandPid: () => commandPid,
      directory: options.directory,
      level,
      onSecret,
      redactor: () => new LateRedactor({ env }),
      nowMs,
    });
  }
  const tee = needsTee(detection) ? openTee((chunk) => watch.hear(chunk)) : undefined;
  if (tee?.kind === "tee" && detection !== undefined) watch.listenTo(detection.agent);
  let pointers: Promise<PointerFacts | undefined> | undefined;
  // Whatever goes wrong in here is our fault, and the command must not feel it.
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch {
      recording.lose("adapter_failed");
    }
  };
  const look = (): void =>
    guarded(() => {
      watch.look();
      takeDeclarations(options.directory, recording);
    });
  const stopLooking = nowAndThen(look);
  const end = await runCommand(command, {
    env: {
      ...env,
      TRACEPARENT: formatTraceParent({
        traceId,
        spanId: recording.rootSpanId,
        sampled: parent?.sampled ?? true,
      }),
      SPOOR_INVOCATION: invocationId,
      ...storeForChild(options.directory, env),
    },
    passedFds: options.passedFds ?? [],
    ...(tee?.kind === "tee" ? { tee } : {}),
    onStart: (pid) =>
      guarded(() => {
        commandPid = pid;
        discovery.childStarted(pid);
        options.onStart?.({ pid, teed: tee?.kind === "tee" });
        pointers = readPointers(cwd, env, ci, GIT_TOOLS)
          .then((facts) => {
            for (const one of [recording, ...watch.recordings]) tellPointers(one, cwd, facts, nowMs());
            return facts;
          })
          .catch(() => undefined);
        closeDeadTraces(options.directory, {
          closedBy: "record",
          nowMs: nowMs(),
          except: recording.path,
          newest: NEWEST_LOOKED_AT,
        });
      }),
    onLateSignal: () => watch.hurry(),
  });
  stopLooking();
  try {
    return await tellEnd();
  } catch (error) {
    // As when the command has removed the store. Its end is told all the same.
    return nothingStored(end, (error as Error).message);
  }

  async function tellEnd(): Promise<Recorded> {
    const endTime = new Date(nowMs()).toISOString();
    discovery.childEnded();
    look();
    if (agent !== "plain" || watch.found) await untilQuiet(watch, look, nowMs);

    const facts = await pointers;
    const changes =
      facts?.git === undefined
        ? undefined
        : await readChanges(facts.git, startMs, env, GIT_TOOLS, options.directory);
    const ambiguous = await watch.stop(endTime);
    discovery.close();
    closeLetterBox(options.directory, recording);
    const status = statusOf(end);
    await watch.end({ status, time: endTime });
    const exitCode = exitCodeOf(end);
    await recording.end({
      status,
      time: endTime,
      exitCode,
      signal: end.kind === "exited" ? end.signal : undefined,
      changes,
    });
    const all = [recording, ...watch.recordings];
    const invocations = all.map((one) => one.summary());
    if (invocations[0] === undefined) return nothingStored(end, `${recording.path} could not be written to`);
    return {
      exitCode: onSecret === "fail" && exitCode === 0 && all.some((one) => one.foundSecret) ? 1 : exitCode,
      end,
      invocations: invocations.flatMap((one) => one ?? []),
      level,
      redactions: sumOf(all.map((one) => one.redactions)),
      ambiguous,
    };
  }
}

function nothingStored(end: CommandEnd, reason: string): Recorded {
  return { exitCode: exitCodeOf(end), end, invocations: [], refused: reason, redactions: {}, ambiguous: 0 };
}

function sumOf(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const one of counts)
    for (const [rule, count] of Object.entries(one)) sum[rule] = (sum[rule] ?? 0) + count;
  return sum;
}

/** A store that `--dir` named is told to the child: `spoor decision` in there must find this run. */
function storeForChild(directory: string, env: Readonly<NodeJS.ProcessEnv>): { SPOOR_DIR?: string } {
  return traceDirectory({ env, platform: process.platform }) === directory ? {} : { SPOOR_DIR: directory };
}

/** Only where the agent's own stream is the only thing it leaves, and somebody reads that stream anyway. */
function needsTee(detection: Detection | undefined): boolean {
  return detection !== undefined && detection.jsonStream && !detection.writesTranscript;
}

function tellPointers(
  recording: Recording,
  cwd: string,
  { pointers, git }: PointerFacts,
  nowMs: number,
): void {
  const instructions = readInstructions(cwd, git?.topLevel);
  recording.amendStart(new Date(nowMs).toISOString(), {
    ...(Object.keys(pointers).length === 0 ? {} : { pointers }),
    ...(instructions.length === 0 ? {} : { instructions }),
  });
}

/** @returns What ends it. */
function nowAndThen(look: () => void): () => void {
  let waitMs = FIRST_LOOK_AFTER_MS;
  const lookAndWait = (): void => {
    look();
    waitMs = Math.min(waitMs * 2, LOOK_EVERY_MS);
    timer = setTimeout(lookAndWait, waitMs);
  };
  let timer = setTimeout(lookAndWait, waitMs);
  return () => clearTimeout(timer);
}

async function untilQuiet(watch: Watch, look: () => void, nowMs: () => number): Promise<void> {
  const deadlineMs = nowMs() + WAIT_AFTER_END_MS;
  let quietSinceMs = nowMs();
  const isQuiet = (): boolean =>
    nowMs() - quietSinceMs >= (watch.isUnderWay ? QUIET_WITHIN_TURN_MS : QUIET_AFTER_END_MS);
  for (let lines = watch.lines; nowMs() < deadlineMs && !isQuiet() && !watch.hurried;) {
    await delay(25);
    look();
    if (watch.lines !== lines) quietSinceMs = nowMs();
    lines = watch.lines;
  }
}

/** See docs/trace-format.md, "Status": what a shell's exit code says of how a command ended. */
function statusOf(end: CommandEnd): InvocationStatus {
  if (end.kind !== "exited") return "failure";
  if (end.signal !== undefined)
    return ["SIGINT", "SIGTERM", "SIGHUP"].includes(end.signal) ? "cancelled" : "crashed";
  if (end.code === 0) return "success";
  if (end.code === 130 || end.code === 143) return "cancelled";
  return end.code === 124 ? "timeout" : "failure";
}

/** `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME`, as OpenTelemetry's specification has them. */
function resourceOf(env: Readonly<NodeJS.ProcessEnv>): { resource?: Record<string, string> } {
  const resource: Record<string, string> = {};
  for (const pair of (env["OTEL_RESOURCE_ATTRIBUTES"] ?? "").split(",")) {
    const [key = "", value] = pair.split("=", 2);
    if (key.trim() !== "" && value !== undefined) resource[key.trim()] = decode(value.trim());
  }
  if (env["OTEL_SERVICE_NAME"]) resource["service.name"] = env["OTEL_SERVICE_NAME"];
  return Object.keys(resource).length === 0 ? {} : { resource };
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // Not percent-encoded after all.
    return value;
  }
}
