import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  finished,
  hasPseudoTerminals,
  homeOf,
  onTerminal,
  run,
  SPOOR,
  SPOOR_IN_SHELL,
} from "../process/spoor.ts";

let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "spoor-cli-product-"));
  const project = join(home, ".claude/projects/-work-shop");
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, "one.jsonl"), transcript());
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A Claude Code conversation of one turn, with an escape sequence in it. */
function transcript(): string {
  const place = { sessionId: "one", cwd: "/home/dev/shop", version: "2.1.0" };
  return [
    {
      ...place,
      type: "user",
      uuid: "u1",
      timestamp: "2026-11-20T09:00:00.000Z",
      message: { role: "user", content: "Fix \u001b]0;owned\u0007 it" },
    },
    {
      ...place,
      type: "assistant",
      uuid: "a1",
      timestamp: "2026-11-20T09:00:04.000Z",
      message: {
        id: "msg_1",
        role: "assistant",
        model: "claude-opus-4-8",
        content: [{ type: "text", text: "Done." }],
        stop_reason: "end_turn",
        usage: { input_tokens: 100, output_tokens: 20 },
      },
    },
  ]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("");
}

const spoor = (...words: string[]): ReturnType<typeof finished> =>
  finished(run([...SPOOR, ...words], { env: homeOf(home) }));

test("a laptop's first minute: the empty store tells what to import; then it is listed, shown and verified", async () => {
  expect(await spoor("list")).toMatchObject({
    code: 0,
    output: "",
    errors: "0 runs here; 1 Claude Code conversation found: `spoor import --since 7d`\n",
  });
  expect(await spoor("import")).toMatchObject({ code: 0 });
  const listed = await spoor("list", "--json");
  const { invocation_id: id } = JSON.parse(listed.output) as { invocation_id: string };
  expect((await spoor("show", id.slice(-12))).output).toContain("└ turn 1  Fix ␛]0;owned␇ it");
  expect(await spoor("verify")).toMatchObject({ code: 0, output: "" });
});

test("a reader that goes away ends a command quietly", async () => {
  const line = `${SPOOR_IN_SHELL} --help | true; echo "\${PIPESTATUS[0]}"`;
  const { output, errors } = await finished(run(["bash", "-c", line], { env: homeOf(home) }));
  expect({ output, errors }).toEqual({ output: "0\n", errors: "" });
});

test.runIf(process.platform === "linux")("output that cannot be written is no success", async () => {
  const { code, errors } = await finished(
    run(["sh", "-c", `${SPOOR_IN_SHELL} --help > /dev/full`], { env: homeOf(home) }),
  );
  expect(code).toBe(3);
  expect(errors).toMatch(/^spoor: .*the disk is full \(ENOSPC\)\n$/);
});

describe.runIf(hasPseudoTerminals)("on a terminal", () => {
  const screen = (words: string, env: NodeJS.ProcessEnv = {}): ReturnType<typeof finished> =>
    finished(onTerminal(home, `stty cols 70; ${SPOOR_IN_SHELL} ${words}`, { TERM: "xterm", ...env }));
  // oxlint-disable-next-line no-control-regex -- colours
  const colours = /\u001b\[\d+m/g;

  test("there are colours, lines fit, and no other escape sequence gets through", async () => {
    const { output } = await screen("show");
    expect(output).toMatch(colours);
    const plain = output.replaceAll(colours, "");
    expect(plain).not.toMatch(/[^\P{Cc}\r\n]/u);
    for (const row of plain.split("\r\n")) expect(row.length, row).toBeLessThanOrEqual(76); // the hint may be longer
  });

  test("NO_COLOR is heeded", async () => {
    expect((await screen("show", { NO_COLOR: "1" })).output).not.toContain("\u001b");
  });

  test("a prompt is shown in the reader's pager", async () => {
    const { spans } = JSON.parse((await spoor("show", "--json")).output) as {
      spans: { kind: string; span_id: string }[];
    };
    const call = spans.find(({ kind }) => kind === "model")?.span_id ?? "";
    const { output, code } = await screen(`show --prompt ${call}`, {
      PAGER: "sed s/^/paged:/",
      NO_COLOR: "1",
    });
    expect(code).toBe(0);
    expect(output).toMatch(/^paged:claude-opus-4-8 · 1 message/);
    expect(output).toContain("paged:Fix ␛]0;owned␇ it\r\n");
  });

  test("without such a pager it is simply written", async () => {
    const { spans } = JSON.parse((await spoor("show", "--json")).output) as {
      spans: { kind: string; span_id: string }[];
    };
    const call = spans.find(({ kind }) => kind === "model")?.span_id ?? "";
    const { output } = await screen(`show --prompt ${call}`, {
      PAGER: "no-such-pager 2>/dev/null",
      NO_COLOR: "1",
    });
    expect(output).toMatch(/^claude-opus-4-8 · 1 message/);
  });
});
