/**
 * One sequence of the world from one seed: people, agents and Git change files, Belay saves and restores, things go wrong, and
 * after each step every promise is looked at.
 *
 * Owns: the order of things, and what is counted.
 */
import { mkdtempSync, readdirSync, realpathSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deadlines } from '@belay/protocol'
import { type Random, seededRandom } from '@belay/testing'
import type { Disturbance } from './disturbing.ts'
import { standingOf, wrongFinish } from './finishing.ts'
import { isIgnored } from './ignoring.ts'
import { type Act, changesOf, Ledger, type Seen, type Told } from './ledger.ts'
import { Broken, within } from './broken.ts'
import { type Narrow, Place } from './place.ts'
import type { Asked, Engine, OpenEngine, Refused, Session } from './session.ts'
import { changed, isGits, isLitter, ownFolders, parentsOf, plain } from './snapshot.ts'
import { choiceOf, isQuiet, nameOfShown, toldOf } from './told.ts'
import { Watch } from './watch.ts'

export interface SequenceOptions {
  readonly seed: number
  readonly open: OpenEngine
  /** The same where the process of an engine can be killed, which some sequences have: each costs a process anew. */
  readonly openKillable?: OpenEngine
  readonly narrow?: Narrow
  readonly onLine?: (line: string) => void
}

export interface Outcome {
  readonly seed: number
  /** How often each kind of step was done and each fault fired. */
  readonly counts: ReadonlyMap<string, number>
  /** The promise that was broken, with what led there. */
  readonly broken: { readonly step: number; readonly sentence: string } | undefined
}

export async function runSequence(options: SequenceOptions): Promise<Outcome> {
  // No more is imported for it than that: the larger this process, the longer each of its Gits takes to start.
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'belay-world-')))
  const world = new Sequence(options, top)
  let step = 0
  try {
    await world.begin()
    for (const steps = world.length; step < steps; step++) await world.step()
    return { seed: options.seed, counts: world.counts, broken: undefined }
  } catch (error) {
    // Anything else is a fault of the world itself, which is told as well.
    const known = error instanceof Broken ? error.message : undefined
    const sentence = known ?? (error instanceof Error ? (error.stack ?? '') : String(error))
    return { seed: options.seed, counts: world.counts, broken: { step, sentence } }
  } finally {
    await world.end()
    rmSync(top, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }
}

/** A busy machine is no fault that anything here is about. */
const patient = { checkpointMs: 100_000, restoreMs: 100_000 }

class Sequence {
  readonly #random: Random
  readonly #place: Place
  readonly #watch: Watch
  readonly #ledger: Ledger
  readonly #options: SequenceOptions
  readonly #open: OpenEngine
  readonly #sessions: readonly Session[]
  readonly length: number

  constructor(options: SequenceOptions, top: string) {
    this.#options = options
    this.#random = seededRandom(options.seed)
    this.#place = new Place(top, this.#random, options.narrow)
    this.#ledger = new Ledger(this.#place.workspace)
    const { open, openKillable = open } = options
    this.#open = this.#random.chance(0.2) ? openKillable : open
    this.length = this.#random.integer(24, 44)
    this.#watch = new Watch(this.#place, this.#random)
    this.#sessions = ['one', 'two'].map((name) => {
      return { name, engine: undefined, turn: 0, open: undefined, undoKnown: true, finished: 0 }
    })
    this.#watch.count(`layout ${this.#place.layout}`)
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#watch.counts
  }

  async begin(): Promise<void> {
    for (const session of this.#sessions) await this.#wake(session)
  }

  /** One step, and every promise after it. @throws Broken */
  async step(): Promise<void> {
    const random = this.#random
    if (random.chance(0.08)) return this.#setClock()
    const session = random.chance(0.75) ? this.#session('one') : this.#session('two')
    if (session.engine === undefined) {
      if (random.chance(0.5)) return this.#wakeAgain(session)
    } else if (session.open !== undefined) {
      if (random.chance(0.45)) return this.#after(session, session.open)
      if (random.chance(0.05)) return this.#die(session)
      return this.#change(session, random.integer(1, 4))
    } else if (
      session.turn > 0 &&
      random.chance(this.#other(session).open === undefined ? 0.7 : 0.3)
    )
      return this.#restore(session, session.engine)
    else if (random.chance(0.45)) return this.#before(session)
    else if (random.chance(0.1)) return this.#ready(session)
    else if (random.chance(0.06)) return this.#die(session)
    const working = this.#sessions.find(
      ({ open, engine }) => open !== undefined && engine !== undefined,
    )
    return this.#change(working, 1)
  }

  async end(): Promise<void> {
    for (const { engine } of this.#sessions)
      if (engine !== undefined) await within(engine.close(), 'the end')
  }

  #session(name: string): Session {
    for (const session of this.#sessions) if (session.name === name) return session
    throw new Error(`there is no session ${name}`)
  }

  #runnerFolder({ name }: Session): string {
    return join(this.#place.dataPath, 'runners', name)
  }

  async #wake(session: Session): Promise<void> {
    const runnerFolder = this.#runnerFolder(session)
    session.engine = await this.#open({
      path: join(runnerFolder, 'checkpoints.git'),
      workspace: this.#place.path,
      origin: this.#place.path,
      dataFolder: this.#place.dataPath,
      env: this.#place.env,
      bounds: { ...deadlines, ...patient },
      sharing: { session: session.name, runnerFolder },
    })
  }

  async #wakeAgain(session: Session): Promise<void> {
    await this.#wake(session)
    await this.#ready(session)
    this.#line(`${session.name} wakes`)
  }

  /** Its runner ends, or is killed, while nothing of it is under way but its turn. */
  async #die(session: Session): Promise<void> {
    const { engine } = session
    if (engine === undefined) return
    const isKilled = engine.kill !== undefined && this.#random.chance(0.5)
    await within(isKilled ? engine.kill() : engine.close(), 'the end of a runner')
    this.#gone(session)
    this.#watch.count(isKilled ? 'fault runner-killed' : 'fault runner-ended')
    this.#line(`${session.name} dies`)
  }

  #gone(session: Session): void {
    session.engine = undefined
    const { open } = session
    session.open = undefined
    if (open === undefined) return
    open.end = this.#watch.now
    open.sure = false
    open.open = false
  }

  /** Files and Git: by the agent of a session, or by a person while nobody's turn is under way. */
  #change(session: Session | undefined, count: number): void {
    for (let left = count; left > 0; left--) {
      const kind = this.#random.pick([
        'edit',
        'edit',
        'edit',
        'edit',
        'edit',
        'edit',
        'rules',
        'git',
      ])
      const what =
        kind === 'edit'
          ? this.#place.edit()
          : kind === 'rules'
            ? this.#place.rules()
            : this.#place.git()
      const before = this.#watch.now
      this.#watch.now = this.#watch.look()
      this.#ledger.wrote(session?.name, before.view, this.#watch.now.view)
      this.#watch.count(
        /(nothing|nowhere)$/.test(what) ? 'nothing done' : what.replace(/ [\s\S]*/, ''),
      )
      this.#watch.count(session === undefined ? 'change by a person' : 'change by an agent')
      this.#line(`${session?.name ?? 'person'} ${JSON.stringify(what)}`)
    }
    if (this.#random.chance(0.05)) this.#compareWithGit()
  }

  /** The model's own idea of what Git ignores is compared with Git's. */
  #compareWithGit(): void {
    const listed = this.#place.listed()
    if (listed === undefined) return
    const { view, moment } = this.#watch.now
    const { workspace } = this.#place
    for (const [name, state] of view) {
      if (
        state.startsWith('d') ||
        listed.has(name) !== isIgnored(workspace + name, moment, workspace)
      )
        continue
      throw new Error(
        `the model and Git disagree about ${JSON.stringify(name)} (seed ${this.#options.seed})`,
      )
    }
    this.#watch.count('compared with Git')
  }

  /** Files of Belay's get time stamps of another time, as when a clock was set. */
  #setClock(): void {
    for (const session of this.#sessions) {
      const folder = join(this.#runnerFolder(session), 'checkpoints.git/belay-acts')
      for (const name of filesIn(folder)) {
        const at = this.#random.integer(1, 2_000_000_000)
        utimesSync(join(folder, name), at, at)
      }
    }
    this.#watch.count('fault clock-set')
    this.#line('the clock was set')
  }

  async #ready(session: Session): Promise<void> {
    const { fired } = await this.#watch.disturbed(session, 'ready', 'nothing', async (engine) => {
      await engine.ready()
      return 'is ready'
    })
    this.#watch.count('ready')
    if (isEnd(fired)) this.#gone(session)
  }

  async #before(session: Session): Promise<void> {
    session.turn++
    const moment = { turn: session.turn, at: 'before', hurried: false } as const
    const act = this.#ledger.begin(session.name, 'turn', session.turn, this.#watch.now)
    const { result, fired } = await this.#watch.disturbed(session, 'before', 'nothing', (engine) =>
      engine.save(moment),
    )
    this.#line(`${session.name} before ${session.turn} ${fired ?? ''} ${JSON.stringify(result)}`)
    this.#watch.count('turn')
    act.sure = fired === undefined
    if (result?.warning !== undefined && fired === undefined)
      throw new Broken(`a checkpoint failed for no reason: ${result.warning}`)
    // Who stops it before it began gives the turn up.
    if (fired === 'stopped') {
      this.#ledger.drop(act)
      return this.#ready(session)
    }
    if (isEnd(fired)) {
      // The turn did not begin: nobody knows of it but those beside.
      act.end = this.#watch.now
      act.open = false
      return this.#gone(session)
    }
    session.open = act
    if (result?.warning === undefined) this.#watch.checkLitter(session.name)
  }

  async #after(session: Session, act: Act): Promise<void> {
    const moment = { turn: act.turn, at: 'after', hurried: false } as const
    const { result, fired } = await this.#watch.disturbed(session, 'after', 'nothing', (engine) =>
      engine.save(moment),
    )
    this.#line(
      `${session.name} after ${act.turn} ${fired ?? ''} ${JSON.stringify(result ?? '').slice(0, 300)}`,
    )
    act.end = this.#watch.now
    session.open = undefined
    const wasSure = act.sure
    act.sure = result !== undefined && result.problem === undefined
    if (act.sure || isEnd(fired)) act.open = false
    act.untold = isEnd(fired)
    if (isEnd(fired)) this.#gone(session)
    if (result?.problem !== undefined && fired === undefined && wasSure)
      throw new Broken(`a checkpoint failed for no reason: ${result.problem}`)
    if (act.sure) this.#checkTold(act, act.end, result?.changes?.files ?? [])
    if (result !== undefined) this.#checkSecrets(act.start, act.end, JSON.stringify(result))
    if (this.#random.chance(0.3)) this.#checkKept(session)
    if (act.sure && session.engine !== undefined && this.#random.chance(0.15))
      await this.#finish(session, act)
  }

  /** What its turns changed is committed: that alone, and not a byte of a file is otherwise for it. */
  async #finish(session: Session, act: Act): Promise<void> {
    const acts = this.#ledger.of(session.name).filter((one) => one.number > session.finished)
    const before = standingOf(this.#place)
    const start = this.#watch.now
    const { result, fired } = await this.#watch.disturbed(
      session,
      'finish',
      'repository',
      (engine) => engine.finish(act.turn).then((finished) => finished ?? {}),
    )
    this.#line(`${session.name} finish ${act.turn} ${fired ?? ''} ${JSON.stringify(result ?? '')}`)
    const finish = { before, after: standingOf(this.#place), result, fired, acts, start }
    const wrong = wrongFinish(finish, this.#place)
    if (wrong !== undefined) throw new Broken(`the finish of turn ${act.turn}: ${wrong}`)
    this.#place.committed()
    this.#watch.now = this.#watch.look()
    const isDone = finish.after.head !== before.head
    this.#watch.count(isDone ? 'finish with a commit' : 'finish without a commit')
    if (isDone && result?.commit !== undefined) session.finished = act.number
    if (isEnd(fired)) this.#gone(session)
  }

  /** Every file that the turn changed is told, and no other. */
  #checkTold(
    act: Act,
    end: Seen,
    files: readonly { path: string; bytes?: string | undefined }[],
  ): void {
    const told = new Set(files.map(nameOfShown))
    const { names } = this.#ledger.secrets(act.start, end)
    for (const name of told)
      if (!isLitter(name) && (!changesOf(act).has(name) || names.has(name)))
        throw new Broken(`${JSON.stringify(name)} was told as changed, and was not, or is ignored`)
    for (const name of changesOf(act)) {
      if (told.has(name) || names.has(name) || name.endsWith('/')) continue
      if (isQuiet(act.start.view.get(name), end.view.get(name))) continue
      if (this.#ledger.isContested(name, end)) continue
      throw new Broken(`${JSON.stringify(name)} was changed by the turn and not told`)
    }
  }

  /** Nothing of Belay's own and nobody's `.git` is in the last checkpoint. */
  #checkKept(session: Session): void {
    const { workspace } = this.#place
    const own = ownFolders(this.#watch.now.moment.all)
    for (const name of this.#place.kept(join(this.#runnerFolder(session), 'checkpoints.git')))
      if (isGits(name) || parentsOf(workspace + name).some((folder) => own.has(folder)))
        throw new Broken(`${JSON.stringify(name)} is in a checkpoint`)
    this.#watch.count('checkpoint looked into')
  }

  #checkSecrets(start: Seen, end: Seen, text: string): void {
    for (const word of this.#ledger.secrets(start, end).words)
      if (text.includes(word)) throw new Broken(`${word} of an ignored file was told`)
  }

  async #restore(session: Session, engine: Engine): Promise<void> {
    const restore = this.#askedOf(session)
    // Nobody can know whether the last restore was one that did nothing.
    if (restore.to === 'undo' && !session.undoKnown) return
    const acts = this.#actsOf(session, restore)
    const asked = await this.#watch.disturbed(session, 'plan', 'nothing', () =>
      engine.plan(restore),
    )
    if (isEnd(asked.fired)) return this.#gone(session)
    const plan = asked.result ?? { message: '' }
    // Who was disturbed may say so.
    if ('message' in plan && asked.fired !== undefined) return
    this.#line(`${session.name} plan ${JSON.stringify({ restore, plan }).slice(0, 600)}`)
    if ('message' in plan) return this.#refused(session, engine, { restore, acts, plan })
    if (acts === undefined)
      throw new Broken('something was planned of which there is no checkpoint')
    if (this.#other(session).open?.sure === true)
      throw new Broken('a restore was planned during a turn of another session')
    const take = choiceOf(plan, this.#random)
    const start = this.#watch.now
    const what = restore.to === 'undo' ? 'undo' : 'restore'
    const done = await this.#watch.disturbed(session, what, 'files', () =>
      engine.restore({ ...restore, ...(take === undefined ? {} : { take }) }),
    )
    const { fired, result = { message: 'its runner was killed.' } } = done
    this.#line(`${session.name} restore ${JSON.stringify({ take, fired, result }).slice(0, 400)}`)
    this.#watch.count(`restore ${restore.to}`)
    if (take !== undefined && plan.stay.length > 0) this.#watch.count('restore with a choice')
    const told = toldOf({ plan, take, result, disturbed: fired !== undefined })
    if (told.message !== undefined && fired === undefined)
      throw new Broken(`a restore failed for no reason: ${told.message}`)
    const [wrong] = this.#ledger.wrongs(acts, start, this.#watch.now, told)
    if (wrong !== undefined) throw new Broken(`restore ${restore.to} ${restore.turn}: ${wrong}`)
    this.#keepRestore(session, restore.turn, start, told)
    if (isEnd(fired)) this.#gone(session)
    else this.#watch.checkLitter(session.name)
    const isDone = fired === undefined && changed(start.view, this.#watch.now.view).size > 0
    if (isDone && this.#random.chance(0.4)) await this.#undoAtOnce(session, engine, start)
  }

  #askedOf(session: Session): Asked {
    const random = this.#random
    const wasRestored = this.#ledger.of(session.name).some(({ kind }) => kind === 'restore')
    const isUndo = random.chance(wasRestored ? 0.55 : 0.03)
    const to = isUndo ? 'undo' : random.chance(0.8) ? 'before' : 'after'
    return { to, turn: random.integer(Math.max(1, session.turn - 3), session.turn) }
  }

  async #refused(
    session: Session,
    engine: Engine,
    { restore, acts, plan }: Refused,
  ): Promise<void> {
    const isUnsure =
      acts === undefined || !this.#isSure(session, restore.turn) || acts.some(({ sure }) => !sure)
    const isInUse = /has a turn or a restore under way/.test(plan.message)
    const isRight = isInUse
      ? this.#other(session).open !== undefined && plan.message.includes(this.#other(session).name)
      : isUnsure
    if (!isRight) throw new Broken(`a plan was refused for no reason: ${plan.message}`)
    this.#watch.count(isInUse ? 'restore refused beside another' : 'restore refused')
    const result = await this.#watch.calmly('restore', () => engine.restore(restore))
    if (!('message' in result)) throw new Broken('a restore was done that the plan refused')
  }

  #other(session: Session): Session {
    return this.#session(session.name === 'one' ? 'two' : 'one')
  }

  #keepRestore(session: Session, turn: number, start: Seen, told: Told): void {
    const touched = changed(start.view, this.#watch.now.view).size > 0
    const isMeant =
      touched ||
      told.files > 0 ||
      told.back.size > 0 ||
      (told.taken !== undefined && told.stay.size > 0)
    if (told.message === undefined && !isMeant) return
    const act = this.#ledger.begin(session.name, 'restore', turn, start)
    act.end = this.#watch.now
    act.sure = told.message === undefined
    act.open = !act.sure
    act.untold = told.disturbed
    session.undoKnown = touched
  }

  /** Taken back in the same breath: everything is as it was, folders too. */
  async #undoAtOnce(session: Session, engine: Engine, start: Seen): Promise<void> {
    const between = this.#watch.now
    const result = await this.#watch.guarded(
      'undo',
      engine.restore({ turn: session.turn, to: 'undo' }),
    )
    this.#watch.now = this.#watch.look()
    this.#line(`${session.name} undo at once ${JSON.stringify(result).slice(0, 300)}`)
    this.#watch.count('restore undone at once')
    if ('message' in result) throw new Broken(`an undo failed for no reason: ${result.message}`)
    const names = [...changed(plain(start.moment.all), plain(this.#watch.now.moment.all))]
    const [name] = names
    if (name !== undefined)
      throw new Broken(
        `an undo at once left ${JSON.stringify(name)} other than it was (${names.length} names)`,
      )
    const act = this.#ledger.begin(session.name, 'restore', session.turn, between)
    act.end = this.#watch.now
    act.open = false
    session.undoKnown = true
  }

  /** @returns `undefined` when there is no such checkpoint */
  #actsOf(session: Session, { turn, to }: Asked): readonly Act[] | undefined {
    const acts = this.#ledger.of(session.name)
    if (to === 'undo') {
      const last = acts.findLast(({ kind }) => kind === 'restore')
      return last === undefined ? undefined : [last]
    }
    const at = acts.findIndex((act) => act.kind === 'turn' && act.turn === turn)
    return at < 0 ? undefined : acts.slice(to === 'before' ? at : at + 1)
  }

  #isSure(session: Session, turn: number): boolean {
    return this.#ledger.of(session.name).every((act) => act.turn !== turn || act.sure)
  }

  #line(text: string): void {
    this.#options.onLine?.(text)
  }
}

/** Nobody of this session is there any more. */
function isEnd(fired: Disturbance | undefined): boolean {
  return fired === 'runner-ended' || fired === 'runner-killed'
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
