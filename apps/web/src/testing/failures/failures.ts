/** Every failure that is staged. */
import type { Failure } from './failure.ts'
import { agentFailures } from './of-agents.ts'
import { machineFailures } from './of-machines.ts'

export const failures: readonly Failure[] = [...agentFailures, ...machineFailures]
