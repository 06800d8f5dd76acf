/**
 * Where traces live, how their files are named, and how to find them again.
 */

import { type Dirent, readdirSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { InvocationId, Timestamp } from "./record.ts";

export interface DirectoryInputs {
  /** `--dir`. */
  flag?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  /** @default the user's home directory */
  home?: string;
  /** @default the system's folder for temporary files */
  temp?: string;
}

/** GitHub; Azure; Jenkins, which names its temporary folder beside the workspace. */
const CI_TEMP = ["RUNNER_TEMP", "AGENT_TEMPDIRECTORY", "WORKSPACE_TMP"];

/**
 * The store: `--dir`, else `SPOOR_DIR`, else under CI its temporary folder (never the workspace, where an
 * agent's `git add -A` would commit traces; never a dot-folder, which artifact upload skips), else the
 * user's state folder.
 */
export function traceDirectory(inputs: DirectoryInputs): string {
  const { flag, env, platform, home = homedir(), temp = tmpdir() } = inputs;
  if (flag) return flag;
  if (env["SPOOR_DIR"]) return env["SPOOR_DIR"];
  const ciTemp = CI_TEMP.map((name) => env[name]).find((folder) => folder);
  if (ciTemp !== undefined) return join(ciTemp, "spoor");
  if (env["CI"] && env["CI"] !== "false") return join(temp, "spoor");
  if (platform === "win32") return join(env["LOCALAPPDATA"] || join(home, "AppData", "Local"), "spoor");
  // A relative path is to be ignored: https://specifications.freedesktop.org/basedir-spec, section 2.
  const state = env["XDG_STATE_HOME"];
  return join(state && isAbsolute(state) ? state : join(home, ".local", "state"), "spoor");
}

/** `<dir>/traces/<YYYY-MM-DD>/<HHMMSS>-<agent>-<last 12 of invocation_id>.jsonl`, UTC, no colons. */
export function traceFilePath(
  directory: string,
  time: Timestamp,
  agent: string,
  invocationId: InvocationId,
): string {
  const clock = time.slice(11, 19).replaceAll(":", "");
  // The agent may be named by a flag or the environment: it must not lead out of the folder.
  const name = agent.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, 64);
  return join(directory, "traces", time.slice(0, 10), `${clock}-${name}-${invocationId.slice(-12)}.jsonl`);
}

export interface ListOptions {
  /** Only days from this one on, `YYYY-MM-DD`. */
  sinceDay?: string | undefined;
}

/**
 * The trace files of a store, newest first by name. A store that does not exist yet has none. Symbolic links
 * are not followed: what they lead to was not written here.
 */
export function listTraceFiles(directory: string, options: ListOptions = {}): string[] {
  const root = join(directory, "traces");
  const days = entriesOf(root)
    .filter((day) => day.isDirectory() && /^\d{4}-\d{2}-\d{2}$/.test(day.name))
    .map((day) => day.name)
    .filter((day) => day >= (options.sinceDay ?? ""));
  return days
    .sort()
    .toReversed()
    .flatMap((day) => {
      const files = entriesOf(join(root, day)).filter(
        (file) => file.isFile() && file.name.endsWith(".jsonl"),
      );
      return files
        .map((file) => file.name)
        .sort()
        .toReversed()
        .map((name) => join(root, day, name));
    });
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}
