import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { follow, Tail } from "../../src/discover/tail.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tail-"));
  path = join(folder, "one.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

const text = (...values: unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join("");
const line = (number: number, value: unknown): unknown => ({ kind: "object", line: number, value });

describe("lines", () => {
  test("come once, each with its number", () => {
    const tail = new Tail(path);
    writeFileSync(path, text({ a: 1 }, { a: 2 }));
    expect(tail.read().lines).toEqual([line(1, { a: 1 }), line(2, { a: 2 })]);
    expect(tail.read().lines).toEqual([]);
    appendFileSync(path, text({ a: 3 }));
    expect(tail.read().lines).toEqual([line(3, { a: 3 })]);
  });

  test("are the same however the writing is cut into pieces", () => {
    const values = [{ text: "naïve ✓ 😀" }, { b: "x".repeat(40) }, { c: null }];
    const whole = Buffer.from(`\n${text(...values)}`);
    for (let cut = 0; cut <= whole.length; cut++) {
      const tail = new Tail(path);
      writeFileSync(path, whole.subarray(0, cut));
      const first = tail.read().lines;
      appendFileSync(path, whole.subarray(cut));
      const read = [...first, ...tail.read().lines];
      expect(read, `cut at ${cut}`).toEqual(values.map((value, index) => line(index + 2, value)));
      rmSync(path);
    }
  });

  test("may be longer than one read, and wait for their end without being given in part", () => {
    const tail = new Tail(path);
    const long = { text: "é".repeat(700_000) };
    const bytes = Buffer.from(text({ a: 1 }, long, { a: 2 }));
    writeFileSync(path, bytes.subarray(0, 500_001));
    expect(tail.read().lines).toEqual([line(1, { a: 1 })]);
    appendFileSync(path, bytes.subarray(500_001, 900_000));
    expect(tail.read().lines).toEqual([]);
    appendFileSync(path, bytes.subarray(900_000));
    expect(tail.read().lines).toEqual([line(2, long), line(3, { a: 2 })]);
  });

  test("that are no objects are counted, blank ones and those of NUL bytes are not", () => {
    writeFileSync(path, `{oops\n[1]\n\r\n${"\0".repeat(5000)}\n${text({ a: 1 })}`);
    expect(new Tail(path).read()).toMatchObject({ lines: [line(5, { a: 1 })], malformed: 2 });
  });

  test("of a file that is not there yet come when it is", () => {
    const tail = new Tail(path);
    expect(tail.read().lines).toEqual([]);
    writeFileSync(path, text({ a: 1 }));
    expect(tail.read().lines).toEqual([line(1, { a: 1 })]);
  });
});

describe("a last line without its newline", () => {
  test("is given at the last read where it is whole", () => {
    const tail = new Tail(path);
    writeFileSync(path, `${text({ a: 1 })}{"a":2}`);
    expect(tail.read().lines).toEqual([line(1, { a: 1 })]);
    expect(tail.read(true)).toMatchObject({ lines: [line(2, { a: 2 })], torn: 0 });
    expect(tail.read(true).lines).toEqual([]);
  });

  test("is counted at the last read where it is torn", () => {
    const tail = new Tail(path);
    writeFileSync(path, `${text({ a: 1 })}{"a":`);
    tail.read();
    expect(tail.read(true)).toMatchObject({ lines: [], torn: 1 });
  });
});

describe("what stood there before", () => {
  test("is history, and the new lines go on counting", () => {
    const old = text({ a: 1 }, { a: 2 });
    writeFileSync(path, old + text({ a: 3 }));
    const tail = new Tail(path, old.length);
    expect(tail.read().lines).toEqual([line(3, { a: 3 })]);
    expect([...tail.history()]).toMatchObject([line(1, { a: 1 }), line(2, { a: 2 })]);
  });

  test("may end in a torn line that a new one was written behind", () => {
    const old = `${text({ a: 1 })}{"a":"to`;
    writeFileSync(path, `${old}${text({ a: 2 }, { a: 3 })}`);
    const tail = new Tail(path, old.length);
    expect([...tail.history()]).toMatchObject([line(1, { a: 1 })]);
    expect(tail.read()).toMatchObject({ lines: [line(2, { a: 2 }), line(3, { a: 3 })], malformed: 0 });
  });

  test("may end in a line that was just being written, which then is history", () => {
    const old = `${text({ a: 1 })}{"a":"to`;
    writeFileSync(path, `${old}rn"}\n${text({ a: 3 })}`);
    expect(new Tail(path, old.length).read()).toMatchObject({ lines: [line(3, { a: 3 })], malformed: 0 });
  });
});

describe("a file that was", () => {
  const first = text({ a: 1 }, { a: 2 }, { a: 3 });

  test("replaced gives only the lines it had not given", () => {
    const tail = new Tail(path, 0);
    writeFileSync(path, first);
    tail.read();
    writeFileSync(join(folder, "new"), text({ a: 1 }, { a: "between" }, { a: 2 }, { a: 3 }, { a: 4 }));
    renameSync(join(folder, "new"), path);
    expect(tail.read().lines).toEqual([line(2, { a: "between" }), line(5, { a: 4 })]);
    appendFileSync(path, text({ a: 1 }));
    expect(tail.read().lines).toEqual([line(6, { a: 1 })]);
  });

  test("shortened gives what is written from there on, of history too nothing twice", () => {
    const tail = new Tail(path, text({ a: 1 }).length);
    writeFileSync(path, first);
    expect(tail.read().lines).toHaveLength(2);
    truncateSync(path, text({ a: 1 }).length);
    expect(tail.read().lines).toEqual([]);
    appendFileSync(path, text({ a: 9 }));
    expect(tail.read().lines).toEqual([line(2, { a: 9 })]);
  });

  test("rewritten in place, and longer than before, is noticed", () => {
    const tail = new Tail(path);
    writeFileSync(path, first);
    tail.read();
    writeFileSync(path, text({ long: "x".repeat(first.length + 10) }));
    expect(tail.read().lines).toMatchObject([{ line: 1 }]);
  });
});

describe("a document", () => {
  const document = (): string => join(folder, "agent.meta.json");

  test("is given when it parses, and again when it has changed", () => {
    const follower = follow(document(), 0);
    writeFileSync(document(), `{"toolUseId":`);
    expect(follower.read().lines).toEqual([]);
    writeFileSync(document(), `{"toolUseId":\n"x"}`);
    expect(follower.read().lines).toEqual([line(1, { toolUseId: "x" })]);
    expect(follower.read().lines).toEqual([]);
    writeFileSync(document(), `{"toolUseId":"x","finished":true}`);
    expect(follower.read().lines).toMatchObject([line(1, { toolUseId: "x", finished: true })]);
  });

  test("that was there before is history until it changes", () => {
    writeFileSync(document(), `{"a":1}`);
    const follower = follow(document(), 7);
    expect(follower.read().lines).toEqual([]);
    expect([...follower.history()]).toMatchObject([line(1, { a: 1 })]);
  });
});
