/**
 * Reading what somebody else's JSON holds: every field may be missing, of another type, or hostile.
 */

import type { Timestamp } from "@spoor/trace";
import type { JsonObject } from "./adapter.ts";

export function asObject(value: unknown): JsonObject | undefined {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

export function asString(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A string with something in it. */
export function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** A count: a whole number that is not negative. */
export function asCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The objects among an array's elements. */
export function asObjects(value: unknown): JsonObject[] {
  return asArray(value).filter((element): element is JsonObject => asObject(element) !== undefined);
}

/** Follows keys; undefined as soon as one is missing. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  let current: unknown = value;
  for (const key of keys) {
    const object = asObject(current);
    if (object === undefined || !Object.hasOwn(object, key)) return undefined;
    current = object[key];
  }
  return current;
}

/** The years 0 to 9999: what four digits can say. */
const EARLIEST_MS = -62_167_219_200_000;
const LATEST_MS = 253_402_300_799_999;

const ISO_INSTANT = /^\d{4}-\d\d-\d\dT[\d:.,]+(Z|[+-]\d\d:?\d\d)?$/;

/**
 * An instant in the trace's own form, from an ISO text or from milliseconds since 1970. A text without a zone
 * is taken as UTC: the same file must give the same times wherever it is read.
 */
export function asTime(value: unknown): Timestamp | undefined {
  const iso = typeof value === "string" ? ISO_INSTANT.exec(value) : undefined;
  const ms =
    typeof value === "number"
      ? value
      : iso == null
        ? Number.NaN
        : Date.parse(iso[1] === undefined ? `${iso[0]}Z` : iso[0]);
  return ms >= EARLIEST_MS && ms <= LATEST_MS ? new Date(ms).toISOString() : undefined;
}

/** Drops keys whose value is undefined, so that absent stays absent. */
export function present<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const copy = { ...value } as Record<string, unknown>;
  for (const key of Object.keys(copy)) if (copy[key] === undefined) delete copy[key];
  return copy as never;
}
