import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isLearnable, secretsOfEnvironment } from "../src/exact-values.ts";
import { createRedactor } from "../src/index.ts";
import { isGone } from "./corpus.ts";

const secrets = fc
  .oneof(
    fc.string({ unit: "grapheme-ascii", minLength: 12, maxLength: 60 }),
    fc.string({ unit: fc.constantFrom(...`aZ9"'\\&<>%+/= $!\`^|é`), minLength: 12, maxLength: 40 }),
  )
  .filter((secret) => isLearnable(secret) && secret.trim() === secret && !/^["']|["']$/.test(secret));

const json = (text: string): string => JSON.stringify(text).slice(1, -1);
const xml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const encoders: Readonly<Record<string, (secret: string) => string>> = {
  plain: (secret) => secret,
  "a JSON string": json,
  "a JSON string in a JSON string": (secret) => json(json(secret)),
  "a JSON string with escaped slashes": (secret) => json(secret).replaceAll("/", "\\/"),
  "a URI component": encodeURIComponent,
  "a URI component in lower case": (secret) =>
    encodeURIComponent(secret).replace(/%../g, (escape) => escape.toLowerCase()),
  "a form field": (secret) => new URLSearchParams({ v: secret }).toString().slice(2),
  "XML text": xml,
  "an XML attribute": (secret) => xml(secret).replaceAll('"', "&quot;").replaceAll("'", "&apos;"),
  "a single-quoted shell word": (secret) => secret.replaceAll("'", String.raw`'\''`),
  "a double-quoted shell word": (secret) => secret.replace(/["$`\\!]/g, String.raw`\$&`),
  "a PowerShell string": (secret) => secret.replace(/[`"$]/g, "`$&"),
  "a GitHub expression": (secret) => secret.replaceAll("'", "''"),
  "hexadecimal digits": (secret) => Buffer.from(secret).toString("hex"),
};

describe("a value of the environment is found", () => {
  test.each(Object.entries(encoders))("as %s", (_, encode) => {
    fc.assert(
      fc.property(secrets, (secret) => {
        const redactor = createRedactor({ env: { DEPLOY_SECRET: secret } });
        expect(isGone(redactor.redactText(`before <${encode(secret)}> after`), encode(secret))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test("in base64 of either alphabet, at any of its three alignments", () => {
    fc.assert(
      fc.property(
        secrets,
        fc.nat({ max: 5 }),
        fc.constantFrom("base64", "base64url"),
        (secret, shift, encoding) => {
          const around = (middle: string): string =>
            Buffer.from(`${"-".repeat(shift)}${middle}--`).toString(encoding);
          const output = createRedactor({ env: { DEPLOY_SECRET: secret } }).redactText(
            `data:${around(secret)}.`,
          );
          expect(isGone(output, around(secret).slice(shift * 2, -4))).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("in an object key, an argument list and an error message", () => {
    const secret = "q8#Zv0!mNw2^Lx";
    const redactor = createRedactor({ env: { DB_PASSWORD: secret } });
    const value = { [secret]: 1, argv: ["psql", `--pw=${secret}`], error: `refused: ${secret}` };
    expect(JSON.stringify(redactor.redactValue(value))).not.toContain("Zv0");
  });
});

describe("of an environment are learnt", () => {
  test("values with a secret name, and passwords of URLs", () => {
    expect(
      secretsOfEnvironment({
        GITHUB_TOKEN: "q8Zv0mNw2Lx4",
        DATABASE_URL: "postgres://app:x7%23Kq9wPz@db.test/main",
        MYSQL_PWD: "q8Zv0mNw2Lx5",
      }),
    ).toEqual(["q8Zv0mNw2Lx4", "x7%23Kq9wPz", "x7#Kq9wPz", "q8Zv0mNw2Lx5"]);
  });

  test("passphrases, and words with a number that nobody says by chance", () => {
    expect(
      secretsOfEnvironment({
        DB_PASSWORD: "correct-horse-battery-staple",
        MY_SECRET_TOKEN: "plainlookingvalue77",
      }),
    ).toEqual(["correct-horse-battery-staple", "plainlookingvalue77"]);
  });

  test("no short values, paths, plain words, stand-ins or values with harmless names", () => {
    expect(
      secretsOfEnvironment({
        API_TOKEN: "abc1234",
        SSH_KEY_TOKEN: "/home/someone/.ssh/id_ed25519",
        DB_PASSWORD: "password",
        APP_SECRET: "changeme-please",
        PUBLIC_KEY: "q8Zv0mNw2Lx4q8Zv0mNw2Lx4",
        PATH: "/usr/local/bin:/usr/bin",
        npm_config_user_agent: "npm/11.0.0 node/v24.21.0 linux x64",
      }),
    ).toEqual([]);
  });
});

describe("what a run learns", () => {
  test("is masked from then on", () => {
    const redactor = createRedactor();
    expect(redactor.redactText("x vK93kd02mWq x")).toContain("vK93kd02mWq");
    redactor.learn("vK93kd02mWq");
    expect(redactor.redactText("x vK93kd02mWq x")).toBe("x [REDACTED:known-value#1] x");
  });

  test("includes what a workflow asks to mask, in this line and later ones", () => {
    const redactor = createRedactor();
    expect(redactor.redactText("::add-mask::purple zebra 7Kx9#q")).toBe(
      "::add-mask::[REDACTED:known-value#1]",
    );
    expect(redactor.redactText("it was purple zebra 7Kx9#q")).toBe("it was [REDACTED:known-value#1]");
  });

  test("does not include plain words that some output asks to mask", () => {
    const redactor = createRedactor();
    redactor.redactText("::add-mask::repository");
    expect(redactor.redactText("the repository")).toBe("the repository");
  });

  test("leaves out what is shorter than eight characters", () => {
    const redactor = createRedactor({ values: ["a1b2c3"] });
    redactor.learn("x9y8z7");
    expect(redactor.redactText("a1b2c3 x9y8z7")).toBe("a1b2c3 x9y8z7");
  });
});
