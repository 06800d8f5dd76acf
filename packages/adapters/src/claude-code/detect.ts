/** Whether a command starts Claude Code, and whether a file holds its lines. */

import type { Detection, Env, FileIdentity, JsonObject } from "../adapter.ts";
import { programOf, valueOfFlag } from "../command-line.ts";
import { asText } from "../json.ts";
import { isStreamLine, isTranscriptLine, sessionIdOf, sessionOfFile } from "./lines.ts";

/** The npm package (`npx`), the installed command, the VS Code extension's and the SDK's own script. */
const PROGRAMS = ["claude", "claude-code", "@anthropic-ai/claude-code"];
const SCRIPT = /(^|\/)@anthropic-ai\/claude-(code|agent-sdk)\/.*\.(c|m)?js$/;

export function detectCommand(command: readonly string[], env: Env): Detection | undefined {
  const program = programOf(command, PROGRAMS, SCRIPT);
  if (program === undefined) return undefined;
  const stream = program.args.includes("-p") || program.args.includes("--print");
  return {
    agent: "claude-code",
    jsonStream: stream && valueOfFlag(program.args, "--output-format") === "stream-json",
    writesTranscript:
      !program.args.includes("--no-session-persistence") && !isOn(env["CLAUDE_CODE_SKIP_PROMPT_HISTORY"]),
  };
}

export function detectFile(path: string, firstRecords: readonly JsonObject[]): FileIdentity | undefined {
  const transcript = firstRecords.find(isTranscriptLine);
  const stream = firstRecords.find(isStreamLine);
  const telling = stream ?? transcript;
  if (telling === undefined) return undefined;
  const own = stream === undefined ? sessionOfFile(path) : undefined;
  const conversationId = own ?? firstRecords.map(sessionIdOf).find((id) => id !== undefined);
  const cwd = firstRecords.map((record) => asText(record["cwd"])).find((folder) => folder !== undefined);
  return {
    agent: "claude-code",
    kind: stream === undefined ? "transcript" : "stream",
    ...(conversationId === undefined ? {} : { conversationId }),
    ...(cwd === undefined ? {} : { cwd }),
  };
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "0" && value !== "false";
}
