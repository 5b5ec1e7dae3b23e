/** A person who uses keys alone, and looks where the next press leads. */
import type { Locator } from 'playwright-core'
import { expect } from 'vitest'

export async function isFocused(on: Locator): Promise<boolean> {
  return on.evaluate((element) => element === document.activeElement)
}

/** Walks there by Tab: what is offered on the way depends on the machine. */
export async function tabTo(on: Locator): Promise<void> {
  for (let presses = 0; presses < 60 && !(await isFocused(on)); presses++)
    await on.page().keyboard.press('Tab')
  expect(await isFocused(on)).toBe(true)
}
