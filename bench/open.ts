/**
 * Opening a session of 10,000 events in a browser: from the address to its last event on the screen. Beside it, in the
 * same browser, one fetch of the same bytes as they are on the stream, and the page with nothing to show.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join, resolve } from 'node:path'
import { WebSocket } from 'ws'
import { buildPage } from '../apps/web/src/testing/build-page.ts'
import { launchChromium } from '../packages/testing/src/node/chromium.ts'
import { closeServer, listenOnLoopback } from '../packages/testing/src/node/loopback.ts'
import { type BenchServer, percentile, runningSession, startServer } from './world.ts'

type Browser = Awaited<ReturnType<typeof launchChromium>>
type Page = Awaited<ReturnType<Browser['newPage']>>

const events = 10_000
const rounds = 7
const last = 'The last of all.'

export async function open(folder: string): Promise<void> {
  await buildPage(resolve(import.meta.dirname, '../apps/web/dist'))
  const server = await startServer(folder)
  const token = readFileSync(join(folder, 'token'), 'utf8').trim()
  const session = await longSession(server)
  const bytes = await streamOf(server, session, token)
  const raw = createServer((request, response) =>
    response.end(request.url === '/bytes' ? bytes : '<!doctype html>'),
  )
  const rawUrl = `http://127.0.0.1:${await listenOnLoopback(raw)}`
  const browser = await launchChromium()
  const page: number[] = []
  const empty: number[] = []
  const fetched: number[] = []
  for (let round = 0; round < rounds; round++) {
    page.push(await opened(browser, `${server.url}/s/${session}#token=${token}`, last))
    empty.push(await opened(browser, `${server.url}/#token=${token}`, 'Choose a session'))
    fetched.push(await fetchedIn(browser, rawUrl))
  }
  const [whole, nothing, limit] = [page, empty, fetched].map((times) => percentile(times, 0.5))
  if (whole === undefined || nothing === undefined || limit === undefined) return
  console.log(
    `${events} events, ${(bytes.length / 1e6).toFixed(1)} MB: on the screen after p50 ${whole.toFixed(0)} ms (${Math.min(...page).toFixed(0)} to ${Math.max(...page).toFixed(0)}), the page alone p50 ${nothing.toFixed(0)} ms, one fetch of the same bytes p50 ${limit.toFixed(1)} ms; ratio ${(whole / limit).toFixed(1)}, without the page’s own load ${((whole - nothing) / limit).toFixed(1)}`,
  )
  await browser.close()
  await closeServer(raw)
  await server.kill()
}

/** Of a turn as agents have them: mostly text, each tenth a tool call and its end. */
async function longSession(server: BenchServer): Promise<string> {
  const runner = await runningSession(server)
  const before = 6 // Events before the first report, so that the log has the round number.
  const reports = Array.from({ length: events - before }, (_, index) => {
    const tool = { type: 'tool', turn: 1, toolCallId: `t${Math.floor(index / 10)}` }
    if (index === events - before - 1) return { type: 'text', turn: 1, text: `\n\n${last}` }
    if (index % 10 === 8) return { ...tool, title: 'npm test', kind: 'execute', status: 'pending' }
    if (index % 10 === 9) return { ...tool, status: 'completed' }
    return {
      type: 'text',
      turn: 1,
      text: `The *words* number ${index}: ${'and so on '.repeat(22)}\n\n`,
    }
  })
  for (let at = 0; at < reports.length; at += 100)
    await runner.send(reports.slice(at, at + 100).map((report) => JSON.stringify(report)))
  runner.close()
  return runner.session
}

/** All a viewer that begins is sent until it is caught up. */
async function streamOf(server: BenchServer, session: string, token: string): Promise<Buffer> {
  const socket = new WebSocket(
    `${server.url.replace('http', 'ws')}/v1/sessions/${session}/stream?after=0`,
    { headers: { authorization: `Bearer ${token}` }, perMessageDeflate: false },
  )
  const frames: Buffer[] = []
  await new Promise<void>((done, fail) => {
    socket.once('error', fail)
    socket.on('message', (data: Buffer) => {
      frames.push(data)
      if (data.toString('latin1', 0, 40).includes('"caught-up"')) done()
    })
  })
  socket.terminate()
  return Buffer.concat(frames)
}

/** @returns milliseconds from the address to this text having been drawn, in a profile that knows nothing of the page */
async function opened(browser: Browser, url: string, text: string): Promise<number> {
  return inNewPage(browser, async (page) => {
    await page.addInitScript(`
      new MutationObserver((_, observer) => {
        const shown = document.querySelector('[role=log]') ?? document.querySelector('main')
        if (!(shown?.textContent ?? '').includes(${JSON.stringify(text)})) return
        observer.disconnect()
        // The next task after the next frame: it was drawn.
        requestAnimationFrame(() => setTimeout(() => { globalThis.drawnAt = performance.now() }))
      }).observe(document, { childList: true, subtree: true, characterData: true })`)
    await page.goto(url)
    await page.waitForFunction('globalThis.drawnAt !== undefined')
    return Number(await page.evaluate('globalThis.drawnAt'))
  })
}

async function fetchedIn(browser: Browser, url: string): Promise<number> {
  return inNewPage(browser, async (page) => {
    await page.goto(url)
    const ms: unknown = await page.evaluate(`(async () => {
      const from = performance.now()
      await (await fetch('/bytes')).arrayBuffer()
      return performance.now() - from
    })()`)
    return Number(ms)
  })
}

async function inNewPage(
  browser: Browser,
  measure: (page: Page) => Promise<number>,
): Promise<number> {
  const context = await browser.newContext({
    viewport: { width: 1200, height: 800 },
    // What is measured with is no script of the page's own.
    bypassCSP: true,
  })
  try {
    return await measure(await context.newPage())
  } finally {
    await context.close()
  }
}
