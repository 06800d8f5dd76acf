import { describe, expect, test } from "vitest";
import { UsageError } from "../src/errors.ts";
import { formatLocalTime, parseSince } from "../src/local-time.ts";

describe("formatLocalTime", () => {
  test("shows the reader's own clock", () => {
    const time = "2026-11-20T23:30:05.000Z";
    expect(formatLocalTime(time, "UTC")).toBe("2026-11-20 23:30:05");
    expect(formatLocalTime(time, "Europe/Berlin")).toBe("2026-11-21 00:30:05");
    expect(formatLocalTime(time, "America/New_York", "minutes")).toBe("2026-11-20 18:30");
  });

  test("falls back to the system's zone where TZ is in a form only the C library knows", () => {
    expect(formatLocalTime("2026-11-20T12:00:00.000Z", ":/etc/localtime")).toMatch(
      /^2026-11-2\d \d\d:00:00$/,
    );
  });

  test("gives back what is no instant", () => {
    expect(formatLocalTime("yesterday", "UTC")).toBe("yesterday");
  });
});

describe("parseSince", () => {
  const now = Date.parse("2026-11-20T12:00:00.000Z");

  test.each([
    ["90m", "2026-11-20T10:30:00.000Z"],
    ["36h", "2026-11-19T00:00:00.000Z"],
    ["7d", "2026-11-13T12:00:00.000Z"],
    ["1.5d", "2026-11-19T00:00:00.000Z"],
    ["2w", "2026-11-06T12:00:00.000Z"],
    ["2026-11-01T08:00:00Z", "2026-11-01T08:00:00.000Z"],
  ])("%s", (text, instant) => {
    expect(new Date(parseSince(text, now)).toISOString()).toBe(instant);
  });

  test("a day begins at local midnight", () => {
    expect(parseSince("2026-11-01", now)).toBe(new Date(2026, 10, 1).getTime());
  });

  test.each(["", "7", "7y", "yesterday", "-7d", "2026-13-45", "7 d"])(
    "refuses %j and says what it expects",
    (text) => {
      expect(() => parseSince(text, now)).toThrow(UsageError);
      expect(() => parseSince(text, now)).toThrow(/expected a time such as 7d, 36h or 2026-11-01; got/);
    },
  );
});
