/** What must be done when this process ends, however it ends, short of being killed hard. */

const callbacks = new Set<() => void>()

export function atEnd(callback: () => void): void {
  if (callbacks.size === 0) {
    process.once('exit', runAll)
    // A test runner ends its workers by signal, and a signal's default end says nothing to `exit`.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.once(signal, () => {
        runAll()
        process.kill(process.pid, signal)
      })
    }
  }
  callbacks.add(callback)
}

function runAll(): void {
  for (const callback of callbacks) callback()
}
