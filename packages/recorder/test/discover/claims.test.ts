import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { currentWriter, type Writer } from "@spoor/trace";
import { Claims } from "../../src/discover/claims.ts";

const TRANSCRIPT = "/home/dev/.agent/sessions/one.jsonl";
const here = currentWriter();
/** Another process that lives: our parent, told without its start time. */
const { pid_start: _, ...withoutStart } = here;
const alive: Writer = { ...withoutStart, pid: process.ppid };
/** One that has ended. */
const gone: Writer = { ...withoutStart, pid: spawnSync("true").pid };

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "claims-")), "claims");
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true }));

const claims = (writer: Writer = here, nowMs: () => number = Date.now): Claims =>
  new Claims(folder, nowMs, writer);

test("a transcript is claimed by one live process at a time", () => {
  expect(claims(alive).take(TRANSCRIPT)).toBe(true);
  expect(claims().isTaken(TRANSCRIPT)).toBe(true);
  expect(claims().take(TRANSCRIPT)).toBe(false);
  expect(claims().take("/another.jsonl")).toBe(true);
});

test("a claim of our own is no other's, and may be made again", () => {
  const ours = claims();
  expect(ours.take(TRANSCRIPT)).toBe(true);
  expect(ours.isTaken(TRANSCRIPT)).toBe(false);
  expect(ours.take(TRANSCRIPT)).toBe(true);
});

test("a claim ends with close", () => {
  const theirs = claims(alive);
  theirs.take(TRANSCRIPT);
  theirs.close();
  expect(readdirSync(folder)).toEqual([]);
  expect(claims().take(TRANSCRIPT)).toBe(true);
});

test("the claim of a process that has ended is taken over", () => {
  claims(gone).take(TRANSCRIPT);
  expect(claims().isTaken(TRANSCRIPT)).toBe(false);
  expect(claims().take(TRANSCRIPT)).toBe(true);
  expect(claims(alive).take(TRANSCRIPT)).toBe(false);
  expect(readdirSync(folder)).toHaveLength(1);
});

test("a claim from another host holds for a day without a byte", () => {
  claims({ ...alive, host_hash: "0123456789abcdef" }).take(TRANSCRIPT);
  expect(claims().take(TRANSCRIPT)).toBe(false);
  const inTwoDays = (): number => Date.now() + 2 * 24 * 60 * 60 * 1000;
  expect(claims(here, inTwoDays).take(TRANSCRIPT)).toBe(true);
});

test("a claim cut short holds only as long as its writing could take", () => {
  claims(alive).take(TRANSCRIPT);
  const [file = ""] = readdirSync(folder);
  writeFileSync(join(folder, file), '{"pid":');
  expect(claims().isTaken(TRANSCRIPT)).toBe(true);
  utimesSync(join(folder, file), 0, 0);
  expect(claims().take(TRANSCRIPT)).toBe(true);
});

test("where claims cannot be written, nothing is refused", () => {
  writeFileSync(folder, "a file stands in the way");
  expect(claims().take(TRANSCRIPT)).toBe(true);
  expect(claims().isTaken(TRANSCRIPT)).toBe(false);
  claims().close();
  expect(existsSync(folder)).toBe(true);
});

test("a closed spoor leaves alone what another has taken over since", () => {
  const slow = claims(gone);
  slow.take(TRANSCRIPT);
  claims(alive).take(TRANSCRIPT);
  slow.close();
  expect(claims().isTaken(TRANSCRIPT)).toBe(true);
});
