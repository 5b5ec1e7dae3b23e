/** The second thread of a glance: takes part in it whenever one is begun, until nothing is left. */
import { parentPort } from 'node:worker_threads'
import { type Glanced, glanceAt, layOut } from './glance-part.ts'

let work = layOut([])

parentPort?.on('message', (word: Glanced | 'glance') => {
  if (word !== 'glance') {
    work = word
    return
  }
  while (glanceAt(work)) continue
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port is no window
  parentPort?.postMessage('done')
})
