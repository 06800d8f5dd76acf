import { describe, expect, test } from "vitest";
import { spoor } from "../fake-io.ts";
import { exampleStore, type Fields, RUN_ID } from "../make-trace.ts";

const TOKEN = ["gh", "p_x7Kd93mQpL2vWnZ8RtY4bHcJ6sFgA1eUoI5N"].join("");

async function decisionsOf(store: string): Promise<Fields[]> {
  const { stdout } = await spoor(["show", RUN_ID, "--json", "--level", "full", "--dir", store]);
  const { spans } = JSON.parse(stdout) as { spans: { events: Fields[] }[] };
  return spans.flatMap(({ events }) => events).filter(({ basis }) => basis === "declared");
}

test("inside a run it goes into that run's trace, the reason redacted", async () => {
  const store = exampleStore();
  const ran = await spoor(
    [
      "decision",
      "approve",
      "--confidence",
      "0.9",
      "--reason",
      "-",
      "--change",
      "https://github.com/example-org/shop/pull/7",
      "--dir",
      store,
    ],
    { env: { SPOOR_INVOCATION: RUN_ID }, stdin: `fine, but ${TOKEN}\n` },
  );
  expect(ran).toEqual({ code: 0, stdout: "", stderr: "approve noted for run 3f9c2ab81d04\n" });
  expect(await decisionsOf(store)).toMatchObject([
    {
      type: "decision",
      verdict: "approve",
      basis: "declared",
      confidence: 0.9,
      subject: { change_url: "https://github.com/example-org/shop/pull/7" },
      content: { reasoning: "fine, but [REDACTED:github-token#1]" },
    },
  ]);
});

test("outside a run it is named by --invocation; --json prints the record", async () => {
  const store = exampleStore();
  const { code, stdout } = await spoor([
    "decision",
    "give_up",
    "--invocation",
    "last",
    "--json",
    "--dir",
    store,
  ]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    type: "decision",
    invocation_id: RUN_ID,
    verdict: "give_up",
    basis: "declared",
  });
  expect(await decisionsOf(store)).toHaveLength(1);
});

describe("what cannot be declared", () => {
  test.each([
    [
      ["approve"],
      {},
      2,
      /not inside a recorded run \(no SPOOR_INVOCATION\); name one, as in --invocation last/,
    ],
    [["maybe", "--invocation", "last"], {}, 2, /verdict: got "maybe", expected one of "approve"/],
    [
      ["approve", "--invocation", "last", "--confidence", "90%"],
      {},
      2,
      /--confidence: expected a number from 0 to 1; got "90%"/,
    ],
    [["approve"], { SPOOR_INVOCATION: "gone" }, 3, /no run gone in .*; is it another --dir\?/],
  ])("%j", async (words, env, code, complaint) => {
    const ran = await spoor(["decision", ...words, "--dir", exampleStore()], { env });
    expect(ran).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(complaint) });
  });
});
