import { expect, test } from "vitest";
import { admitPointers } from "../../src/pointers/admit.ts";

const SHA = "A".repeat(40);

test("each field comes out in the shape it promises", () => {
  expect(
    admitPointers({
      repository_id: 4100,
      head_revision: SHA,
      ref_name: "refs/heads/feature/x",
      change_id: 7,
      run_attempt: "2",
      event_time: "2026-05-01T12:00:00+02:00",
    }),
  ).toEqual({
    repository_id: "4100",
    head_revision: SHA.toLowerCase(),
    ref_name: "feature/x",
    change_id: "7",
    run_attempt: 2,
    event_time: "2026-05-01T10:00:00.000Z",
  });
});

test.each([
  ["head_revision", "HEAD"],
  ["head_revision", "0".repeat(40)],
  ["head_revision", "abc123"],
  ["ref_name", "HEAD"],
  ["ref_name", ""],
  ["ref_name", "x".repeat(513)],
  ["actor", "red\u001B[31m"],
  ["actor", { toString: "octo" }],
  ["change_id", "false"],
  ["change_id", "7; rm -rf"],
  ["visibility", "secret"],
  ["run_attempt", 0],
  ["run_attempt", "1e3"],
  ["event_time", "yesterday"],
  ["event_time", "2026-13-45T99:00:00Z"],
  ["event_time", 1e300],
  ["event_time", "2026-05-01"],
  ["run_url", "javascript:alert(1)"],
  ["dirty", "yes"],
] as const)("%s does not admit %j", (field, value) => {
  expect(admitPointers({ [field]: value })).toEqual({});
});

test("seconds since 1970 are an instant too", () => {
  expect(admitPointers({ event_time: 1_777_885_200 })).toEqual({ event_time: "2026-05-04T09:00:00.000Z" });
});
