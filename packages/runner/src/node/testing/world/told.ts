/** What Belay says of changes, plans and restores, in the words of the ledger. */
import type { RestorePlan, Take } from '@belay/protocol'
import type { Random } from '@belay/testing'
import type { Checkpoints } from '../../checkpoints.ts'
import { nameOf } from '../../../tree/name.ts'
import type { Told } from './ledger.ts'
import type { Name } from './snapshot.ts'

interface Said {
  readonly plan: RestorePlan
  readonly take: Take | undefined
  readonly result: Awaited<ReturnType<Checkpoints['restore']>>
  readonly disturbed: boolean
}

export function toldOf({ plan, take, result, disturbed }: Said): Told {
  const chosen = plan.stay.filter(({ path }) => take !== undefined && take.includes(path))
  return {
    back: new Set(plan.back.map(nameOfShown)),
    stay: new Map(plan.stay.map((file) => [nameOfShown(file), file.canTake])),
    taken: take === undefined || take === 'all' ? take : new Set(chosen.map(nameOfShown)),
    unkept: new Set((plan.notes ?? []).flatMap(unkeptTurns)),
    files: 'message' in result ? 0 : result.files,
    stayed: 'message' in result ? 0 : (result.stayed ?? 0),
    message: 'message' in result ? result.message : undefined,
    disturbed,
  }
}

function unkeptTurns(note: string): readonly number[] {
  const turn = /^Turn (\d+) has no checkpoint/.exec(note)?.[1]
  return turn === undefined ? [] : [Number(turn)]
}

/** What a person chooses of what would stay: mostly nothing, else all or some of it. */
export function choiceOf({ stay }: RestorePlan, random: Random): Take | undefined {
  if (random.chance(0.6)) return undefined
  if (random.chance(0.5)) return 'all'
  return stay.filter(({ canTake }) => canTake && random.chance(0.5)).map(({ path }) => path)
}

/** The name that was meant by how it is shown. */
export function nameOfShown({ path, bytes }: { path: string; bytes?: string | undefined }): Name {
  return bytes === undefined ? nameOf(path) : Buffer.from(bytes, 'hex').toString('latin1')
}

/** Only permissions that Git has no word for. */
export function isQuiet(before: string | undefined, after: string | undefined): boolean {
  if (before === undefined || after === undefined) return false
  return gitsWord(before) === gitsWord(after)
}

function gitsWord(state: string): string {
  const perm = /^f (\d+):/.exec(state)?.[1]
  if (perm === undefined) return state
  const isProgram = (Number.parseInt(perm, 8) & 0o100) > 0
  return `f ${isProgram ? 'x' : '-'}${state.slice(state.indexOf(':'))}`
}
