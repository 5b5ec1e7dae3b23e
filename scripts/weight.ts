/**
 * `npm run weight`: what the first load of the page weighs, and how long it takes until it can be used, from a server
 * on this machine with a list of sessions.
 */
import { launchChromium, removeFolder, temporaryFolder } from '@belay/testing/node'
import { buildPage } from '../apps/web/src/testing/build-page.ts'
import { sum, weigh } from '../apps/web/src/testing/first-load.ts'
import { PageServer } from '../apps/web/src/testing/page-server.ts'
import { fillScenes } from '../apps/web/src/testing/scenes.ts'

const runs = 7
const dist = temporaryFolder('weight')
await buildPage(dist)
const { scripts, styles, later } = weigh(dist)
console.log('first load')
for (const { name, bytes, gzipBytes } of [...scripts, ...styles])
  console.log(`  ${name.padEnd(40)} ${kilobytes(bytes)}, gzip ${kilobytes(gzipBytes)}`)
console.log(
  `  script in all: gzip ${kilobytes(sum(scripts))}; style: gzip ${kilobytes(sum(styles))}`,
)
console.log('when it is needed')
for (const { name, bytes, gzipBytes } of later)
  console.log(`  ${name.padEnd(40)} ${kilobytes(bytes)}, gzip ${kilobytes(gzipBytes)}`)

const server = new PageServer(dist)
await server.start()
fillScenes(server, Date.now())
const browser = await launchChromium()
const times: { readonly paint: number; readonly usable: number; readonly blocked: number }[] = []
for (let run = 0; run < runs; run++) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 } })
  const page = await context.newPage()
  await page.addInitScript(`
    globalThis.blocked = 0
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.blocked += duration - 50
    }).observe({ type: 'longtask', buffered: true })
    new MutationObserver((_, observer) => {
      if (document.querySelector('[role=log] .card button') === null) return
      observer.disconnect()
      // The next task: what was drawn can be pressed.
      setTimeout(() => { globalThis.usableAt = performance.now() })
    }).observe(document, { childList: true, subtree: true })`)
  await page.goto(`${server.url}/s/asks#token=${server.token}`)
  await page.waitForFunction('globalThis.usableAt !== undefined')
  const [paint = 0, usable = 0, blocked = 0] = numbers(
    await page.evaluate(
      `[performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0, globalThis.usableAt, globalThis.blocked]`,
    ),
  )
  times.push({ paint, usable, blocked })
  await context.close()
}
console.log(`time, from the address to a question that can be answered, ${runs} cold loads`)
console.log(`  first paint:     ${spread(times.map(({ paint }) => paint))}`)
console.log(`  usable:          ${spread(times.map(({ usable }) => usable))}`)
console.log(`  thread blocked:  ${spread(times.map(({ blocked }) => blocked))}`)
await browser.close()
await server.stop()
removeFolder(dist)

function numbers(value: unknown): readonly number[] {
  return Array.isArray(value) ? value.map(Number) : []
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const [first = 0, middle = 0, last = 0] = [
    sorted[0],
    sorted[Math.floor(sorted.length / 2)],
    sorted.at(-1),
  ]
  return `median ${middle.toFixed(0)} ms (${first.toFixed(0)} to ${last.toFixed(0)})`
}
