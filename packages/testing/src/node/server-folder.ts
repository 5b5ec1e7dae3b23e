/** A data folder that leads a command line to a server. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './temporary-folder.ts'
import type { ViewerServer } from './viewer-server.ts'

export function serverFolder({ url, token }: Pick<ViewerServer, 'url' | 'token'>): string {
  const folder = temporaryFolder('belay-cli')
  writeFileSync(join(folder, 'server.json'), JSON.stringify({ url }))
  writeFileSync(join(folder, 'token'), token)
  return folder
}
