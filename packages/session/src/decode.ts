/** Reading a report where it enters: validated, and its bytes fit to be stored as they are. */
import { limits, parseJson, type Report, reportSchema, utf8Bytes } from '@belay/protocol'

/** @returns the report, or a sentence that says what is wrong with it */
export function decodeReport(json: string): Report | string {
  if (utf8Bytes(json) > limits.eventBytesMax)
    return `a report is at most ${limits.eventBytesMax} bytes`
  // The stored entry is made by putting the stamp in front of these bytes (`logReport`).
  if (!json.startsWith('{"')) return 'a report is a JSON object without leading space'
  let value: unknown
  try {
    value = parseJson(json)
  } catch {
    return `a report is JSON, nested at most ${limits.jsonLevelsMax} levels`
  }
  // A second `seq` or `at` further on would win over the stamp when the entry is read.
  if (typeof value === 'object' && value !== null && ('seq' in value || 'at' in value))
    return 'a report has no seq and no at'
  const parsed = reportSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a report'}`
}
