/**
 * What real agents answered to `initialize`, word for word, each in the version it names; asked without an account. Only
 * where a program was installed, and what belongs to one machine, is taken out.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

export const realIntroductions = Object.entries(
  z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'real-introductions.json'), 'utf8'))),
)
