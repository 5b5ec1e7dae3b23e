/** The guard's own process: `guard.ts` starts it, and tells it on its input which marker to sweep once that input ends. */
import { text } from 'node:stream/consumers'
import { sweepMarked } from './processes.ts'

const marker = (await text(process.stdin)).trim()
if (marker !== '') await sweepMarked(marker)
