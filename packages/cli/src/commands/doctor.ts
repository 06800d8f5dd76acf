/** `spoor doctor`: what was found here, and what will surprise you. */

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Command, defineCommand, JSON_OPTION } from "../command.ts";
import {
  agentFindings,
  ciFinding,
  endpointFinding,
  gitFinding,
  nodeFinding,
  settingFindings,
  storeFindings,
  type Surroundings,
} from "../doctor/checks.ts";
import type { Finding } from "../doctor/finding.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";
import { writeJson } from "../json.ts";
import { homeOf, storeDirectory } from "../store.ts";
import { type Line, lookOf, printLines, styled } from "../terminal/screen.ts";
import { padTo } from "../terminal/width.ts";

const GIT_TIMEOUT_MS = 2000;

export const doctor: Command = defineCommand({
  name: "doctor",
  summary:
    "Tells what was found here: agents, their conversations, git, CI, the store; and what to do about it.",
  examples: ["spoor doctor", "spoor doctor --json | jq 'select(.status == \"warning\")'"],
  options: { ...JSON_OPTION },
  run({ json, ...common }, io) {
    const found = findings({
      env: io.env,
      home: homeOf(io.env),
      store: storeDirectory(common, io),
      isNamed: common.dir !== undefined,
      platform: process.platform,
      nodeVersion: process.versions.node,
      userId: process.getuid?.(),
      git: (...args) => runGit(args, io),
    });
    if (json) for (const finding of found) writeJson(finding, io.stdout);
    else printLines(findingLines(found), io.stdout, { ...lookOf(io.stdout, io.env), columns: Infinity });
    return EXIT.done;
  },
});

function findings(here: Surroundings): Finding[] {
  return [
    ...settingFindings(here),
    ...agentFindings(here),
    ...storeFindings(here),
    gitFinding(here),
    ciFinding(here),
    endpointFinding(here),
    nodeFinding(here),
  ];
}

function findingLines(found: readonly Finding[]): Line[] {
  const width = Math.max(...found.map(({ what }) => what.length));
  return found.flatMap(({ what, value, status, advice }): Line[] => [
    [
      status === "ok" ? styled("✓ ", "green") : styled("! ", "yellow"),
      styled(padTo(what, width, "left"), "bold"),
      `  ${value}`,
    ],
    ...(advice === undefined ? [] : [[`${" ".repeat(width + 4)}→ ${advice}`]]),
  ]);
}

function runGit(args: readonly string[], { cwd, env }: Io): string | undefined {
  try {
    return execFileSync("git", args, {
      cwd: existsSync(cwd) ? cwd : "/", // in a removed folder nothing can be started
      env,
      encoding: "utf8",
      timeout: GIT_TIMEOUT_MS,
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    // No git, not a repository, or one that git refuses: for each there is a word in the finding.
    return undefined;
  }
}
