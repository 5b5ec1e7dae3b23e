/** A process with one engine at a time, which does what it is told until it is told nothing more, or killed. */
import { Checkpoints } from '../../checkpoints.ts'
import { openHere } from './engine.ts'
import type { Call } from './hosts.ts'
import type { Engine } from './session.ts'

let engine: Engine | undefined

async function run(call: Call): Promise<unknown> {
  if (call.what === 'open') {
    engine = openHere(call.options, (options) => new Checkpoints(options))
    return undefined
  }
  if (engine === undefined) throw new Error('there is no engine')
  switch (call.what) {
    case 'ready':
      return engine.ready()
    case 'save':
      return engine.save(call.moment)
    case 'plan':
      return engine.plan(call.restore)
    case 'restore':
      return engine.restore(call.restore)
    case 'finish':
      return engine.finish(call.turn)
    case 'stop':
      return engine.stop()
    case 'close':
      return engine.close()
  }
}

function say(answer: {
  readonly id: number
  readonly result?: unknown
  readonly fault?: string
}): void {
  process.send?.(answer)
}

process.on('message', (call: Call) => {
  run(call).then(
    (result) => say({ id: call.id, result }),
    (error: unknown) =>
      say({ id: call.id, fault: error instanceof Error ? (error.stack ?? '') : String(error) }),
  )
})
process.on('disconnect', () => process.exit())
