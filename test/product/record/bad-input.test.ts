import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { SPOOR } from "../process/spoor.ts";
import type { Step } from "./agents/play.ts";
import { bytesBelow } from "./canaries.ts";
import { commandOf, genuine, GENUINE_AGENTS, type GenuineAgent, takeUp, textOf, writing } from "./genuine.ts";
import { Place, type StoredTrace } from "./place.ts";

const endOf = ({ trace }: StoredTrace): object | undefined => trace.invocation?.end;

describe.concurrent("a command that cannot be started", () => {
  test.each([
    ["does not exist", ["no-such-agent", "-p", "hi"], 127],
    ["may not be executed", ["./data.txt"], 126],
    ["is a folder", ["."], 126],
    ["is the empty word", [""], 127],
  ])("since it %s is told in a sentence, and by its trace", async (_, command, code) => {
    await using place = new Place();
    place.write("data.txt", "");
    const ended = await place.record(command).ended;
    expect(ended).toMatchObject({ code, output: "" });
    expect(ended.errors).toMatch(/^spoor: [^\n]+\n$/);
    expect(place.trace).toMatchObject({ status: "failure" });
    expect(endOf(place.trace)).toMatchObject({ exit_code: code });
  });
});

describe.concurrent("a store that cannot be used", () => {
  /** Runs an agent whose run must be as it is without us, and gives what spoor says. */
  async function unrecorded(place: Place, env: Record<string, string> = {}): Promise<string> {
    const ok = genuine(place, "claude-code", "ok");
    place.play("go", { do: "print", text: "hello\n" }, writing(ok, place), { do: "exit", code: 9 });
    const { code, output, errors } = await place.record(["claude", "go"], { env }).ended;
    expect({ code, output }).toEqual({ code: 9, output: "hello\n" });
    return errors;
  }
  const WARNING = /^spoor: no trace of this run: [^\n]+\. The command was not affected\.\n$/;

  test("since others may write to it costs one warning, never the run", async () => {
    await using place = new Place();
    mkdirSync(place.store);
    chmodSync(place.store, 0o777);
    const errors = await unrecorded(place);
    expect(errors).toMatch(WARNING);
    expect(errors).toContain("others can write to");
    expect(readdirSync(place.store)).toEqual([]);
  });

  test("since it is a file, or lies below one, costs one warning", async () => {
    await using place = new Place();
    writeFileSync(place.store, "");
    expect(await unrecorded(place)).toMatch(WARNING);
    expect(await unrecorded(place, { SPOOR_DIR: join(place.store, "below") })).toMatch(WARNING);
    expect(await unrecorded(place, { SPOOR_DIR: "/proc/no/such" })).toMatch(WARNING);
  });

  test("since a link in it leads elsewhere costs one warning, and nothing is written there", async () => {
    await using place = new Place();
    const elsewhere = join(place.root, "elsewhere");
    mkdirSync(elsewhere);
    mkdirSync(place.store, { mode: 0o700 });
    symlinkSync(elsewhere, join(place.store, "traces"));
    expect(await unrecorded(place)).toMatch(/symbolic link/);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test("since we may not enter it costs one warning", async () => {
    await using place = new Place();
    mkdirSync(place.store, { mode: 0o000 });
    const running = place.start([...SPOOR, "record", "--", "sh", "-c", "exit 9"], { user: notRoot(place) });
    const { code, errors } = await running.ended;
    expect(code).toBe(9);
    expect(errors).toMatch(WARNING);
    chmodSync(place.store, 0o700);
  });

  test("since it goes away meanwhile costs one warning", async () => {
    await using place = new Place();
    const ok = genuine(place, "claude-code", "ok");
    place.play("go", writing(ok, place), { do: "remove", file: place.store }, { do: "exit", code: 9 });
    const { code, errors } = await place.record(["claude", "go"]).ended;
    expect(code).toBe(9);
    expect(errors).toMatch(WARNING);
  });

  test("since it is not ours to read in part is recorded into all the same", async () => {
    await using place = new Place();
    await place.record(["true"]).ended;
    // As one run under sudo leaves it.
    mkdirSync(join(place.store, "traces/2001-01-01"), { mode: 0o000 });
    const child = place.start([...SPOOR, "record", "--", "sh", "-c", "exit 9"], { user: notRoot(place) });
    expect(await child.ended).toMatchObject({ code: 9 });
    chmodSync(join(place.store, "traces/2001-01-01"), 0o700);
    expect(place.traces()).toHaveLength(2);
  });
});

/** Whom root must become for permissions to matter; the place is then theirs. */
function notRoot(place: Place): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  system("chown", "-R", "65534:65534", place.root);
  return { uid: 65_534, gid: 65_534 };
}

/** A file system of so many KiB in the store's place; gone when the test is over. */
function smallDisk(place: Place, sizeKiB: number): Disposable {
  mkdirSync(place.store, { mode: 0o700 });
  const options = `size=${sizeKiB}k,mode=700`;
  if (system("mount", "-t", "tmpfs", "-o", options, "none", place.store) !== 0)
    throw new Error("nothing may be mounted here");
  return { [Symbol.dispose]: () => void system("umount", "-l", place.store) };
}

/** @returns Its exit code. */
function system(program: string, ...args: readonly string[]): number | null {
  return spawnSync(program, args).status;
}

async function isMountable(): Promise<boolean> {
  await using place = new Place();
  try {
    using _ = smallDisk(place, 4);
    return true;
  } catch {
    process.stderr.write("not tested: a full disk, for only root may mount a small one\n");
    return false;
  }
}

const testOnSmallDisk = test.runIf(await isMountable());

describe("a disk that is full", () => {
  testOnSmallDisk("costs records, which are counted and told, never the run", async () => {
    await using place = new Place();
    using _ = smallDisk(place, 64);
    const filler = join(place.store, "filler");
    writeFileSync(filler, Buffer.alloc(40 * 1024));
    const big = genuine(place, "claude-code", "ok", [["hello from the script", "x ".repeat(20_000)]]);
    const steps = writing(big, place);
    place.play(
      "go",
      steps.slice(0, -8),
      { do: "pass", gate: "room" },
      { do: "remove", file: filler },
      steps.slice(-8),
      { do: "exit", code: 9 },
    );
    const running = place.record(["claude", "go"]);
    await place.until("the disk is full", () => statfsSync(place.store).bfree === 0);
    place.open("room");
    const { code, errors } = await running.ended;
    expect(code).toBe(9);
    expect(errors).toMatch(/^spoor: failure in .* \d+ records? could not be written · spoor show \w{12}\n$/);
    expect(place.trace.records).toContainEqual(expect.objectContaining({ type: "gap", reason: "ENOSPC" }));
    expect(place.trace.losses.gaps).toBeGreaterThan(0);
    expect(endOf(place.trace)).toMatchObject({ exit_code: 9 });
  });

  testOnSmallDisk.each([
    [0, /^spoor: failure in .* \d+ records? could not be written · spoor show \w{12}\n$/],
    [16, /^spoor: no trace of this run: [^\n]+ could not be written to\. The command was not affected\.\n$/],
  ])(
    "to its end leaves what it could hold (%i KiB of 16 were taken) and tells so",
    async (takenKiB, told) => {
      await using place = new Place();
      using _ = smallDisk(place, 16);
      writeFileSync(join(place.store, "filler"), Buffer.alloc(takenKiB * 1024));
      const big = genuine(place, "claude-code", "ok", [["hello from the script", "x ".repeat(20_000)]]);
      place.play("go", writing(big, place), { do: "exit", code: 9 });
      const result = join(place.root, "result.json");
      const options = ["--result-file", result];
      const { code, errors } = await place.record(["claude", "go"], { options }).ended;
      expect(code).toBe(9);
      expect(errors).toMatch(told);
      expect(existsSync(result)).toBe(takenKiB === 0);
      if (takenKiB === 0)
        expect(JSON.parse(readFileSync(result, "utf8"))).toMatchObject({ status: "failure" });
    },
  );
});

describe.concurrent("a transcript that is hostile", () => {
  const ESCAPE = "\\u001b]0;pwned\\u0007\\u001b[2J\\u009b31m\\u202e";

  test.each(GENUINE_AGENTS)(
    "sends no escape to the terminal and no byte beside the store: %s",
    async (agent) => {
      await using place = new Place();
      const hostile = genuine(place, agent, "ok", [
        ["missing-file.txt", `../../../../etc/${ESCAPE}`],
        ["hello from the script", ESCAPE],
        ["claude-opus-5-5", `claude-${ESCAPE}`],
        ["gpt-5.5", `gpt-${ESCAPE}`],
        ["gemini-2.5-pro", `gemini-${ESCAPE}`],
        ["exec_command", `exec_${ESCAPE}`],
        ['"description":"scripted"', '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}'],
      ]);
      place.play("go", writing(hostile, place));
      const { code, errors } = await place.record([commandOf(agent), "go"]).ended;
      expect(code).toBe(0);
      // oxlint-disable-next-line no-control-regex -- these are what must not be there
      expect(errors).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(place.trace).toMatchObject({ ...hostile.sums, losses: {} });
      // oxlint-disable-next-line no-control-regex -- as above: JSON writes them escaped
      expect(place.trace.text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
      if (agent === "claude-code") expect(place.trace.text).toContain('"__proto__":{"polluted":1}');
      const files = readdirSync(place.store, { recursive: true }) as string[];
      expect(files.filter((name) => !/^(traces|claims|declared)/.test(name))).toEqual([]);
    },
  );

  test("may have a line of 20 MB and one that is nested 10 000 deep", async () => {
    await using place = new Place();
    const ok = genuine(place, "claude-code", "ok");
    const { path, lines } = ok.transcript;
    const session = `"sessionId":"${ok.conversationId}","timestamp":"${new Date().toISOString()}"`;
    const deep = `{"type":"user",${session},"message":{"role":"user","content":${"[".repeat(10_000)}${"]".repeat(10_000)}}}\n`;
    const long = `{"type":"attachment",${session},"attachment":{"type":"x","text":"${"y".repeat(20e6)}"}}\n`;
    const bad = `{"type":"user",${session}\n\0\0\0\n[1,2,3]\n"text"\n`;
    place.play("go", takeUp(place, "claude-code", ok.conversationId), [
      { do: "append", file: path, text: textOf(ok.transcript, 0, 10) },
      { do: "append", file: path, text: deep + bad },
      { do: "append", file: path, text: long },
      { do: "append", file: path, text: lines.slice(10).join("") },
    ]);
    const { code } = await place.record(["claude", "go"]).ended;
    expect(code).toBe(0);
    expect(place.trace).toMatchObject(ok.sums);
    expect(place.trace.losses.malformed).toBeGreaterThan(0);
    for (const line of place.trace.text.split("\n")) expect(line.length).toBeLessThan(2 ** 20);
  });

  test("may have pipes and folders beside it that are named like its files, and nobody waits for them", async () => {
    await using place = new Place();
    const nested = genuine(place, "claude-code", "sub-agent");
    const beside = nested.transcript.path.replace(/\.jsonl$/, "/subagents");
    const projects = dirname(nested.transcript.path);
    const script = [
      `mkdir -p ${beside}/agent-folder.jsonl ${projects}/folder.jsonl`,
      `mkfifo ${beside}/agent-pipe.jsonl ${beside}/agent-pipe.meta.json ${projects}/pipe.jsonl`,
      `rm ${place.home}/.claude/sessions/*.json; for pid in $PPID $$; do mkfifo ${place.home}/.claude/sessions/$pid.json; done`,
      `ln -s /dev/zero ${beside}/agent-zero.jsonl; ln -s /dev/zero ${projects}/zero.jsonl`,
      `mkfifo ${place.cwd}/AGENTS.md`,
    ].join("; ");
    const steps = writing(nested, place);
    const half = Math.floor(steps.length / 2);
    place.play("go", steps.slice(0, half), { do: "run", command: ["sh", "-c", script] }, steps.slice(half), [
      { do: "pause", ms: 600 },
      { do: "exit", code: 9 },
    ]);
    const { code } = await place.record(["claude", "go"]).ended;
    expect(code).toBe(9);
    expect(place.trace).toMatchObject(nested.sums);
    // An import reads what is there, and tells of the rest.
    const elsewhere = join(place.root, "elsewhere");
    const { code: imported, output } = await place.start([...SPOOR, "import", "--json", "--dir", elsewhere])
      .ended;
    expect(imported).toBe(3);
    expect(JSON.parse(output)).toMatchObject(nested.sums);
  });

  const endings: readonly (readonly [string, (file: string) => Step[]])[] = [
    ["is removed", (file) => [{ do: "remove", file }]],
    ["is emptied", (file) => [{ do: "truncate", file }]],
    ["is moved away", (file) => [{ do: "rename", file, to: `${file}.old` }]],
  ];
  test.each(endings)(
    "that %s by its agent costs nothing that was read, and is not counted twice",
    async (_, end) => {
      await using place = new Place();
      const ok = genuine(place, "claude-code", "ok");
      const { path } = ok.transcript;
      place.play("go", writing(ok, place).slice(0, -1), { do: "pass", gate: "read" }, end(path), {
        do: "pass",
        gate: "end",
      });
      const running = place.record(["claude", "go"]);
      await place.until("all of it is read", () => place.trace.llm_calls === ok.sums.llm_calls);
      place.open("read");
      place.open("end");
      expect((await running.ended).code).toBe(0);
      expect(place.trace).toMatchObject({ ...ok.sums, losses: {} });
    },
  );

  test("that is written anew from its beginning is not counted twice", async () => {
    await using place = new Place();
    const ok = genuine(place, "claude-code", "ok");
    const { path, lines } = ok.transcript;
    const text = lines.join("");
    place.play(
      "go",
      takeUp(place, "claude-code", ok.conversationId),
      { do: "append", file: path, text: textOf(ok.transcript, 0, 30) },
      { do: "pass", gate: "read" },
      { do: "write", file: `${path}.new`, text },
      { do: "rename", file: `${path}.new`, to: path },
    );
    const running = place.record(["claude", "go"]);
    await place.until("some of it is read", () => place.trace.llm_calls > 0);
    place.open("read");
    await running.ended;
    expect(place.trace).toMatchObject({ ...ok.sums, losses: {} });
  });
});

describe.concurrent("surroundings that are odd", () => {
  const recordedOk = async (place: Place, options: Parameters<Place["record"]>[1]): Promise<StoredTrace> => {
    const ok = genuine(place, "claude-code", "ok");
    place.play("go", writing(ok, place));
    const { code, errors } = await place.record(["claude", "go"], options).ended;
    expect(code, errors).toBe(0);
    expect(place.trace).toMatchObject({ ...ok.sums, losses: {} });
    return place.trace;
  };

  test("without HOME an agent is still found where it says it is", async () => {
    await using place = new Place();
    await recordedOk(place, { env: { HOME: undefined, CLAUDE_CONFIG_DIR: join(place.home, ".claude") } });
  });

  test("a role and a team may be anything", async () => {
    await using place = new Place();
    const role = `a\nb\u001b[31m"\\\u2028${"r".repeat(10_000)}`;
    const { errors, ...trace } = {
      ...(await recordedOk(place, {
        options: ["--role", role, "--team", "\u0000x".slice(1).repeat(10_000)],
      })),
      errors: "",
    };
    expect(trace.text.split("\n")).toHaveLength(trace.records.length + 1);
    expect(trace.role?.startsWith("a\nb")).toBe(true);
    const shown = await place.spoor("list");
    // oxlint-disable-next-line no-control-regex -- what a terminal would obey
    expect(shown).not.toMatch(/\u001b/);
    expect(errors).toBe("");
  });

  test("in a folder that is gone the command runs and is recorded", async () => {
    await using place = new Place();
    const gone = join(place.root, "gone");
    mkdirSync(gone);
    const shell = `cd '${gone}' && rmdir '${gone}' && exec ${SPOOR.map((word) => `'${word}'`).join(" ")} record -- sh -c 'echo hello; exit 3'`;
    const { code, output } = await place.start(["sh", "-c", shell]).ended;
    expect({ code, output }).toEqual({ code: 3, output: "hello\n" });
    expect(place.trace).toMatchObject({ status: "failure" });
  });

  test("with SPOOR_DISABLED=true nothing is recorded, and nothing told", async () => {
    await using place = new Place();
    const script = 'echo "$TRACEPARENT$SPOOR_INVOCATION"; exit 3';
    const ended = await place.record(["sh", "-c", script], { env: { SPOOR_DISABLED: "true" } }).ended;
    expect(ended).toMatchObject({ code: 3, output: "\n", errors: "" });
    expect(existsSync(place.store)).toBe(false);
  });

  test("a result file that cannot be written is told in a sentence", async () => {
    await using place = new Place();
    const options = ["--result-file", join(place.root, "no/such/folder.json"), "--quiet"];
    const { code, errors } = await place.record(["sh", "-c", "exit 3"], { options }).ended;
    expect(code).toBe(3);
    expect(errors).toMatch(/^spoor: the result file was not written: [^\n]+\n$/);
  });

  test("agents' folders that are files, loops or not ours do not matter", async () => {
    await using place = new Place();
    writeFileSync(join(place.home, ".codex"), "");
    mkdirSync(join(place.home, ".gemini"));
    symlinkSync(".", join(place.home, ".gemini/tmp"));
    mkdirSync(join(place.home, ".claude/projects"), { recursive: true });
    symlinkSync("loop", join(place.home, ".claude/projects/loop"));
    symlinkSync("/", join(place.home, ".claude/projects/root"));
    await recordedOk(place, {});
  });

  test("an environment may hold anything", async () => {
    await using place = new Place();
    const env = {
      OTEL_RESOURCE_ATTRIBUTES: "a=%zz,=x,b,c=1=2,__proto__=y,constructor=z",
      OTEL_SERVICE_NAME: "\u001b[31m",
      SPOOR_LEVEL: "loud",
      SPOOR_AGENT: "../../x",
      TRACEPARENT: "x".repeat(100_000),
      SPOOR_INVOCATION: "../../../etc",
    };
    const trace = await recordedOk(place, { env });
    expect(trace.agent).toBe("claude-code");
    expect(trace.trace.invocation?.start?.resource).toMatchObject({ a: "%zz", c: "1" });
  });
});

/** Each agent's own home may be elsewhere. */
const HOMES: Readonly<Record<GenuineAgent, (place: Place) => Record<string, string>>> = {
  "claude-code": (place) => ({ CLAUDE_CONFIG_DIR: join(place.home, ".claude") }),
  codex: (place) => ({ CODEX_HOME: join(place.home, ".codex") }),
  "gemini-cli": (place) => ({ GEMINI_CLI_HOME: place.home }),
};

describe.concurrent("an agent's home elsewhere", () => {
  test.each(GENUINE_AGENTS)("is known by the agent's own variable: %s", async (agent) => {
    await using place = new Place();
    const ok = genuine(place, agent, "ok");
    place.play("go", writing(ok, place));
    const empty = join(place.root, "empty");
    mkdirSync(empty);
    await place.record([commandOf(agent), "go"], { env: { HOME: empty, ...HOMES[agent](place) } }).ended;
    expect(place.trace).toMatchObject({ conversation_id: ok.conversationId, ...ok.sums });
    expect(bytesBelow(empty).length).toBe(0);
    rmSync(empty, { recursive: true });
  });
});
