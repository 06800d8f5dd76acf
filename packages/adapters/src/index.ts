/** What each coding agent writes, as one kind of event. */

import type { Adapter, AgentName, AgentSite, Detection, Env } from "./adapter.ts";
import { claudeCode } from "./claude-code/index.ts";
import { claudeCodeSite } from "./claude-code/site.ts";
import { codex } from "./codex/index.ts";
import { codexSite } from "./codex/site.ts";
import { geminiCli } from "./gemini-cli/index.ts";
import { geminiCliSite } from "./gemini-cli/site.ts";
import { detectCommand as detectPlain } from "./plain/detect.ts";

export type * from "./adapter.ts";
export type * from "./event.ts";
export { INVOCATION } from "./event.ts";
export { parseLine, parseText } from "./source-text.ts";
export type { ParsedLine } from "./source-text.ts";
export { identifyTool } from "./tools.ts";
export type { ToolIdentity } from "./tools.ts";

/** All of them from outside: who only looks for agents does not load their parsers. */
export const SITES: readonly AgentSite[] = [claudeCodeSite, codexSite, geminiCliSite];

/** All agents whose files and streams are understood. */
export const ADAPTERS: readonly Adapter[] = [claudeCode, codex, geminiCli];

export function adapterOf(name: AgentName): Adapter | undefined {
  return ADAPTERS.find((adapter) => adapter.name === name);
}

/** Which agent a command line starts; undefined for any other command. */
export function detectCommand(command: readonly string[], env: Env): Detection | undefined {
  for (const site of SITES) {
    const detection = site.detectCommand(command, env);
    if (detection !== undefined) return detection;
  }
  return detectPlain(command);
}
