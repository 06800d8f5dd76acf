/**
 * Where traces live, how their files are named, and how to find them again.
 */

import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { InvocationId, Timestamp } from "./record.ts";

export interface DirectoryInputs {
  /** `--dir`. */
  flag?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  /** @default the user's home directory */
  home?: string;
}

/**
 * The store: `--dir`, else `SPOOR_DIR`, else under CI its temporary folder (never the workspace, where an
 * agent's `git add -A` would commit traces; never a dot-folder, which artifact upload skips), else the
 * user's state folder.
 */
export function traceDirectory({ flag, env, platform, home = homedir() }: DirectoryInputs): string {
  if (flag) return flag;
  if (env["SPOOR_DIR"]) return env["SPOOR_DIR"];
  const ciTemp = CI_TEMP.map((name) => env[name]).find((folder) => folder);
  if (ciTemp !== undefined) return join(ciTemp, "spoor");
  if (platform === "win32") return join(env["LOCALAPPDATA"] || join(home, "AppData", "Local"), "spoor");
  return join(env["XDG_STATE_HOME"] || join(home, ".local", "state"), "spoor");
}

/** GitHub; Azure; Jenkins names its temporary folder beside the workspace. */
const CI_TEMP = ["RUNNER_TEMP", "AGENT_TEMPDIRECTORY", "WORKSPACE_TMP"];

/** `<dir>/traces/<YYYY-MM-DD>/<HHMMSS>-<agent>-<last 12 of invocation_id>.jsonl`, UTC, no colons. */
export function traceFilePath(
  directory: string,
  time: Timestamp,
  agent: string,
  invocationId: InvocationId,
): string {
  const clock = time.slice(11, 19).replaceAll(":", "");
  return join(directory, "traces", time.slice(0, 10), `${clock}-${agent}-${invocationId.slice(-12)}.jsonl`);
}

export interface ListOptions {
  /** Only days from this one on, `YYYY-MM-DD`. */
  sinceDay?: string | undefined;
}

/** The trace files of a store, newest first by name. A store that does not exist yet has none. */
export function listTraceFiles(directory: string, options: ListOptions = {}): string[] {
  const root = join(directory, "traces");
  const days = namesIn(root)
    .filter((day) => /^\d{4}-\d{2}-\d{2}$/.test(day) && day >= (options.sinceDay ?? ""))
    .sort()
    .reverse();
  return days.flatMap((day) =>
    namesIn(join(root, day))
      .filter((name) => name.endsWith(".jsonl"))
      .sort()
      .reverse()
      .map((name) => join(root, day, name)),
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}
