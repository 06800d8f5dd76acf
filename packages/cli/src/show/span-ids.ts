/** Short span ids: shown as short as they stay unique in their trace, understood at any length that is. */

import type { Span, Trace } from "@spoor/trace";
import { Failure, UsageError } from "../errors.ts";

const SHORTEST = 6;
const WHOLE = 16;

/** How many characters of its spans' ids a trace needs to tell them apart. */
export function shortIdLength({ spans }: Pick<Trace, "spans">): number {
  const ids = new Set(spans.map((span) => span.span_id));
  for (let length = SHORTEST; length < WHOLE; length++)
    if (new Set([...ids].map((id) => id.slice(0, length))).size === ids.size) return length;
  return WHOLE;
}

/**
 * The span whose id is, begins with or ends with `id`.
 *
 * @throws {Failure} When there is none. {@link UsageError} When there are several.
 */
export function findSpan({ spans }: Pick<Trace, "spans">, id: string): Span {
  const wanted = id.toLowerCase();
  const whole = spans.find((span) => span.span_id === wanted);
  if (whole !== undefined) return whole;
  const found = spans.filter((span) => span.span_id.startsWith(wanted) || span.span_id.endsWith(wanted));
  const [only] = found;
  if (only === undefined || wanted === "")
    throw new Failure(`no span "${id}" in this run; \`spoor show\` prints the ids of its spans`);
  if (found.length > 1)
    throw new UsageError(
      `"${id}" is ${found.length} spans of this run: ${found
        .map((span) => span.span_id)
        .slice(0, 8)
        .join(", ")}`,
    );
  return only;
}
