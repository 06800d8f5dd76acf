import { expect, test } from "vitest";
import type { Output } from "../../src/io.ts";
import { lookOf, printLines, renderLine, styled } from "../../src/terminal/screen.ts";

const output = (isTTY: boolean): Output & { text: string } => ({
  text: "",
  isTTY,
  columns: 40,
  write(text) {
    this.text += text;
  },
});

test.each([
  ["a terminal", true, {}, { columns: 40, colour: true }],
  ["a pipe", false, {}, { columns: Infinity, colour: false }],
  ["a terminal with NO_COLOR", true, { NO_COLOR: "1" }, { columns: 40, colour: false }],
  [
    "a terminal with an empty NO_COLOR, which means nothing",
    true,
    { NO_COLOR: "" },
    { columns: 40, colour: true },
  ],
  ["a terminal that has no colours", true, { TERM: "dumb" }, { columns: 40, colour: false }],
])("the look of %s", (_, isTTY, env, look) => {
  expect(lookOf(output(isTTY), env)).toEqual(look);
});

test("a line is cut as a whole, not piece by piece, and colours take no room", () => {
  const line = ["12345", styled("67890", "red"), "abc"];
  expect(renderLine(line, { columns: 8, colour: false })).toBe("1234567…");
  expect(renderLine(line, { columns: 8, colour: true })).toBe("12345\u001b[31m67…\u001b[39m");
});

test("escape sequences of a trace are shown even where ours are obeyed", () => {
  const rendered = renderLine([styled("\u001b[2Jgone", "bold")], { columns: 80, colour: true });
  expect(rendered).toBe("\u001b[1m␛[2Jgone\u001b[22m");
});

test("many lines are written in few calls", () => {
  const out = output(false);
  let calls = 0;
  const counting: Output = { ...out, write: () => calls++ };
  printLines(
    Array.from({ length: 10_000 }, () => ["a line of text"]),
    counting,
    lookOf(out, {}),
  );
  expect(calls).toBeLessThan(20);
});
