/** Whether a command starts Codex, and whether a file holds its lines. */

import { basename } from "node:path";
import type { Detection, FileIdentity, JsonObject } from "../adapter.ts";
import { programOf } from "../command-line.ts";
import { asObject, asText, at } from "../json.ts";
import { parentThreadOf } from "./lines.ts";
import { isReplayedTurn } from "./replay.ts";

/** The installed command and the npm package. */
const PROGRAMS = ["codex", "@openai/codex"];
const SCRIPT = /(^|\/)@openai\/codex\/bin\/codex\.js$/;

/** Subcommands that hold no conversation. */
const WITHOUT_CONVERSATION: ReadonlySet<string> = new Set([
  "login",
  "logout",
  "mcp",
  "plugin",
  "completion",
  "update",
  "apply",
  "features",
  "sandbox",
  "debug",
  "doctor",
  "help",
]);

/** Flags before the subcommand that take a value of their own. */
const FLAGS_WITH_VALUE =
  /^(-[cmpsaCi]|--(config|model|profile|sandbox|ask-for-approval|cd|image|add-dir|enable|disable|local-provider|remote))$/;

export function detectCommand(command: readonly string[]): Detection | undefined {
  const program = programOf(command, PROGRAMS, SCRIPT);
  if (program === undefined) return undefined;
  const end = program.args.indexOf("--");
  const flags = end === -1 ? program.args : program.args.slice(0, end);
  const subcommand = subcommandOf(flags);
  const exec = subcommand === "exec" || subcommand === "e";
  const asksAboutItself = flags.some((word) => /^(--version|-V|--help|-h)$/.test(word));
  return {
    agent: "codex",
    jsonStream: exec && (flags.includes("--json") || flags.includes("--experimental-json")),
    writesTranscript:
      !flags.includes("--ephemeral") && !asksAboutItself && !WITHOUT_CONVERSATION.has(subcommand ?? ""),
  };
}

/** The first word that is neither a flag nor a flag's value; it may also be the prompt. */
function subcommandOf(words: readonly string[]): string | undefined {
  return words.find((word, index) => !word.startsWith("-") && !FLAGS_WITH_VALUE.test(words[index - 1] ?? ""));
}

/** `rollout-<local time>-<thread id>.jsonl`. */
const ROLLOUT = /^rollout-.*?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.jsonl$/;

/** Also knows a rollout by its name and lines from its middle, as a resumed one shows them. */
export function detectFile(path: string, firstRecords: readonly JsonObject[]): FileIdentity | undefined {
  const started = firstRecords.find(
    (record) => record["type"] === "thread.started" && asText(record["thread_id"]) !== undefined,
  );
  if (started !== undefined)
    return { agent: "codex", kind: "stream", conversationId: asText(started["thread_id"]) as string };

  const payloads = firstRecords.flatMap((record) => {
    const payload = asObject(record["payload"]);
    return payload === undefined ? [] : [{ type: record["type"], payload }];
  });
  const meta = payloads.find(({ type }) => type === "session_meta")?.payload;
  const named = ROLLOUT.exec(basename(path))?.[1];
  const id = asText(meta?.["id"]) ?? (payloads.length > 0 ? named : undefined);
  if (id === undefined) return undefined;
  const context = payloads.find(({ type }) => type === "turn_context")?.payload;
  const cwd = asText(meta?.["cwd"]) ?? asText(context?.["cwd"]);
  const traceId = payloads
    .filter(({ payload }) => payload["type"] === "task_started" && !isReplayedTurn(payload["turn_id"], id))
    .map(({ payload }) => asText(at(payload, "trace_id")))
    .find((trace) => trace !== undefined && /^[0-9a-f]{32}$/.test(trace));
  const parent = parentThreadOf(meta)?.id;
  return {
    agent: "codex",
    kind: "transcript",
    conversationId: id,
    ...(cwd === undefined ? {} : { cwd }),
    ...(traceId === undefined ? {} : { traceId }),
    ...(parent === undefined ? {} : { parentConversationId: parent }),
  };
}
