import { defineConfig } from "vitest/config";

/** Two projects: `unit` needs nothing but Node; `system` uses the real kernel, runtime and network. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
          exclude: ["**/*.system.test.ts", "**/node_modules/**"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "system",
          include: ["packages/*/test/**/*.system.test.ts", "test/**/*.system.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
