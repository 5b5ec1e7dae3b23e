import { expect, test } from 'vitest'
import { readIntroduction } from './introduction.ts'
import { carriedOut, signInSentence } from './sign-in.ts'
import { realIntroductions } from './node/testing/real-introductions.ts'

function read(answer: unknown) {
  const said = readIntroduction(answer)
  if ('refusal' in said) throw new Error(said.refusal)
  return said
}

test('[A-100] what real agents say of themselves is taken as it is, with nothing odd in it', () => {
  expect(realIntroductions.length).toBeGreaterThanOrEqual(12)
  const brief = realIntroductions.map(([agent, answer]) => {
    const { version, load, resume, odd } = read(answer)
    expect(odd, agent).toEqual([])
    return [agent, version, load, resume]
  })
  expect(brief).toContainEqual(['copilot', '1.0.102', true, false])
  expect(brief).toContainEqual(['pi', '0.0.34', true, false])
  expect(brief).toContainEqual(['cline', '3.0.65', true, false])
  expect(brief).toContainEqual(['codex', '2.6.0', true, true])
})

test('[A-100] a refusal names the field, what was expected and what came', () => {
  const refusal = (answer: unknown) => {
    const said = readIntroduction(answer)
    return 'refusal' in said ? said.refusal : undefined
  }
  const words = 'The agent cannot be spoken to: "protocolVersion" in its answer to initialize'
  expect(refusal({ protocolVersion: 2 })).toBe(`${words} should be 1 and is 2.`)
  expect(refusal({ protocolVersion: '2025-06-18' })).toBe(
    `${words} should be 1 and is "2025-06-18".`,
  )
  expect(refusal({})).toBe(`${words} should be 1 and is missing.`)
  expect(refusal([])).toMatch(/The answer .* should be an object and is \[\]\.$/)
  expect(refusal(undefined)).toMatch(/should be an object and is missing\.$/)
})

test('[A-101] each field is read for itself: an odd one is noted and takes no other with it', () => {
  const { odd, ...said } = read({
    protocolVersion: '1',
    agentInfo: { name: 'odd', title: [7], version: 3 },
    agentCapabilities: {
      loadSession: 'yes',
      promptCapabilities: { image: {}, embeddedContext: null },
      sessionCapabilities: { resume: {}, list: 5 },
      mcpCapabilities: [],
    },
    authMethods: [{ name: 'no id' }, 'words', { id: 'good' }],
  })
  expect(said).toEqual({
    name: 'odd',
    title: 'odd',
    version: '3',
    load: false,
    resume: true,
    mcpHttp: false,
    prompt: { image: true, resource: false },
    signIn: [{ id: 'good', name: 'good', how: 'agent' }],
  })
  expect(odd).toEqual([
    '"agentInfo.title" should be a text and is [7]: it counts as not there',
    '"agentCapabilities.loadSession" should be true, false or an object and is "yes": it counts as not there',
    '"agentCapabilities.mcpCapabilities" should be an object and is []: it counts as not there',
    '"authMethods.0" should have a text as its "id" and is {"name":"no id"}',
    '"authMethods.1" should have a text as its "id" and is "words"',
  ])
  for (const agentCapabilities of [undefined, null, 5, { sessionCapabilities: null }])
    expect(read({ protocolVersion: 1, agentCapabilities })).toMatchObject({ load: false })
})

test('[A-102] a sign-in is told in the way the agent names', () => {
  const sentences = Object.fromEntries(
    realIntroductions.map(([agent, answer]) => [agent, signInSentence(read(answer).signIn)]),
  )
  const place = 'in a terminal on the machine of the server'
  expect(sentences).toMatchObject({
    copilot: `The agent needs a sign-in: run \`copilot login\` ${place}; then retry.`,
    opencode: `The agent needs a sign-in: run \`opencode auth login\` ${place}; then retry.`,
    qwen: 'The agent needs a sign-in: set OPENAI_API_KEY for the server; then retry.',
    pi: `The agent needs a sign-in: sign in with its own program ${place} (“Launch pi in the terminal”); then retry.`,
  })
  // Auggie names none at its start, and the command in its refusal.
  const words = 'Authentication required: Please run `auggie login` from your terminal.'
  expect(signInSentence([], words)).toBe(
    `The agent needs a sign-in: run \`auggie login\` ${place}; then retry.`,
  )
  expect(signInSentence([])).toMatch(/sign in with its own program on the machine of the server/)
  // A program by its path, or by a script, is nothing to type.
  const ways = (command: string, ...args: readonly string[]) =>
    signInSentence(
      read({
        protocolVersion: 1,
        authMethods: [{ id: 'cli', name: 'CLI', _meta: { 'terminal-auth': { command, args } } }],
      }).signIn,
    )
  expect(ways('/opt/x/bin/x', 'login')).toContain('run `x login` in')
  expect(ways('/usr/bin/node', `/opt/${'x'.repeat(60)}.js`)).toContain('own program in a terminal')
  for (const sentence of Object.values(sentences)) expect(sentence.length).toBeLessThanOrEqual(200)
})

test('[A-102] what the protocol carries out is told from what a person does in a terminal', () => {
  const offered = Object.fromEntries(
    realIntroductions.map(([agent, answer]) => [
      agent,
      carriedOut(read(answer).signIn).map(({ id }) => id),
    ]),
  )
  expect(offered).toMatchObject({
    copilot: [],
    opencode: [],
    pi: [],
    qwen: [],
    cline: ['cline', 'cline-pass', 'openai-codex'],
    codex: ['api-key', 'chat-gpt'],
    grok: ['grok.com'],
  })
})
