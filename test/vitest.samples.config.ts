import { defineConfig } from "vitest/config";

/** Checks over the samples beside the checkout, where there are any: `npm run test:samples`. */
export default defineConfig({
  ssr: { resolve: { conditions: ["@spoor/source"] } },
  test: {
    include: ["packages/*/test/**/*.samples.test.ts", "test/**/*.samples.test.ts"],
    testTimeout: 300_000,
    passWithNoTests: true,
  },
});
