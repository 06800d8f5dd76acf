/** Where Claude Code keeps its transcripts: `<config>/projects/<slug of the cwd>/<session id>.jsonl`. */

import { basename, dirname, join } from "node:path";
import type { Env, SourceFile } from "../adapter.ts";
import { asObject, asText } from "../json.ts";

function configFolder(env: Env, home: string): string {
  return env["CLAUDE_CONFIG_DIR"] || join(home, ".claude");
}

export function sessionFolders(env: Env, home: string): string[] {
  return [join(configFolder(env, home), "projects")];
}

/** Sub-agents' files are part of their session, not conversations of their own. */
export function isTranscript(path: string): boolean {
  const name = basename(path);
  return name.endsWith(".jsonl") && !name.startsWith("agent-") && basename(dirname(path)) !== "subagents";
}

export function filesOf(path: string, list: (folder: string) => string[]): SourceFile[] {
  const name = basename(path);
  const session = name.replace(/\.jsonl$/, "");
  const folder = join(path, "..", session, "subagents");
  const files: SourceFile[] = [{ path, name, kind: "transcript" }];
  // A sub-agent's `.meta.json` names the tool call that started it, so it is read before its lines.
  const beside = list(folder)
    .filter((file) => /^agent-.*(\.jsonl|\.meta\.json)$/.test(file))
    .sort((a, b) => Number(a.endsWith(".jsonl")) - Number(b.endsWith(".jsonl")) || (a < b ? -1 : 1));
  for (const file of beside)
    files.push({ path: join(folder, file), name: `${session}/subagents/${file}`, kind: "transcript" });
  return files;
}

/** A running Claude Code notes its session in `<config>/sessions/<pid>.json` (seen from 2.1.197 on). */
export function conversationOfProcess(
  pid: number,
  env: Env,
  home: string,
  read: (path: string) => string | undefined,
): string | undefined {
  const text = read(join(configFolder(env, home), "sessions", `${pid}.json`));
  if (text === undefined) return undefined;
  try {
    return asText(asObject(JSON.parse(text))?.["sessionId"]);
  } catch {
    // Read while it was being written: the next look will find it whole.
    return undefined;
  }
}
