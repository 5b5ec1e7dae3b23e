/** A few of the failures of `npm run failures`, one of each kind: every surface says the same, and what can be done. */
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect } from 'vitest'
import { test, withoutBrowser } from './testing/browser-test.ts'
import { buildPage } from './testing/build-page.ts'
import { failures } from './testing/failures/failures.ts'
import { stage } from './testing/failures/stage.ts'

const some = ['agent-exits', 'queue-held', 'server-killed', 'folder-no-repository']

describe.skipIf(withoutBrowser)(
  '[T-71] every surface says the same sentence, and what can be done, of',
  () => {
    beforeAll(() => buildPage(fileURLToPath(new URL('../dist', import.meta.url))))

    test.for(failures.filter(({ id }) => some.includes(id)))(
      '$id: $what',
      async (failure, { browser }) => {
        const { showings, others } = await stage(failure, browser)
        expect(others).toEqual([])
        expect(showings.length).toBeGreaterThanOrEqual(3)
      },
    )
  },
)
