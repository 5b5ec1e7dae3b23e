import { defineConfig } from 'vitest/config'

const ignored = ['**/node_modules/**', '**/dist/**']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,apps}/*/src/**/*.test.{ts,tsx}'],
          exclude: [...ignored, '**/*.e2e.test.ts'],
          // A busy machine may be slow; a test that hangs is told from that only by a long wait.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['{packages,apps}/*/src/**/*.e2e.test.ts'],
          exclude: ignored,
          // Every file has real processes of its own, which mostly wait; more than two of them at a time would wait for a core.
          maxWorkers: 2,
          // How long a thing may take to be seen; the one second by default is too short for a busy machine.
          expect: { poll: { timeout: 15_000 } },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
