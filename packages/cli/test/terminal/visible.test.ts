import { assert, property, string } from "fast-check";
import { expect, test } from "vitest";
import { visible } from "../../src/terminal/visible.ts";

test("plain text, accents, emoji and right-to-left letters stay as they are", () => {
  for (const text of ["npm test", "naïve café", "日本語 👩‍💻", "שלום"]) expect(visible(text)).toBe(text);
});

test.each([
  ["a colour", "\u001b[31mred", "␛[31mred"],
  ["a fake link (OSC 8)", "\u001b]8;;http://evil\u0007x", "␛]8;;http://evil␇x"],
  ["a write to the clipboard (OSC 52)", "\u001b]52;c;cm0gLXJm\u001b\\", "␛]52;c;cm0gLXJm␛\\"],
  ["the one-byte form of an escape (C1)", "\u009b31m", "<U+009B>31m"],
  ["going back to overwrite what was said", "safe\rrm -rf", "safe␍rm -rf"],
  ["a line break in one line", "a\nb", "a␊b"],
  ["DEL and backspace", "a\u007f\b", "a␡␈"],
  ["a bidi override", "x\u202e)tset", "x<U+202E>)tset"],
  ["a bidi isolate", "\u2066x\u2069", "<U+2066>x<U+2069>"],
  ["hidden tag characters", "hi\u{e0041}", "hi<U+E0041>"],
  ["half a character", "\ud800x", "\ufffdx"],
  ["a tab", "a\tb", "a    b"],
])("%s can be seen and does nothing", (_, text, shown) => {
  expect(visible(text)).toBe(shown);
});

test("no text at all gets a control character through", () => {
  assert(
    property(
      string({ unit: "binary" }),
      (text) => !/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(visible(text)),
    ),
  );
});
