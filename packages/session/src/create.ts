/** Creating a session: its settings, its first prompt and its first preparation are one commit. */
import { type Change, log, refuse, set } from './change.ts'
import type { SessionInput, SessionReply } from './input.ts'
import { offerFor } from './offer.ts'
import { beginPreparation } from './preparation.ts'
import { acceptPrompt } from './prompt.ts'

type Create = Extract<SessionInput, { type: 'create' }>

export function create(change: Change, input: Create): SessionReply {
  const created: SessionReply = { type: 'created', promptId: input.prompt?.promptId }
  if (change.state.lifecycle.type !== 'absent') {
    return change.state.settings.digest === input.digest
      ? created
      : refuse(
          'session-conflict',
          'A session with this id exists and was asked for with other settings.',
        )
  }
  const { title, agent, workspace, digest, callback, sealedToken, setup, finish, goOn } = input
  set(change, 'settings', {
    title,
    agent,
    workspace,
    digest,
    createdAt: change.now,
    ...(sealedToken === undefined ? {} : { sealedToken }),
    ...(setup === undefined ? {} : { setup }),
    ...(finish === undefined ? {} : { finish }),
    ...(goOn === undefined ? {} : { goOn }),
    ...(callback === undefined ? {} : { callback }),
  })
  set(change, 'offer', offerFor(agent))
  log(change, { type: 'session-created', session: change.id, title, agent, workspace })
  if (input.prompt !== undefined) acceptPrompt(change, input.prompt)
  beginPreparation(change)
  return created
}
