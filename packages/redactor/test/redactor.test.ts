import { describe, expect, test } from "vitest";
import { createRedactor, createStreamRedactor, type Rule } from "../src/index.ts";

const token = `gh${"p_"}38VwRZhbRr2ihyar2ktknProOtOlEXQjs1Yp`;

const throwing: Rule = {
  name: "throwing",
  anchors: ["boom"],
  pattern: Object.assign(/boom/, {}) as RegExp,
  source: "https://example.test",
  is: "boom",
  isNot: "boo",
};
Object.defineProperty(throwing, "pattern", {
  get: () => {
    throw new Error("a broken rule");
  },
});

describe("redactValue", () => {
  test("masks what stands under a secret name, whatever it looks like, and leaves the names", () => {
    const value = {
      password: "correct horse 7",
      headers: { authorization: "Bearer fqxhzjwv12", accept: "*/*" },
      api_key: "your-api-key-here",
      max_tokens: 4096,
      input_tokens: 12,
      token_type: "bearer",
    };
    expect(createRedactor().redactValue(value)).toEqual({
      password: "[REDACTED:password#1]",
      headers: { authorization: expect.stringContaining("[REDACTED:"), accept: "*/*" },
      api_key: "your-api-key-here",
      max_tokens: 4096,
      input_tokens: 12,
      token_type: "bearer",
    });
  });

  test("masks pairs of name and value, arguments behind a flag, and raw headers", () => {
    const value = {
      env: [{ name: "DEPLOY_TOKEN", value: "k3Jd82mQx0Zp" }],
      argv: ["run", "--api-key", "k3Jd82mQx0Zp", "--verbose"],
      rawHeaders: ["accept", "*/*", "x-auth-token", "k3Jd82mQx0Zp"],
    };
    expect(JSON.stringify(createRedactor().redactValue(value))).not.toContain("k3Jd82");
  });

  test("redacts keys in their place and keeps them apart", () => {
    const redacted = createRedactor().redactValue({ first: 1, [token]: 2, last: 3 });
    expect(Object.entries(redacted)).toEqual([
      ["first", 1],
      ["[REDACTED:github-token#1]", 2],
      ["last", 3],
    ]);
  });

  test("copies only what changes", () => {
    const value = { clean: { deep: ["text without any secret"] }, dirty: { text: token } };
    const redacted = createRedactor().redactValue(value);
    expect(redacted.clean).toBe(value.clean);
    expect(redacted.dirty).toEqual({ text: "[REDACTED:github-token#1]" });
    expect(value.dirty.text).toBe(token);
  });

  test("neither cycles nor ten thousand levels overflow the stack", () => {
    const cycle: Record<string, unknown> = { text: token };
    cycle["self"] = cycle;
    expect(createRedactor().redactValue(cycle)).toEqual({
      text: "[REDACTED:github-token#1]",
      self: "[REDACTED:scanner-error]",
    });

    let deep: unknown = token;
    for (let i = 0; i < 10_000; i++) deep = i % 2 === 0 ? [deep] : { deep };
    let redacted = createRedactor().redactValue(deep) as Record<string, unknown> | unknown[] | string;
    while (typeof redacted === "object") redacted = Object.values(redacted)[0] as typeof redacted;
    expect(redacted).toBe("[REDACTED:github-token#1]");
  });

  test("keeps prototype keys as data", () => {
    const value = JSON.parse(`{"__proto__": {"polluted": "${token}"}, "constructor": "x"}`) as object;
    const redacted = createRedactor().redactValue(value);
    expect(JSON.stringify(redacted)).toBe(
      '{"__proto__":{"polluted":"[REDACTED:github-token#1]"},"constructor":"x"}',
    );
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("leaves numbers, dates, bytes and signatures of model output alone", () => {
    const value = {
      count: 123456789,
      at: new Date(0),
      bytes: new Uint8Array([1, 2]),
      signature: `EqQB${"M8i3M3rrmhBkcMFOCfXdA3gXmTb15Soz69emPivUcr4V".repeat(3)}`,
    };
    expect(createRedactor().redactValue(value)).toBe(value);
  });
});

describe("a redactor that cannot do its work", () => {
  test("replaces the text and counts the failure", () => {
    const redactor = createRedactor({ rules: [throwing] });
    expect(redactor.redactText("this goes boom")).toBe("[REDACTED:scanner-error]");
    expect(redactor.redactValue({ kept: "clean text", lost: "this goes boom" })).toEqual({
      kept: "clean text",
      lost: "[REDACTED:scanner-error]",
    });
    expect(redactor.failures).toBe(2);
  });

  test("replaces a text that asks for more work than any honest one, the same each time", () => {
    for (let i = 0; i < 2; i++) {
      const redactor = createRedactor();
      expect(redactor.redactText('{"kty'.repeat(100_000))).toBe("[REDACTED:scanner-error]");
      expect(redactor.failures).toBe(1);
    }
  });

  test("but not a page of nothing but secrets", () => {
    const page = Array.from(
      { length: 500 },
      (_, i) => `SERVICE_${i}_TOKEN=${token.slice(0, -4)}${1000 + i}`,
    ).join("\n");
    const redactor = createRedactor();
    expect(redactor.redactText(page)).not.toContain("ghp_");
    expect(redactor.failures).toBe(0);
  });

  test("replaces what a getter refuses to give", () => {
    const value = {
      get bad(): string {
        throw new Error("no");
      },
    };
    expect(createRedactor().redactValue(value)).toEqual({ bad: "[REDACTED:scanner-error]" });
  });
});

describe("rules of a project", () => {
  test("add kinds of their own", () => {
    const rule: Rule = {
      name: "acme-badge",
      anchors: ["ACME~"],
      pattern: /ACME~[a-z]{8}/,
      source: "https://example.test",
      is: "ACME~·abcdefgh",
      isNot: "ACME~abc",
    };
    const redactor = createRedactor({ rules: [rule] });
    expect(redactor.redactText(`ACME~wxyzwxyv and ${token}`)).toBe(
      "[REDACTED:acme-badge#1] and [REDACTED:github-token#2]",
    );
  });
});

describe("a stream", () => {
  test("finds a secret that lies across its pieces, whatever the cut", () => {
    const text = `${"a line of output\n".repeat(50)}GITHUB_TOKEN=${token}\ndone\n`;
    for (let cut = 850; cut < text.length; cut++) {
      const stream = createStreamRedactor(createRedactor());
      const output = stream.push(text.slice(0, cut)) + stream.push(text.slice(cut)) + stream.end();
      expect(output, `cut at ${cut}`).toBe(text.replace(token, "[REDACTED:github-token#1]"));
    }
  });

  test("holds back a bounded part and gives everything in the end", () => {
    const stream = createStreamRedactor(createRedactor());
    const line = "a line of ordinary output of a build\n";
    let output = "";
    for (let i = 0; i < 20_000; i++) {
      output += stream.push(line);
      expect((i + 1) * line.length - output.length).toBeLessThanOrEqual(32 * 1024);
    }
    expect(output + stream.end()).toBe(line.repeat(20_000));
  });
});
