import { expect, test } from "vitest";
import { spoor } from "../fake-io.ts";

const TOKEN = ["gh", "p_x7Kd93mQpL2vWnZ8RtY4bHcJ6sFgA1eUoI5N"].join("");

test("text goes through, secrets do not; what went is counted on stderr", async () => {
  expect(await spoor(["redact"], { stdin: `token ${TOKEN}\nno newline at the end` })).toEqual({
    code: 0,
    stdout: "token [REDACTED:github-token#1]\nno newline at the end",
    stderr: "spoor: secrets removed: github-token 1\n",
  });
});

test("text without secrets comes out as it went in, and nothing is said", async () => {
  const stdin = "naïve café\r\n\ttabs and \u001b[31mcolours\u001b[0m stay\n";
  expect(await spoor(["redact"], { stdin })).toEqual({ code: 0, stdout: stdin, stderr: "" });
});

test("a secret that two chunks share is found", async () => {
  const bytes = Buffer.from(`a ${TOKEN} b`);
  const { stdout } = await spoor(["redact"], { stdin: [bytes.subarray(0, 12), bytes.subarray(12)] });
  expect(stdout).toBe("a [REDACTED:github-token#1] b");
});

test("the shell's own secrets are known by their values", async () => {
  const secret = ["Xk29", "vqLm", "7Tzp"].join("-");
  const { stdout } = await spoor(["redact"], {
    stdin: `login with ${secret}!`,
    env: { DEPLOY_PASSWORD: secret },
  });
  expect(stdout).not.toContain(secret);
  expect(stdout).toMatch(/^login with \[REDACTED:[^\]]+\]!$/);
});

test("--ndjson keeps each line's other fields", async () => {
  const stdin = `{"id":1,"text":"a ${TOKEN}","more":[1]}\n\n{"id":"two","text":"b"}\n`;
  expect((await spoor(["redact", "--ndjson"], { stdin })).stdout).toBe(
    '{"id":1,"text":"a [REDACTED:github-token#1]","more":[1]}\n{"id":"two","text":"b"}\n',
  );
});

test.each([
  [
    "no JSON",
    '{"id":1,"text":"x"}\noops\n',
    '--ndjson: expected lines such as {"id":1,"text":"…"}; got one that is no JSON',
  ],
  ["without a text", `["${TOKEN}"]\n`, '--ndjson: record 1: expected {"id":…,"text":"…"} with a text'],
])(
  "--ndjson with a line that is %s ends with 2, and the complaint shows nothing of it",
  async (_, stdin, complaint) => {
    const { code, stderr } = await spoor(["redact", "--ndjson"], { stdin });
    expect({ code, stderr }).toEqual({ code: 2, stderr: `spoor: ${complaint}\n` });
  },
);

test("--ndjson writes every line before the first bad one, however the input comes in pieces", async () => {
  const text = '{"id":1,"text":"naïve"}\r\n{"id":2,"text":"b"}\nbad\n{"id":3,"text":"c"}\n';
  const bytes = Buffer.from(text);
  for (const stdin of [text, [...bytes].map((byte) => Uint8Array.of(byte))]) {
    const { code, stdout } = await spoor(["redact", "--ndjson"], { stdin });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '{"id":1,"text":"naïve"}\n{"id":2,"text":"b"}\n' });
  }
});
