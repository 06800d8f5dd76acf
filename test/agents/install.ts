/**
 * Installs the released agents, each at the one version the scenarios were written for, into a cache
 * outside the checkout: they are large (some 900 MB together) and are not ours to ship.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Agent } from "./agents.ts";

/** An agent's own folder of commands, or why there is none. */
export type Installed =
  | { readonly kind: "installed"; readonly binFolder: string }
  | { readonly kind: "missing"; readonly reason: string };

/** Installs `agent` unless the cache has it; npm's configured registry is asked, nothing else. */
export function install(agent: Agent): Installed {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = join(cache, "spoor-test-agents", `${agent.name}@${agent.version}`);
  const binFolder = join(folder, "node_modules/.bin");
  const works = (): boolean =>
    existsSync(join(binFolder, agent.command)) &&
    spawnSync(join(binFolder, agent.command), ["--version"], { stdio: "ignore" }).status === 0;
  if (works()) return { kind: "installed", binFolder };

  mkdirSync(folder, { recursive: true });
  const what = `${agent.packageName}@${agent.version}`;
  process.stderr.write(`installing ${what} into ${folder}\n`);
  const npm = spawnSync(
    "npm",
    ["install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error", what],
    {
      encoding: "utf8",
    },
  );
  if (works()) return { kind: "installed", binFolder };
  return { kind: "missing", reason: npm.error?.message ?? (npm.stderr.trim() || `${what} does not start`) };
}
