/**
 * Finds the conversations in files and folders: which agent's they are, and which files belong together.
 */

import { readdirSync, type Stats, statSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  type Adapter,
  ADAPTERS,
  type AgentName,
  type Env,
  type FileIdentity,
  type JsonObject,
  type SourceFile,
} from "@spoor/adapters";
import { readSource } from "./read-source.ts";

export interface FoundConversation {
  adapter: Adapter;
  identity: FileIdentity;
  /** The first timestamp among its first lines; empty where they have none. */
  startedAt: string;
  /** The main file first. */
  files: SourceFile[];
}

export interface Finding {
  found: FoundConversation[];
  /** Files that no adapter understands, or that cannot be read, each with the reason in words. */
  unknown: { path: string; reason: string }[];
}

export interface FindOptions {
  agent?: AgentName | undefined;
  /** Only files changed since, milliseconds since 1970. */
  sinceMs?: number | undefined;
}

/** How many lines are looked at to tell whose they are. */
const TELLING_LINES = 64;

/** All conversations in `paths`: files, or folders that are searched whole. */
export function findConversations(paths: readonly string[], options: FindOptions = {}): Finding {
  const finding: Finding = { found: [], unknown: [] };
  const taken = new Set<string>();
  for (const path of paths.map((one) => resolve(one))) {
    let isFolder: boolean;
    try {
      isFolder = statSync(path).isDirectory();
    } catch (error) {
      finding.unknown.push({ path, reason: (error as Error).message });
      continue;
    }
    const candidates = isFolder ? transcriptsBelow(path, finding) : [path];
    for (const candidate of candidates.sort()) consider(candidate, isFolder, options, finding, taken);
  }
  // A sub-agent's file that was met before its session's is a part of that session all the same.
  const parts = new Set(finding.found.flatMap(({ files }) => files.slice(1).map((file) => file.path)));
  return { ...finding, found: finding.found.filter(({ files }) => !parts.has(files[0]?.path ?? "")) };
}

/** The conversations in the agents' own folders. */
export function findStoredConversations(env: Env, home: string, options: FindOptions = {}): Finding {
  const folders = ADAPTERS.filter(
    (adapter) => options.agent === undefined || adapter.name === options.agent,
  ).flatMap((adapter) => adapter.sessionFolders(env, home));
  return findConversations(folders.filter(exists), options);
}

function consider(
  path: string,
  inFolder: boolean,
  options: FindOptions,
  finding: Finding,
  taken: Set<string>,
): void {
  if (taken.has(path)) return;
  try {
    const stats = statSync(path);
    if (options.sinceMs !== undefined && stats.mtimeMs < options.sinceMs) return;
    const reason = whyNotRead(stats);
    if (reason !== undefined) {
      finding.unknown.push({ path, reason });
      return;
    }
    const known = identify(path, options.agent);
    if (known === undefined) {
      if (!inFolder) finding.unknown.push({ path, reason: "no known agent writes such lines" });
      return;
    }
    const files =
      known.identity.kind === "stream"
        ? [streamFile(path)]
        : known.adapter.filesOf(path, listFolder).filter((file) => {
            const whyNot = whyNotRead(statSync(file.path));
            if (whyNot !== undefined) finding.unknown.push({ path: file.path, reason: whyNot });
            return whyNot === undefined;
          });
    for (const file of files) taken.add(file.path);
    finding.found.push({ ...known, files });
  } catch (error) {
    finding.unknown.push({ path, reason: (error as Error).message });
  }
}

/** Whose file this is; undefined where no adapter knows it. */
function identify(path: string, agent?: AgentName): Omit<FoundConversation, "files"> | undefined {
  const records: JsonObject[] = [];
  for (const line of readSource(path).lines) {
    if (line.kind === "object") records.push(line.value);
    if (records.length >= TELLING_LINES) break;
  }
  for (const adapter of ADAPTERS) {
    if (agent !== undefined && adapter.name !== agent) continue;
    const identity = adapter.detectFile(path, records);
    if (identity !== undefined) return { adapter, identity, startedAt: firstTimestamp(records) };
  }
  return undefined;
}

function firstTimestamp(records: readonly JsonObject[]): string {
  const timestamp = records
    .map((record) => record["timestamp"] ?? record["startTime"])
    .find((value) => typeof value === "string");
  return (timestamp as string | undefined) ?? "";
}

/** Streams have one name wherever they were stored, so that a recorded and an imported copy agree. */
function streamFile(path: string): SourceFile {
  return { path, name: "stdout", kind: "stream" };
}

/** Why what a path leads to is not read though it is there: it may never end. */
function whyNotRead(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined;
  const kind = stats.isFIFO()
    ? "a pipe"
    : stats.isSocket()
      ? "a socket"
      : stats.isDirectory()
        ? "a folder"
        : "a device";
  return `it is ${kind}; only regular files are read`;
}

/** All below the folder that may be transcripts; links are not followed, for they may lead round. */
function transcriptsBelow(root: string, { unknown }: Pick<Finding, "unknown">): string[] {
  const transcripts: string[] = [];
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    try {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) folders.push(path);
        else if (entry.isFile() && isTranscriptName(entry.name)) transcripts.push(path);
      }
    } catch (error) {
      // One folder that cannot be read (or whose name is no UTF-8) is no reason to leave the others.
      unknown.push({ path: folder, reason: (error as Error).message });
    }
  }
  return transcripts;
}

function isTranscriptName(name: string): boolean {
  return /\.(jsonl|ndjson|json)$/.test(name) && !name.endsWith(".meta.json");
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No such folder: nothing in it.
    return [];
  }
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}
