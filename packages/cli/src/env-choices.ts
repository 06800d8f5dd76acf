/**
 * Settings from the environment that are one of a few words. A mistyped one is told, and never makes more be
 * stored than was wanted: whoever wrote it did not want the default.
 */

import type { AgentName } from "@spoor/adapters";
import type { Level } from "@spoor/recorder";
import type { Io } from "./io.ts";

export const LEVELS: readonly Level[] = ["full", "metadata"];

export const AGENTS: readonly AgentName[] = [
  "claude-code",
  "codex",
  "gemini-cli",
  "opencode",
  "copilot-cli",
  "cursor",
  "aider",
  "plain",
];

/** `SPOOR_LEVEL`; undefined where it is not given, the tighter level where it is none. */
export function levelFromEnv(io: Pick<Io, "env" | "stderr">): Level | undefined {
  return choiceFromEnv("SPOOR_LEVEL", LEVELS, { value: "metadata", means: "stored is only metadata" }, io);
}

/** `SPOOR_AGENT`; undefined where it is not given or none that is known. */
export function agentFromEnv(io: Pick<Io, "env" | "stderr">): AgentName | undefined {
  return choiceFromEnv("SPOOR_AGENT", AGENTS, { value: undefined, means: "it is left out of account" }, io);
}

function choiceFromEnv<Word extends string>(
  variable: string,
  allowed: readonly Word[],
  otherwise: { value: Word | undefined; means: string },
  { env, stderr }: Pick<Io, "env" | "stderr">,
): Word | undefined {
  const given = env[variable];
  if (given === undefined || given === "") return undefined;
  const word = allowed.find((each) => each === given);
  if (word !== undefined) return word;
  stderr.write(
    `spoor: ${variable}: expected ${allowed.join(", ")}; got ${JSON.stringify(given)}: ${otherwise.means}\n`,
  );
  return otherwise.value;
}
