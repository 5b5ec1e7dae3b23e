import { expect, test } from 'vitest'
import { endingCodes, endings, faults, outcomes, whyEnded } from './outcome.ts'
import { prepareFailedReportSchema, turnFinishedReportSchema } from './report.ts'

const actions = ['none', 'continue', 'edit-and-resend', 'send-again', 'sign-in']

test('[P-8] every ending has one whole sentence, and an action that a face can offer', () => {
  expect(endingCodes.length).toBeGreaterThan(15)
  for (const code of endingCodes) {
    const { sentence, action } = endings[code]
    expect(sentence, code).toMatch(/^[A-Z][^.]*\.$/)
    expect(actions, code).toContain(action)
  }
})

test('[P-8] every outcome has an ending, and every ending a known outcome and fault', () => {
  const used = new Set<string>(Object.values(endings).map(({ outcome }) => outcome))
  expect([...used].toSorted()).toEqual([...outcomes].toSorted())
  for (const { fault } of Object.values(endings)) expect(faults).toContain(fault)
})

test('[P-9] a failure is somebody’s fault and can be tried again; a good end is nobody’s', () => {
  const bad = {
    retryable: true,
    fault: expect.not.stringMatching('none'),
    action: expect.not.stringMatching('none'),
  }
  const ended = (...outcome: readonly string[]) =>
    Object.values(endings).filter((ending) => outcome.includes(ending.outcome))
  for (const ending of ended('failed', 'in-doubt')) expect(ending).toMatchObject(bad)
  for (const ending of ended('completed')) {
    expect(ending).toMatchObject({ retryable: false, fault: 'none' })
  }
})

test('[P-9] what a runner can report of an end has an ending of the same name', () => {
  const codes = turnFinishedReportSchema.shape.error.unwrap().shape.code.options
  expect(codes.filter((code) => !Object.hasOwn(endings, code))).toEqual([])
  const failures = prepareFailedReportSchema.shape.code.options
  expect(failures.filter((code) => Object.hasOwn(endings, code))).toEqual([
    'agent-start-failed',
    'sign-in-needed',
  ])
})

test.each([
  ['agent-exited', 'The agent was killed.', 'The agent was killed.'],
  ['agent-exited', undefined, 'The agent stopped in the middle of the turn.'],
  ['agent-error', 'No\nroom', 'The agent answered with an error: No room.'],
  ['runner-lost', 'It was lost for 10 s.', endings['runner-lost'].sentence],
] as const)('[P-90] why %s happened is told in one line: %j', (code, detail, told) => {
  expect(whyEnded(code, detail)).toBe(told)
})
