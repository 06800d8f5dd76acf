import { hash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sha256, shortDigest } from "../src/sha256.ts";

test("agrees with node:crypto at every length around its blocks", () => {
  for (let length = 0; length <= 1100; length++) {
    const bytes = Uint8Array.from({ length }, (_, n) => (n * 31) & 255);
    expect(shortDigest(bytes), `${length} bytes`).toBe(hash("sha256", bytes, "hex"));
  }
});

test("agrees with node:crypto on any text", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 300 }),
      (text) => sha256(text) === hash("sha256", text, "hex"),
    ),
  );
});
