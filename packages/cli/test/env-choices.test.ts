import { expect, test } from "vitest";
import { agentFromEnv, levelFromEnv } from "../src/env-choices.ts";

function told<Value>(
  read: (io: Parameters<typeof levelFromEnv>[0]) => Value,
  env: Record<string, string>,
): { value: Value; stderr: string } {
  let stderr = "";
  const write = (text: string): void => void (stderr += text);
  const value = read({ env, stderr: { isTTY: false, columns: 80, write } });
  return { value, stderr };
}

test("a word of the list is what it says, and an unset or empty variable is not given", () => {
  expect(told(levelFromEnv, { SPOOR_LEVEL: "full" })).toEqual({ value: "full", stderr: "" });
  expect(told(agentFromEnv, { SPOOR_AGENT: "codex" })).toEqual({ value: "codex", stderr: "" });
  expect(told(levelFromEnv, {})).toEqual({ value: undefined, stderr: "" });
  expect(told(levelFromEnv, { SPOOR_LEVEL: "" })).toEqual({ value: undefined, stderr: "" });
});

test("a mistyped level is told in one line and stores less, not more", () => {
  const { value, stderr } = told(levelFromEnv, { SPOOR_LEVEL: "metadta" });
  expect(value).toBe("metadata");
  expect(stderr).toBe(
    'spoor: SPOOR_LEVEL: expected full, metadata; got "metadta": stored is only metadata\n',
  );
});

test("an agent that is not known is told in one line and counts as not given", () => {
  const { value, stderr } = told(agentFromEnv, { SPOOR_AGENT: "cluade\n" });
  expect(value).toBeUndefined();
  expect(stderr).toMatch(/^spoor: SPOOR_AGENT: expected claude-code, .*; got "cluade\\n": .*\n$/);
});
