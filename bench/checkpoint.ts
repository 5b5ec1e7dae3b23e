/**
 * What a checkpoint costs, beside `git add --all` of the same files into a fresh repository in the same run: the first one,
 * one after ten files changed, one when nothing did, and what it takes on the disk beyond the folder's own `.git`.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deadlines, limits } from '../packages/protocol/src/index.ts'
import { Checkpoints } from '../packages/runner/src/node/checkpoints.ts'
import { percentile } from './world.ts'

const rounds = 3
const files = 10_000
/** As many as a checkpoint takes in at most. */
const manyFiles = limits.checkpointFilesMax
const aims = { first: 2.5, tenChanged: 1.3 } as const

export async function checkpoint(folder: string): Promise<void> {
  const firsts: number[] = []
  const tens: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const { first, ten } = await compare(join(folder, `round-${round}`), round === 0)
    firsts.push(first)
    tens.push(ten)
  }
  tell('first checkpoint', firsts, aims.first)
  tell('after ten changed files', tens, aims.tenChanged)
  await many(join(folder, 'many'))
}

function tell(what: string, ratios: readonly number[], aim: number): void {
  const ratio = percentile(ratios, 0.5)
  const verdict = ratio <= aim ? 'met' : 'NOT MET'
  console.log(`${what}: ${ratio.toFixed(2)} of git add --all (aim ≤ ${aim}: ${verdict})`)
}

/** @returns how long each took, as a ratio to `git add --all` of the same */
async function compare(place: string, isTold: boolean): Promise<{ first: number; ten: number }> {
  const work = filled(join(place, 'work'), files)
  git(work, 'init', '--quiet')
  const checkpoints = checkpointsOf(place, work)
  const first = await took(() => checkpoints.save({ turn: 1, at: 'before', hurried: false }))
  const added = await took(() => git(work, 'add', '--all'))
  if (isTold)
    console.log(
      `${files} files: first ${first.toFixed(0)} ms, git add --all ${added.toFixed(0)} ms; on the disk ${size(join(place, 'checkpoints.git'))} KiB beyond the folder's .git of ${size(join(work, '.git'))} KiB`,
    )
  await checkpoints.save({ turn: 1, at: 'after', hurried: false })
  await checkpoints.ready()
  const unchanged = await took(() => checkpoints.save({ turn: 2, at: 'before', hurried: false }))
  await checkpoints.save({ turn: 2, at: 'after', hurried: false })
  await checkpoints.ready()
  for (let index = 0; index < 10; index += 1)
    writeFileSync(nameOf(work, index * 7), `again ${index}`)
  const ten = await took(() => checkpoints.save({ turn: 3, at: 'before', hurried: false }))
  const addedTen = await took(() => git(work, 'add', '--all'))
  if (isTold)
    console.log(
      `ten changed ${ten.toFixed(0)} ms, git add --all ${addedTen.toFixed(0)} ms; nothing changed ${unchanged.toFixed(0)} ms`,
    )
  await checkpoints.save({ turn: 3, at: 'after', hurried: false })
  checkpoints.close()
  return { first: first / added, ten: ten / addedTen }
}

async function many(place: string): Promise<void> {
  const work = filled(join(place, 'work'), manyFiles)
  git(work, 'init', '--quiet')
  const checkpoints = checkpointsOf(place, work)
  let told = ''
  const ms = await took(async () => {
    const { warning } = await checkpoints.save({ turn: 1, at: 'before', hurried: false })
    told = warning ?? 'kept'
  })
  console.log(`${manyFiles} files: ${ms.toFixed(0)} ms of ${deadlines.checkpointMs}: ${told}`)
  checkpoints.close()
}

function checkpointsOf(place: string, workspace: string): Checkpoints {
  return new Checkpoints({
    path: join(place, 'checkpoints.git'),
    workspace,
    origin: workspace,
    dataFolder: join(place, 'data'),
    env: process.env,
    bounds: deadlines,
  })
}

function filled(work: string, count: number): string {
  for (let index = 0; index < count; index += 1) {
    if (index < 500) mkdirSync(join(work, `d${index}`), { recursive: true })
    writeFileSync(nameOf(work, index), `line ${index}\n`.repeat(40))
  }
  return work
}

function nameOf(work: string, index: number): string {
  return join(work, `d${index % 500}`, `file-${index}.ts`)
}

/** In KiB. */
function size(path: string): number {
  return Number(execFileSync('du', ['-sk', path]).toString().split('\t')[0])
}

function git(work: string, ...args: readonly string[]): void {
  execFileSync('git', ['-C', work, ...args], { stdio: 'ignore' })
}

async function took(run: () => unknown): Promise<number> {
  const from = performance.now()
  await run()
  return performance.now() - from
}
