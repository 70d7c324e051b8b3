import { defineConfig } from 'vitest/config';

/**
 * `npm test` runs the `unit` project; `.ci/run` runs `integration`, on real services, `timed`, whose rates nothing may run beside, and
 * `e2e`, in a real browser.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{apps,packages}/*/src/**/*.test.ts', '{scripts,bench}/**/*.test.ts'],
          exclude: ['**/*.int.test.ts', '**/*.timed.test.ts', '**/node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{apps,packages}/*/src/**/*.int.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'timed',
          include: ['{apps,packages}/*/src/**/*.timed.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 }, // after the other projects
        },
      },
      {
        test: { name: 'e2e', include: ['e2e/**/*.e2e.ts'], testTimeout: 300_000, hookTimeout: 300_000 },
      },
    ],
    maxWorkers: 2,
  },
});
