/**
 * Readers check the envelope of a line and nothing else, so any other field may hold anything. No value in any of
 * them may make a command fail of its own fault.
 */

import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Fields, exampleRecords, makeFolder, RUN_ID, writeTrace } from "./make-trace.ts";
import { spoor } from "./fake-io.ts";

const ENVELOPE = new Set(["v", "type", "seq", "span_id", "invocation_id"]);
const VALUES: readonly unknown[] = [null, 5, true, "x", [], [null], { name: {} }];

/** Each place in a value where something stands, by its keys. */
function placesIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  const below =
    value !== null && typeof value === "object"
      ? Object.entries(value).flatMap(([key, item]) => placesIn(item, [...path, key]))
      : [];
  return path.length === 0 ? below : [path, ...below];
}

function withValue(record: Fields, [key = "", ...rest]: readonly string[], value: unknown): Fields {
  const copy = (Array.isArray(record) ? [...record] : { ...record }) as Fields;
  copy[key] = rest.length === 0 ? value : withValue(copy[key] as Fields, rest, value);
  return copy;
}

const records = [
  ...exampleRecords(),
  {
    type: "event",
    time: "2026-11-20T09:00:22.000Z",
    span_id: "f100000000000001",
    parent_span_id: "b100000000000001",
    name: "rate_limit",
    used_percent: 5,
  },
  {
    type: "score",
    time: "2026-11-20T09:00:22.000Z",
    span_id: "f200000000000001",
    name: "quality@1",
    value: 1,
    label: "good",
  },
  {
    type: "amend",
    time: "2026-11-20T09:00:22.000Z",
    span_id: "c100000000000001",
    of: "completion",
    usage: { output_tokens: 5 },
    content: { messages: [] },
  },
] as Fields[];

const COMMANDS = [
  ["list"],
  ["list", "--json", "--repo", "shop"],
  ["show", "last"],
  ["show", "last", "--json", "--level", "full"],
  ["show", "last", "--span", "d100000000000001"],
  ["show", "last", "--span", "c200000000000002"],
  ["show", "last", "--prompt", "c200000000000002"],
];

const places = records.map((record) => placesIn(record).filter(([first = ""]) => !ENVELOPE.has(first)));
const most = Math.max(...places.map((own) => own.length));

test.each(VALUES.map((value) => [value] as const))("%j in the place of anything", async (value) => {
  const store = makeFolder();
  const path = writeTrace(store, exampleRecords());
  for (let index = 0; index < most; index++) {
    // One place in every record at a time.
    const broken = records.map((record, at) => {
      const place = places[at]?.[index];
      return place === undefined || place[0] === "time" ? record : withValue(record, place, value);
    });
    const lines = broken.map((record, seq) => ({ v: 1, seq, invocation_id: RUN_ID, ...record }));
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    for (const words of COMMANDS) {
      const told = `${words.join(" ")}; broken: ${places.map((own) => own[index]?.join(".") ?? "-").join(", ")}`;
      const ran = await spoor([...words, "--dir", store]).catch((error: unknown) => {
        throw new Error(told, { cause: error });
      });
      expect(ran.code, `${told}: ${ran.stderr}`).toBe(0);
    }
  }
});
