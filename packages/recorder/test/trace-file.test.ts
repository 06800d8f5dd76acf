import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Entry, readEntries } from "@spoor/trace";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Draft, TraceFile, type WriteCalls } from "../src/trace-file.ts";

let store: string;
let path: string;
beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), "spoor-file-"));
  path = join(store, "traces", "2026-01-01", "000000-plain-000000000000.jsonl");
});
afterEach(() => rmSync(store, { recursive: true, force: true }));

function draft(name: string): Draft {
  return {
    type: "event",
    time: "2026-01-01T00:00:00.000Z",
    invocation_id: "01990000-0000-7000-8000-000000000000",
    span_id: "00000000000000aa",
    name,
    content: { text: "naïve ✓" },
  };
}

function create(calls?: WriteCalls): TraceFile {
  const opened = TraceFile.create(store, path, calls);
  if (opened.kind === "refused") throw new Error(opened.reason);
  return opened.file;
}

function reopen(): TraceFile {
  const opened = TraceFile.reopen(path);
  if (opened.kind === "refused") throw new Error(opened.reason);
  return opened.file;
}

function namesOf(entries: Iterable<Entry>): string[] {
  return [...entries].map((entry) =>
    entry.kind === "record"
      ? `${entry.record.seq} ${String((entry.record as { name?: unknown }).name ?? entry.record.type)}`
      : entry.kind,
  );
}

/** A disk that takes `room()` bytes of each write and then is full. */
function disk(room: () => number): WriteCalls {
  return {
    nowMs: () => 1_767_225_600_000,
    write: (descriptor, data, offset = 0) => {
      const bytes = typeof data === "string" ? Buffer.from(data) : data.subarray(offset);
      const taken = Math.min(room(), bytes.length);
      if (taken === 0) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      return writeSync(descriptor, bytes, 0, taken);
    },
  };
}

describe("a new file", () => {
  test("numbers its records from 0 and is readable by its owner alone", async () => {
    const file = create();
    file.append(draft("a"));
    file.append(draft("b"));
    await file.close();
    expect(namesOf(readEntries(path))).toEqual(["0 a", "1 b"]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(store, "traces", "2026-01-01")).mode & 0o777).toBe(0o700);
  });

  test("is on disk record by record, before it is closed", () => {
    create().append(draft("a"));
    expect(readFileSync(path, "utf8").endsWith("\n")).toBe(true);
  });

  test("never takes the place of a file that is there", () => {
    mkdirSync(join(store, "traces", "2026-01-01"), { recursive: true, mode: 0o700 });
    writeFileSync(path, "mine");
    expect(TraceFile.create(store, path)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("EEXIST"),
    });
    expect(readFileSync(path, "utf8")).toBe("mine");
  });

  test.each([0o777, 0o770, 0o720])("is refused in a store that others can write to (mode %o)", (mode) => {
    chmodSync(store, mode);
    expect(TraceFile.create(store, path)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("others can write"),
    });
  });

  test("is refused where a folder of the store is a link", () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "spoor-elsewhere-"));
    symlinkSync(elsewhere, join(store, "traces"));
    expect(TraceFile.create(store, path)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("symbolic link"),
    });
    rmSync(elsewhere, { recursive: true });
  });

  test("is refused, not thrown about, where the store cannot be made", () => {
    writeFileSync(join(store, "file"), "");
    expect(
      TraceFile.create(join(store, "file"), join(store, "file", "traces", "d", "x.jsonl")),
    ).toMatchObject({ kind: "refused" });
  });
});

describe("a file that is opened again", () => {
  test("goes on with the next number", async () => {
    const first = create();
    first.append(draft("a"));
    await first.close();
    const second = reopen();
    second.append(draft("b"));
    await second.close();
    expect(namesOf(readEntries(path))).toEqual(["0 a", "1 b"]);
  });

  test("keeps a torn tail as it is and loses nothing after it", async () => {
    const first = create();
    first.append(draft("a"));
    await first.close();
    appendFileSync(path, '{"v":1,"type":"event","na');
    const second = reopen();
    second.append(draft("b"));
    await second.close();
    expect(namesOf(readEntries(path))).toEqual(["0 a", "malformed", "1 b"]);
  });
});

describe("a full disk", () => {
  test("costs records, which a gap tells as soon as writing works again", async () => {
    let room = Infinity;
    const file = create(disk(() => room));
    file.append(draft("a"));
    room = 0;
    file.append(draft("lost 1"));
    file.append(draft("lost 2"));
    room = Infinity;
    file.append(draft("b"));
    await file.close();
    const entries = [...readEntries(path)];
    expect(namesOf(entries)).toEqual(["0 a", "3 gap", "4 b"]);
    expect(entries[1]).toMatchObject({ record: { type: "gap", records: 2, reason: "ENOSPC" } });
    expect(file.lost.records).toBe(2);
  });

  test("that cuts a record anywhere damages that record only", async () => {
    const whole = `${JSON.stringify({ v: 1, type: "event", seq: 1 })}\n`.length;
    for (let cut = 1; cut < whole + 150; cut++) {
      rmSync(path, { force: true });
      const rooms = [Infinity, cut, 0, Infinity, Infinity, Infinity];
      const file = create(disk(() => rooms.shift() ?? Infinity));
      file.append(draft("a"));
      file.append(draft("cut"));
      file.append(draft("b"));
      await file.close();
      expect(namesOf(readEntries(path)), `cut after ${cut} bytes`).toEqual([
        "0 a",
        "malformed",
        "2 gap",
        "3 b",
      ]);
    }
  });

  test("that writes in pieces loses nothing", async () => {
    const file = create(disk(() => 7));
    file.append(draft("a"));
    file.append(draft("b"));
    await file.close();
    expect(namesOf(readEntries(path))).toEqual(["0 a", "1 b"]);
  });

  test("never throws into the host, however long it lasts", () => {
    const file = create(disk(() => 0));
    for (let n = 0; n < 500; n++) file.append(draft("lost"));
    expect(file.lost.records).toBe(500);
  });
});

test("a closed file takes nothing more", async () => {
  const file = create();
  await file.close();
  file.append(draft("late"));
  await file.close();
  expect(readFileSync(path, "utf8")).toBe("");
});
