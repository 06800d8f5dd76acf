import { describe, expect, test } from "vitest";
import { createRedactor, findSecrets, redact } from "../src/index.ts";

const githubToken = `gh${"p_"}38VwRZhbRr2ihyar2ktknProOtOlEXQjs1Yp`;

describe("redact", () => {
  test("replaces a token and keeps the words around it", () => {
    expect(redact(`push with ${githubToken} now`)).toBe("push with [REDACTED:github-token#1] now");
  });

  test("gives equal secrets equal numbers and starts anew with each call", () => {
    const other = `gh${"p_"}aaVwRZhbRr2ihyar2ktknProOtOlEXQjs1Yp`;
    expect(redact(`${other} ${githubToken} ${other}`)).toBe(
      "[REDACTED:github-token#1] [REDACTED:github-token#2] [REDACTED:github-token#1]",
    );
    expect(redact(githubToken)).toBe("[REDACTED:github-token#1]");
  });

  test("keeps host, path and user of a connection string", () => {
    expect(redact("postgres://batch:ZMrK0YCPNC!z1AD@db-01.acme.internal:5432/main")).toBe(
      "postgres://batch:[REDACTED:url-password#1]@db-01.acme.internal:5432/main",
    );
  });

  test("returns the very same string when there is nothing to redact", () => {
    const text = "uses: actions/checkout@990ecdbd36a369a3894f525af67f30ba2e1d3aac # v4";
    expect(redact(text)).toBe(text);
  });

  test("cannot be switched off by words in the text", () => {
    expect(redact(`// secretlint-disable\n${githubToken}`)).not.toContain(githubToken);
    expect(redact("password=[REDACTED:password#1]Tr0ub4dor&3xyz")).not.toContain("Tr0ub4dor");
  });
});

test("findSecrets gives rules and offsets, never values", () => {
  expect(findSecrets(`a ${githubToken}`)).toEqual([
    { rule: "github-token", start: 2, end: 2 + githubToken.length },
  ]);
});

describe("a redactor", () => {
  test("knows the secret-looking values of its environment in other encodings", () => {
    const secret = "kX9#vv'l\"24/+z";
    const redactor = createRedactor({
      env: { DEPLOY_SECRET: secret, HOME: "/home/someone", LANG: "en_US.UTF-8" },
    });
    for (const form of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString("base64"),
      Buffer.from(`a${secret}`).toString("base64"),
      Buffer.from(`ab${secret}b`).toString("base64url"),
    ]) {
      expect(redactor.redactText(`<${form}>`), form).toMatch(/^<\S{0,2}\[REDACTED:[a-z-]+#\d+\]\S{0,2}>$/);
    }
    expect(redactor.redactText("/home/someone en_US.UTF-8")).toBe("/home/someone en_US.UTF-8");
  });

  test("counts hits by rule", () => {
    const redactor = createRedactor();
    redactor.redactText(githubToken);
    redactor.redactValue({ password: "hunter22" });
    expect({ ...redactor.counts }).toEqual({ "github-token": 1, password: 1 });
    expect(redactor.failures).toBe(0);
  });
});
