/**
 * What each field of `pointers` lets in.
 *
 * Pointers stand in a record's head: they are exported and printed. What they are read from (environment,
 * webhook payloads, repositories) is written by others, sometimes by strangers. So every value passes here and
 * comes out in the shape its field promises, or not at all; nothing is repaired or cut.
 */

import type { Pointers, Timestamp } from "@spoor/trace";
import { parseChangeUrl, parseIssueUrl, webUrl } from "./change-url.ts";
import { repositoryUrl } from "./repository-url.ts";

/** Pointers as found. */
export type RawPointers = { readonly [K in keyof Pointers]?: unknown };

/** Longer than any ref (GitHub: 244 bytes), workflow or login name. */
const MAX_TEXT_LENGTH = 512;

type Admission<T> = (value: unknown) => T | undefined;

/** In the order on disk. */
const FIELDS: { readonly [K in keyof Required<Pointers>]: Admission<Pointers[K]> } = {
  repository_url: repositoryUrl,
  repository_id: text,
  visibility: (value) =>
    value === "public" || value === "private" || value === "internal" ? value : undefined,
  head_revision: revision,
  ref_name: refName,
  base_ref: refName,
  base_revision: revision,
  merge_revision: revision,
  checkout_revision: revision,
  dirty: (value) => (typeof value === "boolean" ? value : undefined),
  change_id: digits,
  change_url: (value) => parseChangeUrl(value)?.url ?? webUrl(value),
  issue_url: (value) => parseIssueUrl(value)?.url ?? webUrl(value),
  run_id: text,
  run_url: webUrl,
  run_attempt: count,
  job_name: text,
  // Buildkite's jobs are fragments of their build's page.
  job_url: (value) => webUrl(value, { keepFragment: true }),
  workflow: text,
  provider: text,
  event: text,
  event_time: instant,
  actor: text,
};

export function admitPointers(raw: RawPointers): Pointers {
  const names = Object.keys(FIELDS) as (keyof Pointers)[];
  return present<Pointers>(Object.fromEntries(names.map((name) => [name, FIELDS[name](raw[name])])));
}

/** `fields` without those that are undefined: unknown is absent. */
export function present<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

/** One line of at most 512 characters; numbers as text. */
export function text(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string" || value.length > MAX_TEXT_LENGTH || /\p{Cc}/u.test(value)) return undefined;
  return value.trim() === "" ? undefined : value.trim();
}

/** The number of a change or an issue, as text. */
export function digits(value: unknown): string | undefined {
  const admitted = text(value);
  return admitted !== undefined && /^\d{1,12}$/.test(admitted) ? admitted : undefined;
}

/** A whole number from 1. */
export function count(value: unknown): number | undefined {
  const admitted = Number(digits(value));
  return admitted >= 1 ? admitted : undefined;
}

/** A full commit id (SHA-1 or SHA-256), lower case; not `HEAD`, not the zeros that mean "none". */
export function revision(value: unknown): string | undefined {
  if (typeof value !== "string" || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(value) || /^0+$/.test(value))
    return undefined;
  return value.toLowerCase();
}

/** A branch or tag by its short name; a detached `HEAD` has none. */
function refName(value: unknown): string | undefined {
  const name = text(value)?.replace(/^refs\/(?:heads|tags)\//, "");
  return name === "" || name === "HEAD" ? undefined : name;
}

/** ISO 8601 with a zone, or seconds since 1970 (as `pushed_at` has in push events). */
function instant(value: unknown): Timestamp | undefined {
  const isIso =
    typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(value);
  const timeMs = isIso ? Date.parse(value) : typeof value === "number" ? value * 1000 : Number.NaN;
  // 253402300800000 is the year 10000, whose dates have another length.
  return timeMs >= 0 && timeMs < 253_402_300_800_000 ? new Date(timeMs).toISOString() : undefined;
}
