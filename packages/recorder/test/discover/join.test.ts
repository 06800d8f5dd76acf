import { describe, expect, test } from "vitest";
import { decide, type Decision, type Evidence } from "../../src/discover/join.ts";

const OURS = 10;
const THEIRS = 20;

const evidence = (more: Partial<Evidence> = {}): Evidence => ({
  path: "/sessions/one.jsonl",
  agent: "gemini-cli",
  namedByStream: false,
  notedBy: undefined,
  traceId: "none",
  heldBy: undefined,
  isAnothers: false,
  isClaimed: false,
  inOurFolder: true,
  own: [OURS],
  others: [],
  cleared: new Set(),
  hasWaited: true,
  ...more,
});
const one = (more: Partial<Evidence>, processesKnown = true): Decision | undefined =>
  decide([evidence(more)], processesKnown)[0];
const kinds = (all: Partial<Evidence>[], processesKnown = true): string[] =>
  decide(all.map(evidence), processesKnown).map(({ kind }) => kind);

describe("strong evidence", () => {
  test("counts in order: stream, note, trace id, open file", () => {
    const all = { namedByStream: true, notedBy: OURS, traceId: "ours", heldBy: OURS } as const;
    expect(one(all)).toMatchObject({ by: "stream" });
    expect(one({ ...all, namedByStream: false })).toEqual({ kind: "join", by: "process_note", pid: OURS });
    expect(one({ traceId: "ours", heldBy: OURS })).toMatchObject({ by: "trace_id" });
    expect(one({ heldBy: OURS })).toEqual({ kind: "join", by: "open_file", pid: OURS });
  });

  test("does not wait, and holds against another's claim and in any folder", () => {
    const against = { hasWaited: false, isClaimed: true, inOurFolder: false, own: [], others: [THEIRS] };
    expect(one({ ...against, notedBy: OURS })).toMatchObject({ by: "process_note" });
  });

  test("for somebody else outweighs everything weak", () => {
    expect(one({ isAnothers: true })).toEqual({ kind: "not_ours" });
    expect(one({ isClaimed: true })).toEqual({ kind: "not_ours" });
    expect(one({ traceId: "other" })).toEqual({ kind: "not_ours" });
  });
});

describe("without it", () => {
  test("a transcript in our folder that only our agent can have written is ours, after a while", () => {
    expect(one({ hasWaited: false })).toEqual({ kind: "wait" });
    expect(one({})).toEqual({ kind: "join", by: "only_candidate", pid: OURS });
  });

  test("one in another folder is not ours, one whose folder is not told yet waits", () => {
    expect(one({ inOurFolder: false })).toEqual({ kind: "not_ours" });
    expect(one({ inOurFolder: undefined })).toEqual({ kind: "wait" });
  });

  test("one that no agent of ours can have written is not ours", () => {
    expect(one({ own: [] })).toEqual({ kind: "not_ours" });
  });

  test("one that another agent may have written as well is nobody's", () => {
    expect(one({ others: [THEIRS] })).toEqual({ kind: "ambiguous" });
  });

  test("several are all ours as long as we have as many agents for them", () => {
    expect(kinds([{ own: [OURS, 11] }, { own: [OURS, 11] }])).toEqual(["join", "join"]);
    expect(kinds([{}, {}])).toEqual(["ambiguous", "ambiguous"]);
  });
});

describe("bytes written", () => {
  test("less than the file grew by tell who did not write it", () => {
    expect(one({ others: [THEIRS], cleared: new Set([THEIRS]) })).toMatchObject({
      kind: "join",
      pid: OURS,
    });
    expect(one({ others: [THEIRS], cleared: new Set([OURS]) })).toEqual({ kind: "not_ours" });
  });

  test("do not lose a conversation that nobody else can have written", () => {
    expect(one({ cleared: new Set([OURS]) })).toEqual({ kind: "join", by: "only_candidate" });
  });

  test("show the other's conversation, and so that what is left is ours", () => {
    const theirs = { others: [THEIRS], cleared: new Set([OURS]) };
    expect(kinds([{ others: [THEIRS] }, theirs])).toEqual(["join", "not_ours"]);
    const twoOthers = { others: [THEIRS, 21] };
    expect(kinds([twoOthers, theirs])).toEqual(["ambiguous", "not_ours"]);
  });
});

describe("where the system does not tell of processes", () => {
  test("the only transcript of our folder is ours, unless it is claimed", () => {
    expect(one({ own: [] }, false)).toEqual({ kind: "join", by: "only_candidate" });
    expect(one({ own: [], isClaimed: true }, false)).toEqual({ kind: "not_ours" });
  });

  test("of two none is", () => {
    expect(kinds([{ own: [] }, { own: [] }], false)).toEqual(["ambiguous", "ambiguous"]);
  });
});

test("two spoors that see the same facts from their own sides never both take one conversation", () => {
  const pick = <T>(values: readonly T[], bits: number): T => values[bits % values.length] as T;
  const sets = [new Set<number>(), new Set([OURS]), new Set([THEIRS]), new Set([OURS, THEIRS])];
  for (let bits = 0; bits < 4 ** 4; bits++) {
    const facts = [0, 1].map((index) => ({
      cleared: pick(sets, bits >> (index * 2)),
      held: pick([undefined, undefined, OURS, THEIRS], bits >> (4 + index * 2)),
    }));
    const seenFrom = (own: number, other: number): string[] =>
      kinds(
        facts.map(({ cleared, held }) => ({
          own: [own],
          others: [other],
          cleared,
          heldBy: held === own ? own : undefined,
          isAnothers: held === other,
        })),
      );
    const mine = seenFrom(OURS, THEIRS);
    const yours = seenFrom(THEIRS, OURS);
    for (const index of [0, 1])
      expect([mine[index], yours[index]], JSON.stringify(facts)).not.toEqual(["join", "join"]);
  }
});
