/** Where Codex keeps its rollouts: `<home>/sessions/YYYY/MM/DD/rollout-<local time>-<thread id>.jsonl`. */

import { basename, join } from "node:path";
import type { Env, SourceFile } from "../adapter.ts";

/** Archiving moves a rollout; its base name, which is its source name, stays. */
export function sessionFolders(env: Env, home: string): string[] {
  const codexHome = env["CODEX_HOME"] || join(home, ".codex");
  return [join(codexHome, "sessions"), join(codexHome, "archived_sessions")];
}

export function isTranscript(path: string): boolean {
  return /^rollout-.+\.jsonl$/.test(basename(path));
}

/** One file per thread; the threads of sub-agents are conversations of their own. */
export function filesOf(path: string): SourceFile[] {
  return [{ path, name: basename(path), kind: "transcript" }];
}
