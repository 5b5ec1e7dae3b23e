/** An agent, spoken to as any other, whose every prompt `flood N` is answered with N events as fast as they go. */
import { rudeAgent, temporaryFolder } from '@belay/testing/node'

/** Text and tools by turns, because pieces of one text are joined before they are stored. */
const script = `
methods['session/prompt'] = async ({ prompt }) => {
  const total = Number(prompt[0].text.split(' ')[1])
  const update = (update) => send({ method: 'session/update', params: { sessionId: 's1', update } })
  for (let n = 1; n <= total; n += 2) {
    say('Words ' + n + ' of the flood.\\n\\n')
    update({ sessionUpdate: 'tool_call', toolCallId: 't' + (n + 1), title: 'Step ' + (n + 1), kind: 'other', status: 'completed' })
  }
  say('The end of the flood.')
  return { stopReason: 'end_turn' }
}
main()`

export function floodAgent(): { readonly command: string; readonly args: string[] } {
  const { command, args } = rudeAgent(temporaryFolder('flood-agent'), script)
  return { command, args: [...args] }
}
