/** One span for people: every field it has, then its contents. */

import type { Span } from "@spoor/trace";
import { formatDuration } from "../format.ts";
import { jsonText } from "../json.ts";
import { formatLocalTime } from "../local-time.ts";
import { type Line, linesOf, styled } from "../terminal/screen.ts";
import { padTo } from "../terminal/width.ts";
import { styleOfStatus } from "./overview.ts";
import { spanObject } from "./span-object.ts";

/** Shown in words of their own. */
const TITLED: ReadonlySet<string> = new Set([
  "span_id",
  "kind",
  "name",
  "status",
  "start_time",
  "end_time",
  "ended",
  "content",
  "events",
]);

export function spanLines(span: Span, timeZone: string | undefined): Line[] {
  const { content, events, ...fields } = spanObject(span, true);
  const took = Date.parse(span.end_time) - Date.parse(span.start_time);
  const rows = Object.entries(fields).filter(([name, value]) => !TITLED.has(name) && value !== null);
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return [
    [
      styled(`${span.kind} ${span.name}`, "bold"),
      " · ",
      styled(span.ended ? span.status : "never ended", styleOfStatus(span.status)),
      ` · ${formatLocalTime(span.start_time, timeZone)} · ${formatDuration(took)}`,
    ],
    [styled(`span ${span.span_id}`, "dim")],
    ...rows.map(([name, value]): Line => [styled(`${padTo(name, width, "left")}  `, "dim"), asText(value)]),
    ...(events as unknown[]).map((event): Line => [styled("event  ", "dim"), jsonText(event)]),
    ...Object.entries((content ?? {}) as object).flatMap(([name, value]): Line[] => [
      [],
      [styled(name, "bold")],
      ...linesOf(typeof value === "string" ? value : jsonText(value, 2)),
    ]),
  ];
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : jsonText(value);
}
