import { appendFileSync, chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { spoor } from "../fake-io.ts";
import { exampleRecords, exampleStore, makeFolder, RUN_ID, textOf, writeTrace } from "../make-trace.ts";

const TOKEN = ["gh", "p_x7Kd93mQpL2vWnZ8RtY4bHcJ6sFgA1eUoI5N"].join("");

interface Finding {
  path: string;
  line?: number;
  kind: string;
  rule: string;
  message: string;
}

async function findingsIn(text: string | Buffer): Promise<string[]> {
  const path = join(makeFolder(), "trace.jsonl");
  writeFileSync(path, text);
  const { code, stdout } = await spoor(["verify", "--json", path]);
  const findings = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Finding);
  expect(code).toBe(findings.length === 0 ? 0 : 1);
  for (const finding of findings) expect(finding.path).toBe(path);
  return findings.map(({ line, rule }) => `${line ?? "-"} ${rule}`);
}

const good = textOf(exampleRecords());
const lineOf = (index: number): string => `${good.split("\n")[index]}\n`;
const edited = (index: number, change: (line: string) => string): string =>
  good
    .split("\n")
    .map((line, at) => (at === index ? change(line) : line))
    .join("\n");

test("a store in order ends with 0 and says what was looked at", async () => {
  expect(await spoor(["verify", "--dir", exampleStore()])).toEqual({
    code: 0,
    stdout: "",
    stderr: "1 file, 11 records: nothing found\n",
  });
});

describe("format", () => {
  test.each<[string, string | Buffer, string[]]>([
    ["nothing wrong", good, []],
    ["Windows line ends", good.replaceAll("\n", "\r\n"), []],
    ["a torn tail", good.slice(0, -5), ["11 torn"]],
    ["a line that is no JSON", edited(2, () => "{oops"), ["3 malformed"]],
    [
      "a line that is not UTF-8",
      Buffer.concat([Buffer.from(good), Buffer.from([0x7b, 0xff, 0x0a])]),
      ["12 malformed"],
    ],
    ["a line torn and gone on after", good.slice(0, good.length - 40) + `\n${lineOf(10)}`, ["11 malformed"]],
    ["a record of a later version", edited(4, (line) => line.replace('"v":1', '"v":2')), ["5 newer_version"]],
    [
      "keys out of order",
      edited(0, (line) => line.replace(/"v":1,("type":"\w+"),/, '$1,"v":1,')),
      ["1 key_order"],
    ],
    ["a null", edited(10, (line) => line.replace('"exit_code":0', '"exit_code":null')), ["11 key_order"]],
    ["a record missing", edited(3, () => "").replace("\n\n", "\n"), ["4 seq"]],
    ["a record twice", good + lineOf(10), ["12 seq"]],
    [
      "a gap that was told",
      good +
        textOf([
          ...exampleRecords(),
          {
            type: "gap",
            time: "2026-11-20T09:00:22.000Z",
            span_id: "a100000000000001",
            records: 3,
            bytes: 900,
            reason: "ENOSPC",
          },
        ]).split("\n")[11] +
        "\n",
      ["12 gap"],
    ],
    ["a time in another form", edited(1, (line) => line.replace('.100Z"', 'Z"')), ["2 field"]],
    ["a key after content", edited(1, (line) => `${line.slice(0, -1)},"late":1}`), ["2 head_content"]],
    [
      "content within the head",
      edited(10, (line) => line.replace('"redactions":{', '"redactions":{"a":1,"content":2,')),
      ["11 head_content"],
    ],
    [
      "a head that is too long",
      edited(10, (line) => line.replace('"github-token":2', `"${"x".repeat(17_000)}":2`)),
      ["11 size"],
    ],
    [
      "a line that is too long",
      edited(1, (line) => line.replace("Fix the cart", "x".repeat(1_100_000))),
      ["2 size"],
    ],
    ["nothing at all", "", ["- empty"]],
  ])("%s", async (_, text, findings) => {
    expect(await findingsIn(text)).toEqual(findings);
  });

  test("a file of the store that others can read is told", async () => {
    const store = exampleStore();
    const path = (JSON.parse((await spoor(["list", "--json", "--dir", store])).stdout) as { path: string })
      .path;
    chmodSync(path, 0o644);
    const { code, stdout } = await spoor(["verify", "--dir", store], { cwd: store });
    expect(code).toBe(1);
    expect(stdout).toBe(
      "traces/2026-11-20/090000-claude-code-3f9c2ab81d04.jsonl  mode  mode 0644; expected 0600: others can read it\n",
    );
  });

  test("the golden files of the format: whole ones pass, the others are told apart", async () => {
    const golden = join(import.meta.dirname, "../../../../fixtures/traces/v1");
    const rulesOf = async (name: string): Promise<string[]> => {
      const { stdout } = await spoor(["verify", "--json", join(golden, name)]);
      return [
        ...new Set(
          stdout
            .split("\n")
            .filter(Boolean)
            .map((line) => (JSON.parse(line) as Finding).rule),
        ),
      ];
    };
    expect(await rulesOf("whole.jsonl")).toEqual([]);
    expect(await rulesOf("amended.jsonl")).toEqual([]);
    expect(await rulesOf("torn.jsonl")).toContain("torn");
    expect(await rulesOf("malformed.jsonl")).toContain("malformed");
    expect(await rulesOf("from-the-future.jsonl")).toContain("newer_version");
  });
});

describe("secrets", () => {
  test("are told by file, line and rule, never by value, in any kind of file", async () => {
    const folder = makeFolder();
    mkdirSync(join(folder, "deep"));
    writeFileSync(join(folder, "deep/notes.md"), `# Notes\n\nuse ${TOKEN}\n`);
    writeFileSync(join(folder, "fine.txt"), "nothing here\n");
    const { code, stdout, stderr } = await spoor(["verify", "."], { cwd: folder });
    expect(code).toBe(1);
    expect(stdout).toBe("deep/notes.md:3  secret github-token  a secret; the value is not shown\n");
    expect(stderr).toBe("2 files, 0 records: 1 finding\n");
  });

  test("are found inside the strings of a trace, and behind a NUL byte", async () => {
    expect(await findingsIn(edited(5, (line) => line.replace("1 failed", `failed\\n${TOKEN}`)))).toEqual([
      "6 github-token",
    ]);
    const folder = makeFolder();
    writeFileSync(join(folder, "core"), Buffer.from(`\0\0\0${TOKEN}\0`));
    expect(await spoor(["verify", folder])).toMatchObject({ code: 1 });
  });

  test("of this shell are searched for by value", async () => {
    const secret = ["Xk29", "vqLm", "7Tzp"].join("-");
    const folder = makeFolder();
    writeFileSync(join(folder, "log"), `ok\nlogin ${secret}\n`);
    const { code, stdout } = await spoor(["verify", folder], { env: { DEPLOY_PASSWORD: secret } });
    expect(code).toBe(1);
    expect(stdout).toMatch(/log:2 {2}secret /);
    expect(stdout).not.toContain(secret);
  });

  test("cannot be searched in packed files: that is no yes", async () => {
    const folder = makeFolder();
    writeFileSync(join(folder, "trace.jsonl.gz"), gzipSync(TOKEN));
    expect(await spoor(["verify", folder], { cwd: folder })).toEqual({
      code: 3,
      stdout: "",
      stderr:
        "spoor: trace.jsonl.gz: packed: nothing in it was checked; unpack it first\n1 file, 0 records: nothing found; 1 file could not be checked\n",
    });
  });
});

test("--json prints findings as lines, and nothing else", async () => {
  const store = exampleStore();
  const path = (JSON.parse((await spoor(["list", "--json", "--dir", store])).stdout) as { path: string })
    .path;
  appendFileSync(path, `oops ${TOKEN}\n`);
  const { stdout } = await spoor(["verify", "--json", "--dir", store]);
  expect(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Finding),
  ).toEqual([
    { path, line: 12, kind: "format", rule: "malformed", message: "the line is no JSON; expected a record" },
    { path, line: 12, kind: "secret", rule: "github-token", message: "a secret; the value is not shown" },
  ]);
  expect(stdout).not.toContain(TOKEN);
  expect(readFileSync(path, "utf8")).toContain(TOKEN); // verify looks and does not touch
});

test("a .jsonl file that was never a trace is only searched for secrets, unless it is named", async () => {
  const folder = makeFolder();
  writeFileSync(join(folder, "other.jsonl"), '{"a":1}\n');
  expect(await spoor(["verify", folder])).toMatchObject({
    code: 0,
    stderr: "1 file, 0 records: nothing found\n",
  });
  expect(await spoor(["verify", join(folder, "other.jsonl")])).toMatchObject({ code: 1 });
});

test("symbolic links in a folder are not followed", async () => {
  const folder = makeFolder();
  const elsewhere = join(makeFolder(), "secret.txt");
  writeFileSync(elsewhere, TOKEN);
  symlinkSync(elsewhere, join(folder, "link.txt"));
  expect(await spoor(["verify", folder])).toMatchObject({ code: 0 });
});

test("a path that is not there ends with 3; a store that is not there yet, with 0", async () => {
  expect(await spoor(["verify", "/nowhere/at/all"])).toMatchObject({
    code: 3,
    stderr: "spoor: /nowhere/at/all: no such file or folder (ENOENT)\n",
  });
  expect(await spoor(["verify", "--dir", "/nowhere/at/all"])).toMatchObject({ code: 0 });
});

test("every trace of the store is checked", async () => {
  const store = exampleStore();
  const other = RUN_ID.replace("1d04", "9999");
  writeTrace(store, exampleRecords(other), other);
  expect((await spoor(["verify", "--dir", store])).stderr).toBe("2 files, 22 records: nothing found\n");
});
