/** Verifies files and folders: which files there are, and which of them are traces. */

import { lstatSync, readdirSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import type { RedactorOptions } from "@spoor/redactor";
import { readEntries } from "@spoor/trace";
import { describeFileError } from "../errors.ts";
import { checkFormat } from "./check-format.ts";
import { checkSecrets, isPacked } from "./check-secrets.ts";
import type { Finding, LineFinding } from "./finding.ts";

export interface VerifyOptions {
  /** The store: whatever lies in it must be readable by its owner only. */
  store: string;
  redactor: RedactorOptions;
}

export interface Verified {
  path: string;
  findings: Finding[];
  /** Whole records in it; absent where the file is no trace. */
  records?: number;
  /** Why it could not be checked. */
  notChecked?: string;
}

/** @param paths Files, and folders that are searched whole. Symbolic links in them are not followed. */
export async function* verifyPaths(
  paths: readonly string[],
  options: VerifyOptions,
): AsyncGenerator<Verified> {
  for (const path of paths) {
    if (statSync(path).isDirectory())
      for (const file of filesBelow(path)) yield await verifyFile(file, false, options);
    else yield await verifyFile(path, true, options);
  }
}

/** In the order of their names. */
function* filesBelow(folder: string): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

async function verifyFile(
  path: string,
  isNamed: boolean,
  { store, redactor }: VerifyOptions,
): Promise<Verified> {
  try {
    if (isPacked(path))
      return { path, findings: [], notChecked: "packed: nothing in it was checked; unpack it first" };
    const format = isTrace(path, isNamed) ? checkFormat(path) : undefined;
    const secrets = await checkSecrets(path, redactor);
    const findings: LineFinding[] = [
      ...(path.startsWith(store + sep) ? checkMode(path) : []),
      ...(format?.findings ?? []),
      ...secrets,
    ];
    return {
      path,
      findings: findings
        .sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
        .map((finding) => ({ path, ...finding })),
      ...(format === undefined ? {} : { records: format.records }),
    };
  } catch (error) {
    const problem = describeFileError(error);
    if (problem === undefined) throw error;
    return { path, findings: [], notChecked: problem };
  }
}

/** A `.jsonl` file that was named, that stands where traces stand, or that has a record in its first lines. */
function isTrace(path: string, isNamed: boolean): boolean {
  if (!path.endsWith(".jsonl")) return false;
  if (isNamed || /[/\\]traces[/\\]\d{4}-\d{2}-\d{2}[/\\][^/\\]+$/.test(path)) return true;
  let looked = 0;
  for (const entry of readEntries(path, { headOnly: true })) {
    if (entry.kind === "record") return true;
    if (++looked >= TELLING_LINES) return false;
  }
  return false;
}

const TELLING_LINES = 16;

function checkMode(path: string): LineFinding[] {
  if (process.platform === "win32") return [];
  const mode = lstatSync(path).mode & 0o777;
  if ((mode & 0o077) === 0) return [];
  const message = `mode ${mode.toString(8).padStart(4, "0")}; expected 0600: others can read it`;
  return [{ kind: "format", rule: "mode", message }];
}
