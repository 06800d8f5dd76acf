/** How traces name a conversation. */

import { sha256 } from "@spoor/trace";

/** Agents use UUIDs and the like. */
const MAX_ID_LENGTH = 256;

/**
 * A conversation's id as traces hold it. A head would cut an over-long one to whatever fits, which no later
 * import could match; so the rest of it becomes its hash here.
 */
export function boundedId(id: string): string {
  if (id.length <= MAX_ID_LENGTH) return id;
  const start = id.slice(0, MAX_ID_LENGTH / 2).replace(/[\uD800-\uDBFF]$/, "");
  return `${start}…${sha256(id)}`;
}
