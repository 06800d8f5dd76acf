import { lintSource } from "@secretlint/core";
import { creator as preset } from "@secretlint/secretlint-rule-preset-recommend";
import { describe, expect, test } from "vitest";
import { createRedactor, redact } from "../src/index.ts";
import { runSecretlint } from "../src/secretlint.ts";
import { isHarmless } from "../src/shape.ts";
import { isGone, readCorpus } from "./corpus.ts";

const corpus = readCorpus();

describe("over the labelled corpus", () => {
  test("every labelled value is gone, and no 16 characters of it are left", () => {
    const left = corpus.flatMap(({ rule, text, secrets }) => {
      const output = redact(text);
      return secrets.filter((secret) => !isGone(output, secret)).map(() => rule);
    });
    expect(left).toEqual([]);
  });

  test("every text without secrets comes through byte-identical", () => {
    const touched = corpus
      .filter(({ negative, text }) => negative && redact(text) !== text)
      .map(({ rule }) => rule);
    expect(touched).toEqual([]);
  });

  test("redacting twice changes nothing more", () => {
    for (const { text } of corpus) {
      const once = redact(text);
      expect(redact(once)).toBe(once);
    }
  });

  test("what is JSON stays JSON", () => {
    for (const { text } of corpus) {
      if (isJson(text)) expect(isJson(redact(text)), text).toBe(true);
    }
  });

  test("no finding of secretlint's own runner is in the output, and none of its rules without our prefilter finds more", async () => {
    const redactor = createRedactor();
    for (const { text } of corpus) {
      const { messages } = await lintSource({
        source: { content: text, filePath: "text.txt", ext: ".txt", contentType: "text" },
        options: {
          noPhysicFilePath: true,
          config: {
            rules: [{ id: "@secretlint/secretlint-rule-preset-recommend", rule: preset, options: {} }],
          },
        },
      });
      const output = redactor.redactText(text);
      const found = messages.flatMap(({ data }) => Object.values((data ?? {}) as Record<string, unknown>));
      for (const value of [...found, ...runSecretlint(text).map((finding) => finding.value)]) {
        if (typeof value === "string" && value.length >= 16 && !isHarmless(value))
          expect(output).not.toContain(value);
      }
    }
  });
});

function isJson(text: string): boolean {
  if (!/^[[{"]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
