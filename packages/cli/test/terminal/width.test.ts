import { describe, expect, test } from "vitest";
import { cutToWidth, displayWidth, padTo } from "../../src/terminal/width.ts";

describe("displayWidth", () => {
  test.each([
    ["ASCII", "npm test", 8],
    ["accents, composed or not", "ée\u0301", 2],
    ["Chinese, Japanese and Korean", "日本語한국", 10],
    ["fullwidth letters", "ＡＢ", 4],
    ["an emoji of several code points", "👩‍💻", 2],
    ["a sign shown as an emoji", "✔\ufe0f", 2],
    ["a flag", "🇩🇪", 2],
    ["the lines of a tree", "├ └ │", 5],
  ])("of %s", (_, text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

test("a cut text takes no more columns than it may and never half a character", () => {
  const text = "a日本語b👩‍💻c";
  for (let columns = 0; columns <= 12; columns++)
    expect(displayWidth(cutToWidth(text, columns))).toBeLessThanOrEqual(columns);
  expect(cutToWidth(text, 6)).toBe("a日本…");
  expect(cutToWidth(text, 11)).toBe(text);
});

test("padding counts columns, not characters", () => {
  expect(padTo("日本", 6, "left")).toBe("日本  ");
  expect(padTo("日本", 6, "right")).toBe("  日本");
  expect(padTo("too long", 3, "left")).toBe("too long");
});
