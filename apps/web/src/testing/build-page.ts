/** The page as it is served: built into a folder of the caller's. */
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

export async function buildPage(folder: string): Promise<void> {
  // A test runner says that this is a test, and then the page would be built with what is for developers only.
  const before = process.env['NODE_ENV']
  process.env['NODE_ENV'] = 'production'
  await build({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true },
  })
  if (before === undefined) delete process.env['NODE_ENV']
  else process.env['NODE_ENV'] = before
}
