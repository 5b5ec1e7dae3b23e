/** The page as it is served: built into a folder of the caller's. */
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

export async function buildPage(folder: string): Promise<void> {
  await build({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true },
  })
}
