/**
 * Commands without a parser of ours: recorded with their start, their end and their pointers. Agents among
 * them are at least called by their name.
 */

import type { AgentName, Detection } from "../adapter.ts";
import { programOf } from "../command-line.ts";

const PROGRAMS: readonly { agent: AgentName; names: readonly string[] }[] = [
  { agent: "opencode", names: ["opencode", "opencode-ai"] },
  { agent: "copilot-cli", names: ["copilot", "@github/copilot"] },
  { agent: "cursor", names: ["cursor-agent"] },
  { agent: "aider", names: ["aider"] },
];

export function detectCommand(command: readonly string[]): Detection | undefined {
  const known = PROGRAMS.find(({ names }) => programOf(command, names) !== undefined);
  return known === undefined ? undefined : { agent: known.agent, jsonStream: false, writesTranscript: false };
}
