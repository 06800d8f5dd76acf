import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SPOOR } from "../process/spoor.ts";
import { bytesBelow, formsOf, leaksIn, password, token } from "./canaries.ts";
import { commandOf, genuine, GENUINE_AGENTS, type GenuineAgent, writing } from "./genuine.ts";
import { Place } from "./place.ts";

const WEBHOOKS = join(import.meta.dirname, "../../../fixtures/webhooks");

/** What a tool call and its result look like in each agent's lines, around which secrets are put. */
const ARGUMENTS: Readonly<Record<GenuineAgent, readonly [string, (key: string) => string]>> = {
  "claude-code": ['"description":"scripted"', (key) => `"description":"scripted","${key}":1`],
  codex: ['{\\"cmd\\":\\"ls\\"}', (key) => `{\\"cmd\\":\\"ls\\",\\"${key}\\":1}`],
  "gemini-cli": ['"args":{"dir_path":"."', (key) => `"args":{"dir_path":".","${key}":1`],
};

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

describe.concurrent("a secret", () => {
  test.each(GENUINE_AGENTS)("is nowhere in the store, wherever it was: %s", async (agent) => {
    await using place = new Place();
    const secrets = {
      prompt: token("github"),
      argument: token("anthropic"),
      key: token("npm"),
      output: token("slack"),
      file: password(),
      answer: token("stripe"),
      argv: token("gitlab"),
      environment: `${password()}"\\ß€`,
      url: password(),
      remote: password(),
      resource: token("aws"),
      role: token("github"),
      reason: token("stripe"),
      branch: token("gitlab"),
    };
    const [args, withKey] = ARGUMENTS[agent];
    const encodings = formsOf(secrets.environment).map(inJson).join(" | ");
    const ok = genuine(place, agent, "ok", [
      ["ALPHA create", `ALPHA use ${secrets.prompt} and create`],
      [args, withKey(secrets.key)],
      ["hello from the script", `DB_PASSWORD=${secrets.file}`],
      ["README.md", `README.md ${encodings} ${secrets.output}`],
      ["cat missing-file.txt; exit 3", `curl -H 'x-api-key: ${secrets.argument}' https://example.com`],
      ["One file was missing", `${secrets.answer} was missing`],
    ]);
    place.git("init", "-q", "-b", `try-${secrets.branch}`);
    place.git("remote", "add", "origin", `https://bot:${secrets.remote}@git.example.com/team/shop.git`);
    const declare = [...SPOOR, "decision", "approve", "--reason", `because of ${secrets.reason}`];
    place.play(
      "go",
      writing(ok, place),
      { do: "run", command: declare },
      { do: "reach", gate: "written" },
      { do: "pass", gate: "end" },
    );
    const running = place.record([commandOf(agent), "--token", secrets.argv, "go"], {
      options: ["--role", `fixer ${secrets.role}`],
      env: {
        SHOP_API_TOKEN: secrets.environment,
        DATABASE_URL: `postgres://shop:${secrets.url}@db.example.com/shop`,
        OTEL_RESOURCE_ATTRIBUTES: `deployment.note=${secrets.resource}`,
      },
    });
    await place.reached("written");
    await place.until(
      "all is on disk",
      () => place.trace.decision === "approve" && place.trace.llm_calls > 2,
    );
    expect(leaksIn(place.store, secrets)).toEqual([]);
    place.open("end");
    const { errors } = await running.ended;
    expect(leaksIn(place.store, secrets)).toEqual([]);
    expect(Object.entries(secrets).filter(([, value]) => errors.includes(value))).toEqual([]);
    const { trace } = place;
    expect(trace).toMatchObject({ ...ok.sums, repository_url: "https://git.example.com/team/shop" });
    expect(trace.losses.redaction_failed).toBeUndefined();
    expect(trace.text.match(/\[REDACTED:[^\]]+\]/g)?.length).toBeGreaterThan(10);
    expect(errors).toMatch(/\d+ secrets removed/);

    // Nor does the import of the same transcript bring it in.
    const elsewhere = join(place.root, "elsewhere");
    await place.spoor("import", "--dir", elsewhere);
    const { environment: _, ...inTranscript } = secrets;
    expect(leaksIn(elsewhere, inTranscript)).toEqual([]);
  });

  test("in an API's error is taken out of it", async () => {
    await using place = new Place();
    const secret = token("anthropic");
    const failed = genuine(place, "claude-code", "api-error", [["API Error", `API Error (key ${secret})`]]);
    expect(failed.transcript.lines.join("")).toContain(secret);
    place.play("go", writing(failed, place));
    await place.record(["claude", "go"]).ended;
    expect(place.trace.llm_errors).toBeGreaterThan(0);
    expect(leaksIn(place.store, { secret })).toEqual([]);
  });

  test("with --on-secret fail makes a command fail that did not", async () => {
    await using place = new Place();
    const secret = token("github");
    const leaky = genuine(place, "claude-code", "text", [["README.md", secret]]);
    place.play("go", writing(leaky, place));
    const options = ["--on-secret", "fail"];
    expect((await place.record(["claude", "go"], { options }).ended).code).toBe(1);
    expect(place.trace).toMatchObject({ status: "success", ...leaky.sums });
    expect((await place.record(["sh", "-c", "exit 7", secret], { options }).ended).code).toBe(7);
    expect((await place.record(["true"], { options }).ended).code).toBe(0);
    expect(leaksIn(place.store, { secret })).toEqual([]);
  });

  test("with --on-secret fail is found in a conversation of its own as well", async () => {
    await using place = new Place();
    const leaky = genuine(place, "claude-code", "text", [["README.md", token("github")]]);
    place.play("go", writing(leaky, place), { do: "pass", gate: "end" });
    const running = place.record(["sh", "-c", "claude go; true"], { options: ["--on-secret", "fail"] });
    await place.until("the agent is seen", () => place.traces().length === 2);
    place.open("end");
    const { code, errors } = await running.ended;
    expect(code).toBe(1);
    expect(errors).toContain("1 secret removed");
  });

  test.each([
    ["SPOOR_LEVEL", { SPOOR_LEVEL: "metadata" }],
    ["a CI that strangers may read", { CI: "true" }],
  ])("is not looked for in contents at level metadata, and --on-secret fail says so: %s", async (_, env) => {
    await using place = new Place();
    const options = ["--on-secret", "fail"];
    const { code, errors } = await place.record(["true", token("github")], { options, env }).ended;
    expect(code).toBe(0);
    expect(errors).toMatch(/^spoor: --on-secret fail had no .* level metadata stores none\.$/m);
    const full = [...options, "--level", "full"];
    expect((await place.record(["true"], { options: full, env }).ended).errors).not.toContain("--on-secret");
  });

  test("with --on-secret suppress is the last content that is stored", async () => {
    await using place = new Place();
    const leaky = genuine(place, "claude-code", "text", [["README.md", token("github")]]);
    place.play("go", writing(leaky, place));
    await place.record(["claude", "go"], { options: ["--on-secret", "suppress"] }).ended;
    const { records, text } = place.trace;
    const found = records.findIndex((record) => record.type === "event" && record.name === "secret");
    expect(found).toBeGreaterThan(0);
    expect(records[found - 1]).toHaveProperty("content");
    for (const record of records.slice(found)) expect(record).not.toHaveProperty("content");
    expect(text).not.toContain("Done. The file now exists.");
    expect(place.trace).toMatchObject(leaky.sums);
  });
});

describe.concurrent("content", () => {
  /** Records a conversation and a decision, and waits for no later one than the run's own end. */
  async function storedBytes(
    place: Place,
    options: readonly string[],
    env: Record<string, string>,
  ): Promise<Buffer> {
    const ok = genuine(place, "claude-code", "ok");
    const declare = [...SPOOR, "decision", "approve", "--reason", "it looks fine"];
    place.play("go", writing(ok, place), { do: "run", command: declare });
    await place.record(["claude", "go"], { options, env }).ended;
    expect(place.trace).toMatchObject({ ...ok.sums, decision: "approve" });
    await place.record(["claude", "no-such-play"], { options, env }).ended;
    return bytesBelow(place.store);
  }

  test("is not stored at level metadata, nor anything that it says", async () => {
    await using place = new Place();
    const bytes = await storedBytes(place, ["--level", "metadata"], {});
    for (const text of ['"content"', "ALPHA", "missing-file", "it looks fine", place.cwd])
      expect(bytes.includes(text), text).toBe(false);
  });

  test.each([
    ["of a public repository", { visibility: "public", private: false }, false],
    ["of a repository of which nothing is known", undefined, false],
    ["of a private repository", { visibility: "private", private: true }, true],
  ])("under GitHub Actions %s", async (_, repository, isStored) => {
    await using place = new Place();
    place.write("event.json", JSON.stringify(repository === undefined ? {} : { repository }));
    const event = { GITHUB_ACTIONS: "true", CI: "true", GITHUB_EVENT_PATH: join(place.cwd, "event.json") };
    const bytes = await storedBytes(place, [], event);
    expect(bytes.includes('"content"')).toBe(isStored);
  });

  test("is not stored where SPOOR_LEVEL is mistyped, and the run says so", async () => {
    await using place = new Place();
    const env = { SPOOR_LEVEL: "metadta", SPOOR_AGENT: "cluade" };
    const { code, errors } = await place.record(["true"], { env }).ended;
    expect(code).toBe(0);
    expect(errors).toMatch(/^spoor: SPOOR_LEVEL: .*"metadta".*$/m);
    expect(errors).toMatch(/^spoor: SPOOR_AGENT: .*"cluade".*$/m);
    expect(place.trace.text).not.toContain('"content"');
    const { errors: none } = await place.record(["true"], { env, options: ["--level", "full"] }).ended;
    expect(none, "the option counts").not.toContain("SPOOR_LEVEL");
  });

  test("is stored under CI where --level says so", async () => {
    await using place = new Place();
    const event = { GITHUB_ACTIONS: "true", GITHUB_EVENT_PATH: join(WEBHOOKS, "push.json") };
    expect((await storedBytes(place, ["--level", "full"], event)).includes('"content"')).toBe(true);
  });

  test.each([
    ["at level metadata", ["--level", "metadata"]],
    ["after a secret", ["--on-secret", "suppress"]],
  ])("is not stored by an import either, of a run %s that was killed", async (_, options) => {
    await using place = new Place();
    const ok = genuine(place, "claude-code", "ok", [["I should look at the files.", token("github")]]);
    const steps = writing(ok, place);
    place.play("go", steps.slice(0, 32), { do: "pass", gate: "rest" }, steps.slice(32), {
      do: "reach",
      gate: "end",
    });
    const running = place.record(["claude", "go"], { options });
    await place.until("some of it is stored", () => place.trace.llm_calls > 1);
    running.kill("SIGKILL");
    place.open("rest");
    await place.reached("end");
    expect(await place.spoorJson("import")).toHaveLength(1);
    const bytes = bytesBelow(place.store);
    expect(bytes.includes('"type":"tool_result"')).toBe(true);
    for (const text of ["hello from the script", "Done. The file now exists."])
      expect(bytes.includes(text), text).toBe(false);
  });

  test("is read by nobody else: folders are 0700 and files 0600", async () => {
    await using place = new Place();
    const ok = genuine(place, "claude-code", "ok");
    place.play("go", writing(ok, place), { do: "reach", gate: "written" }, { do: "pass", gate: "end" });
    mkdirSync(place.store, { mode: 0o700 });
    const running = place.record(["claude", "go"]);
    await place.reached("written");
    await place.until("it is stored", () => place.trace.llm_calls > 0);
    const modes = spawnSync("find", [place.store, "-printf", "%y%m %P\n"], { encoding: "utf8" }).stdout;
    expect(modes).toContain("claims/");
    for (const line of modes.trim().split("\n")) expect(line).toMatch(/^(?:d700|f600) /);
    place.open("end");
    await running.ended;
  });
});
