/**
 * Answering what an agent asks, from a terminal.
 *
 * Owns: which permission is being answered, and how. That it is settled is heard from the log alone, so an answer
 * given elsewhere ends the question here.
 */
import type { PermissionItem } from '@belay/client'
import { ApiError, type Client } from '@belay/client/webapi'
import { insist } from './place.ts'
import type { World } from './world.ts'

/** `wait`: there is nobody to ask here, so somebody else has to answer. */
export type Answering = 'ask' | 'allow' | 'reject' | 'wait'

export function answeringOf(
  world: World,
  { yes, reject }: { readonly yes?: boolean; readonly reject?: boolean },
): Answering {
  if (yes === true) return 'allow'
  if (reject === true) return 'reject'
  return world.canAsk ? 'ask' : 'wait'
}

export interface AnswererOptions {
  readonly world: World
  readonly client: Client
  readonly session: string
  readonly answering: Answering
}

export class Answerer {
  readonly #options: AnswererOptions
  #open: readonly PermissionItem[] = []
  /** Being answered or answered here, or told about. */
  readonly #handled = new Set<string>()
  #asking: { readonly permissionId: string; readonly abort: AbortController } | undefined

  constructor(options: AnswererOptions) {
    this.#options = options
  }

  /** @param open the permissions that wait for an answer now, the oldest first */
  update(open: readonly PermissionItem[]): void {
    this.#open = open
    const asking = this.#asking
    if (asking !== undefined && !isAmong(open, asking.permissionId)) asking.abort.abort()
    this.#next()
  }

  close(): void {
    this.#open = []
    this.#asking?.abort.abort()
  }

  #next(): void {
    for (const permission of this.#open) {
      if (this.#handled.has(permission.permissionId)) continue
      // Questions are put one after the other.
      if (this.#options.answering === 'ask' && this.#asking !== undefined) return
      this.#handled.add(permission.permissionId)
      void this.#handle(permission).catch((error: unknown) => this.#tell(error))
    }
  }

  async #handle(permission: PermissionItem): Promise<void> {
    switch (this.#options.answering) {
      case 'allow':
        return this.#choose(permission, 'allow')
      case 'reject':
        return this.#choose(permission, 'reject')
      case 'ask':
        return this.#ask(permission)
      case 'wait':
        return this.#say(howToAnswer(this.#options.session))
    }
  }

  async #choose(permission: PermissionItem, wish: 'allow' | 'reject'): Promise<void> {
    const option =
      permission.options.find(({ kind }) => kind === `${wish}_once`) ??
      permission.options.find(({ kind }) => kind.startsWith(wish))
    if (option === undefined) {
      this.#say(`No option of it means "${wish}". ${howToAnswer(this.#options.session)}`)
      return
    }
    await this.#send(permission, option.optionId)
  }

  async #ask(permission: PermissionItem): Promise<void> {
    const { world } = this.#options
    const abort = new AbortController()
    this.#asking = { permissionId: permission.permissionId, abort }
    try {
      const count = permission.options.length
      while (!abort.signal.aborted) {
        // oxlint-disable-next-line no-await-in-loop -- asked again only after an answer that was none
        const line = await world.ask(`  Answer 1-${count}: `, abort.signal)
        if (line === undefined) {
          if (!abort.signal.aborted) this.#say(howToAnswer(this.#options.session))
          return
        }
        const option = permission.options[Number(line) - 1]
        // oxlint-disable-next-line no-await-in-loop
        if (option !== undefined) return await this.#send(permission, option.optionId)
      }
    } finally {
      this.#asking = undefined
      this.#next()
    }
  }

  async #send({ permissionId }: PermissionItem, optionId: string): Promise<void> {
    const { client, session } = this.#options
    await insist(() =>
      client.call('answerPermission', { id: session, permissionId, optionId, by: 'terminal' }),
    )
  }

  #tell(error: unknown): void {
    // Somebody else was faster: the log says who.
    if (error instanceof ApiError && error.problem.code === 'permission-settled') return
    this.#say(error instanceof Error ? `Not answered: ${error.message}` : 'Not answered.')
  }

  #say(sentence: string): void {
    this.#options.world.err.write(`  ${sentence}\n`)
  }
}

function isAmong(open: readonly PermissionItem[], permissionId: string): boolean {
  return open.some((permission) => permission.permissionId === permissionId)
}

function howToAnswer(session: string): string {
  return `Answer it on the page, with "belay attach ${session}" in a terminal, or with --yes or --reject.`
}
