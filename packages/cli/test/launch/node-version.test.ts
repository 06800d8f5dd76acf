import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { complainAboutNode, OLDEST_NODE } from "../../src/launch/node-version.ts";

test.each(["22.0.0", "24.21.0", "100.0.0"])("Node %s will do", (running) => {
  expect(complainAboutNode(running)).toBeUndefined();
});

test.each(["21.9.9", "20.20.2", "4.9.1", "0.12.18"])(
  "Node %s is refused in one sentence that names it",
  (running) => {
    expect(complainAboutNode(running)).toContain(`this is Node ${running}`);
  },
);

test("package.json asks for the same Node", () => {
  const { engines } = JSON.parse(readFileSync(`${import.meta.dirname}/../../package.json`, "utf8")) as {
    engines: { node: string };
  };
  expect(engines.node).toBe(`>=${OLDEST_NODE}`);
});
