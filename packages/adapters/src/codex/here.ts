/** The place of a line: what every record of it says of when and where it was read. */

import type { Timestamp } from "@spoor/trace";
import type { SourceLine } from "../adapter.ts";
import type { At } from "../thread.ts";

export interface Here {
  at: At;
  /** The key of a span that this line is the first to show: `<source name>:<line>`. */
  key: string;
}

export function hereOf(line: SourceLine, time: Timestamp): Here {
  return {
    at: { time, from: { source: line.source, line: line.line } },
    key: `${line.sourceName}:${line.line}`,
  };
}
