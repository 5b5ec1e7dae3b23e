/** Whether a screen fits: what is sideways out of it, cut, or told to who cannot use it. */
import type { Page } from 'playwright-core'
import { z } from 'zod'

const found = z.object({
  /** What a person can press or fill in, as it is called. */
  controls: z.array(z.string()),
  /** What does not fit, in words. */
  misfits: z.array(z.string()),
  /** Hints of keys that are on the screen. */
  keys: z.number(),
})

/** Code, and what programs print, keeps its lines and scrolls for itself. */
const scrollsForItself = '.diff-lines, .output, pre, .table-box'

export async function fitOf(page: Page): Promise<z.infer<typeof found>> {
  const answer: unknown = await page.evaluate(`(() => {
    const misfits = []
    const nameOf = (one) => (one.getAttribute('aria-label') ?? one.textContent).trim().slice(0, 40)
    const isShown = (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && one.getBoundingClientRect().width > 1
    const root = document.documentElement
    if (root.scrollWidth > root.clientWidth) misfits.push('the page scrolls sideways by ' + (root.scrollWidth - root.clientWidth))
    for (const box of document.querySelectorAll('*')) {
      const { overflowX } = getComputedStyle(box)
      if ((overflowX !== 'auto' && overflowX !== 'scroll') || box.closest('${scrollsForItself}') || !isShown(box)) continue
      if (box.matches('textarea, input, select')) continue
      if (box.scrollWidth > box.clientWidth) misfits.push(box.className + ' scrolls sideways by ' + (box.scrollWidth - box.clientWidth))
    }
    const controls = [...document.querySelectorAll('button, a[href], select, input, textarea, summary')].filter(isShown)
    for (const control of controls) {
      const { left, right } = control.getBoundingClientRect()
      if (left < -0.5 || right > root.clientWidth + 0.5) misfits.push(nameOf(control) + ' is out of the screen')
      if (control.matches('button, .button') && control.scrollWidth > control.clientWidth + 1) misfits.push(nameOf(control) + ' is cut')
      for (let box = control.parentElement; box !== null && box !== document.body; box = box.parentElement) {
        if (getComputedStyle(box).overflowX === 'visible' || box.matches('${scrollsForItself}')) continue
        const edge = box.getBoundingClientRect()
        if (left < edge.left - 1 || right > edge.right + 1) misfits.push(nameOf(control) + ' is cut by ' + box.className)
      }
    }
    for (const words of document.querySelectorAll('*')) {
      const isText = [...words.childNodes].some((one) => one.nodeType === Node.TEXT_NODE && one.data.trim() !== '')
      if (!isText || words.closest('.cut, .unseen, select, ${scrollsForItself}') || !isShown(words)) continue
      if (words.getBoundingClientRect().right > root.clientWidth + 0.5) misfits.push(nameOf(words) + ' sticks out')
    }
    const keys = [...document.querySelectorAll('kbd, .keys')].filter(isShown).length
    return { controls: controls.map(nameOf), misfits: [...new Set(misfits)], keys }
  })()`)
  return found.parse(answer)
}
