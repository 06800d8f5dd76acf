/** Instants: local time for people. JSON keeps the UTC of the trace. */

import { UsageError } from "./errors.ts";

/**
 * `2026-11-20 14:03:22` in the reader's time zone; what is no instant is given back as it stands.
 *
 * @param timeZone IANA name. @default the system's
 */
export function formatLocalTime(
  time: string,
  timeZone: string | undefined,
  precision: "minutes" | "seconds" = "seconds",
): string {
  const ms = Date.parse(time);
  if (!Number.isFinite(ms)) return time;
  const text = clockIn(timeZone).format(ms); // Swedish writes dates as ISO 8601 does
  return precision === "seconds" ? text : text.slice(0, -":00".length);
}

function clockIn(timeZone: string | undefined): Intl.DateTimeFormat {
  const style = { dateStyle: "short", timeStyle: "medium" } as const;
  try {
    return new Intl.DateTimeFormat("sv-SE", { ...style, timeZone });
  } catch {
    // TZ may hold forms that only the C library knows, such as ":/etc/localtime".
    return new Intl.DateTimeFormat("sv-SE", style);
  }
}

const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/**
 * What `--since` means, in milliseconds since 1970: so long ago (`90m`, `36h`, `7d`, `2w`), or the start of a
 * local day (`2026-11-01`), or an instant (`2026-11-01T08:00:00Z`).
 *
 * @throws {UsageError} For anything else.
 */
export function parseSince(text: string, nowMs: number): number {
  const ago = /^(\d+(?:\.\d+)?)([mhdw])$/.exec(text);
  if (ago !== null) return nowMs - Number(ago[1]) * (UNIT_MS[ago[2] ?? ""] ?? 0);
  if (/^\d{4}-\d{2}-\d{2}(T.*)?$/.test(text)) {
    const ms = Date.parse(text.includes("T") ? text : `${text}T00:00:00`);
    if (Number.isFinite(ms)) return ms;
  }
  throw new UsageError(`--since: expected a time such as 7d, 36h or 2026-11-01; got "${text}"`);
}
