/** An item as plain text, for the clipboard. Pure. */
import { type Item, noticeOf, settledWords } from '@belay/client'
import { pretty, toolParts } from './tool-content.ts'

export function itemText(item: Item): string {
  switch (item.type) {
    case 'prompt':
    case 'text':
    case 'thought':
      return item.text.trim()
    case 'tool':
      return [item.title, ...toolParts(item.content).map(partText)].join('\n\n')
    case 'plan':
      return item.entries
        .map(({ content, status }) => `- [${status === 'completed' ? 'x' : ' '}] ${content}`)
        .join('\n')
    case 'permission':
      return [item.title, settledWords(item) ?? ''].filter((line) => line !== '').join('\n')
    case 'turn-end':
      return [item.sentence, item.detail ?? ''].filter((line) => line !== '').join('\n')
    case 'changes':
      return [item.problem ?? '', ...item.notes, item.patch]
        .filter((part) => part !== '')
        .join('\n')
    case 'changes-place':
      return ''
    case 'notice': {
      const { sentence, lines } = noticeOf(item.event)
      return [sentence, ...lines].join('\n')
    }
    case 'other':
      return pretty(item.event)
  }
}

function partText(part: ReturnType<typeof toolParts>[number]): string {
  return part.type === 'diff' ? `${part.path}\n${part.newText}` : part.text
}
