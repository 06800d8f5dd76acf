/** Whether a command starts Gemini CLI, and whether a file holds its lines. */

import type { Detection, FileIdentity, JsonObject } from "../adapter.ts";
import { programOf, valueOfFlag } from "../command-line.ts";
import { asArray, asObject, asText, at } from "../json.ts";
import { isHeader, textOf, workspaceOf } from "./lines.ts";

const PROGRAMS = ["gemini", "gemini-cli", "@google/gemini-cli"];
/** What the npm package's `bin` points at, when Node is given it. */
const SCRIPT = /(^|\/)@google\/gemini-cli\/.*\.(c|m)?js$/;

export function detectCommand(command: readonly string[]): Detection | undefined {
  const program = programOf(command, PROGRAMS, SCRIPT);
  if (program === undefined) return undefined;
  return {
    agent: "gemini-cli",
    // `json` is one document at the end: not a stream.
    jsonStream: valueOfFlag(program.args, "--output-format", "-o") === "stream-json",
    writesTranscript: true,
  };
}

export function detectFile(path: string, firstRecords: readonly JsonObject[]): FileIdentity | undefined {
  const init = firstRecords.find(isInit);
  const header = firstRecords.find(isHeader);
  const telling = init ?? header;
  if (telling === undefined) return undefined;
  const conversationId = asText(telling["sessionId"]) ?? asText(telling["session_id"]);
  const cwd = firstRecords.map(cwdOf).find((folder) => folder !== undefined);
  const parent = header?.["kind"] === "subagent" ? /([^\\/]+)[\\/][^\\/]*$/.exec(path)?.[1] : undefined;
  return {
    agent: "gemini-cli",
    kind: init === undefined ? "transcript" : "stream",
    ...(conversationId === undefined ? {} : { conversationId }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(parent === undefined ? {} : { parentConversationId: parent }),
  };
}

function isInit(record: JsonObject): boolean {
  return (
    record["type"] === "init" &&
    typeof record["session_id"] === "string" &&
    typeof record["model"] === "string" &&
    typeof record["timestamp"] === "string"
  );
}

/** Sub-agents' headers list the folders; of a session the first message does. */
function cwdOf(record: JsonObject): string | undefined {
  const messages = [record, ...asArray(at(record, "$set", "messages")), ...asArray(record["messages"])];
  return (
    asText(asArray(record["directories"])[0]) ??
    messages
      .map((message) => workspaceOf(textOf(asObject(message)?.["content"])))
      .find((folder) => folder !== undefined)
  );
}
