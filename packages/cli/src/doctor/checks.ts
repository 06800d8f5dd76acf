/** What `spoor doctor` looks at: everything that decides whether, where and what is recorded here. */

import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { listTraceFiles } from "@spoor/trace";
import { readCi } from "@spoor/recorder";
import { countConversations } from "../conversations.ts";
import type { Finding } from "./finding.ts";

export interface Surroundings {
  env: Readonly<NodeJS.ProcessEnv>;
  home: string;
  /** The store, absolute. */
  store: string;
  /** Whether `--dir` named it. */
  isNamed: boolean;
  platform: NodeJS.Platform;
  /** As in `process.versions.node`. */
  nodeVersion: string;
  /** The user's id; undefined on Windows. */
  userId: number | undefined;
  /** What `git ARGS…` printed; undefined when there is no git or it failed. */
  git: (...args: string[]) => string | undefined;
}

/** The command that starts each agent whose conversations are understood. */
const COMMANDS: Readonly<Record<string, string>> = {
  "claude-code": "claude",
  codex: "codex",
  "gemini-cli": "gemini",
};
/** Claude Code removes transcripts after `cleanupPeriodDays`. https://code.claude.com/docs/en/settings */
const CLAUDE_KEEPS_DAYS = 30;

export function agentFindings({ env, home, platform }: Surroundings): Finding[] {
  return countConversations(env, home).map(({ agent, title, folders, count, unreadable }): Finding => {
    const command = COMMANDS[agent] ?? agent;
    const found = onPath(command, env, platform);
    const stored = `${count} conversation${count === 1 ? "" : "s"} in ${folders.filter(existsSync).join(", ") || folders.join(", ")}`;
    const value = `${found ?? `no \`${command}\` on PATH`}; ${stored}`;
    if (unreadable.length > 0)
      return {
        what: title,
        value,
        status: "warning",
        advice: `cannot read ${unreadable.join(", ")}: check its permissions`,
      };
    if (count === 0) return { what: title, value, status: "ok" };
    const deletes =
      agent === "claude-code" ? `; ${title} deletes them after ${keptDays(env, home)} days` : "";
    return { what: title, value, status: "ok", advice: `spoor import --agent ${agent} keeps them${deletes}` };
  });
}

function keptDays(env: Surroundings["env"], home: string): number {
  try {
    const path = join(env["CLAUDE_CONFIG_DIR"] || join(home, ".claude"), "settings.json");
    const { cleanupPeriodDays } = JSON.parse(readFileSync(path, "utf8")) as { cleanupPeriodDays?: unknown };
    return typeof cleanupPeriodDays === "number" ? cleanupPeriodDays : CLAUDE_KEEPS_DAYS;
  } catch {
    // No settings, or none that we understand: its default.
    return CLAUDE_KEEPS_DAYS;
  }
}

/** Where a command is; undefined when PATH has none. */
function onPath(command: string, env: Surroundings["env"], platform: NodeJS.Platform): string | undefined {
  const endings = platform === "win32" ? [".exe", ".cmd", ".bat", ""] : [""];
  for (const folder of (env["PATH"] ?? "").split(delimiter).filter(Boolean))
    for (const ending of endings) {
      const path = join(folder, command + ending);
      if (isExecutable(path)) return path;
    }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export function gitFinding({ git }: Surroundings): Finding {
  const version = git("--version")?.replace(/^git version /, "");
  if (version === undefined)
    return {
      what: "git",
      value: "no `git` on PATH",
      status: "warning",
      advice: "runs are recorded without what changed in the repository; install git",
    };
  const root = git("rev-parse", "--show-toplevel");
  return {
    what: "git",
    value: `${version}; ${root === undefined ? "not in a repository" : `repository ${root}`}`,
    status: "ok",
  };
}

export function ciFinding({ env }: Surroundings): Finding {
  const ci = readCi(env, readText);
  if (!ci.isCi) return { what: "CI", value: "none", status: "ok" };
  const { provider = "a CI that is not known by name", visibility } = ci.pointers;
  const value = `${provider}, repository ${visibility ?? "of unknown visibility"}`;
  const level = env["SPOOR_LEVEL"];
  if (!ci.isPublicOrUnknown || level !== undefined) return { what: "CI", value, status: "ok" };
  return {
    what: "CI",
    value: `${value}: recorded without contents (level metadata)`,
    status: "ok",
    advice: "SPOOR_LEVEL=full stores prompts and results as well, for all who may download the artifact",
  };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Without the CI's event file less is known of the run.
    return undefined;
  }
}

export function storeFindings(surroundings: Surroundings): Finding[] {
  const { store, isNamed, env } = surroundings;
  const origin = isNamed ? " (--dir)" : env["SPOOR_DIR"] ? " (SPOOR_DIR)" : "";
  if (!existsSync(store))
    return [
      {
        what: "store",
        value: `${store}${origin}: not made yet`,
        status: "ok",
        advice: "the first run makes it",
      },
      diskFinding(store),
    ];
  const runs = listTraceFiles(store).length;
  const value = `${store}${origin}: ${runs} run${runs === 1 ? "" : "s"}`;
  const problem = permissionProblem(surroundings);
  return [
    {
      what: "store",
      value,
      status: problem === undefined ? "ok" : "warning",
      ...(problem === undefined ? {} : { advice: problem }),
    },
    diskFinding(store),
  ];
}

/** What the recorder would refuse, and what it would fail of. */
function permissionProblem({ store, platform, userId }: Surroundings): string | undefined {
  const { uid, mode } = statSync(store);
  if (platform !== "win32" && userId !== undefined && uid !== userId)
    return "it belongs to another user, so nothing is recorded there; choose another --dir";
  if (platform !== "win32" && (mode & 0o022) !== 0)
    return `others can write to it, so nothing is recorded there: chmod 700 ${store}`;
  if (platform !== "win32" && (mode & 0o055) !== 0) return `others can look into it: chmod 700 ${store}`;
  try {
    accessSync(store, constants.W_OK);
    return undefined;
  } catch {
    return "it cannot be written to, so nothing is recorded there";
  }
}

/** Less free space than this is worth a word. */
const LITTLE_SPACE_BYTES = 1024 ** 3;

function diskFinding(store: string): Finding {
  let folder = store;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const value = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
  if (free >= LITTLE_SPACE_BYTES) return { what: "disk", value, status: "ok" };
  return {
    what: "disk",
    value,
    status: "warning",
    advice: "when it is full, runs go on but are not recorded",
  };
}

export function nodeFinding({ nodeVersion, env, platform }: Surroundings): Finding {
  const path = onPath("node", env, platform);
  return {
    what: "Node",
    value: `${nodeVersion}${path === undefined ? "" : `; on PATH: ${path}`}`,
    status: "ok",
  };
}

const ENDPOINTS = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
  "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
];

export function endpointFinding({ env }: Surroundings): Finding {
  const set = ENDPOINTS.flatMap((name) => (env[name] ? [`${name}=${withoutCredentials(env[name])}`] : []));
  if (set.length === 0) return { what: "endpoint", value: "none", status: "ok" };
  return {
    what: "endpoint",
    value: `${set.join(", ")}: seen, not used`,
    status: "ok",
    advice: "nothing leaves this machine; what an agent itself sends there is its own affair",
  };
}

/** Only the origin: a path or a query may hold a key. */
function withoutCredentials(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    return "(not a URL)";
  }
}

export function settingFindings({ env }: Surroundings): Finding[] {
  if (env["SPOOR_DISABLED"] !== "true") return [];
  return [
    {
      what: "recording",
      value: "SPOOR_DISABLED=true",
      status: "warning",
      advice: "`spoor record` runs commands and records nothing; unset it",
    },
  ];
}
