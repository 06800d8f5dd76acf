import { defineConfig } from "vitest/config";

/** Unit tests of the packages and whole-product tests, both from sources. `test/agents` and `test/bench` have commands of their own. */
export default defineConfig({
  ssr: { resolve: { conditions: ["@spoor/source"] } },
  test: {
    exclude: ["**/node_modules/**", "**/*.samples.test.ts"],
    include: ["packages/*/test/**/*.test.ts", "test/product/**/*.test.ts"],
    testTimeout: 60_000,
  },
});
