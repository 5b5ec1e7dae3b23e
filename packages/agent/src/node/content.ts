/**
 * A prompt as the content blocks of ACP: its text, and what is attached to it as the agent can take it.
 *
 * Invariants:
 * - A-97 Every attachment reaches the agent whole, as a block it said it takes, or the prompt is refused with a sentence that
 *   names what cannot be handed over.
 */
import { Buffer } from 'node:buffer'
import { TextDecoder } from 'node:util'
import type { PromptAttachment } from '@belay/protocol'

/** What a prompt may hold besides text, as the agent said. */
export interface PromptAbilities {
  readonly image: boolean
  readonly resource: boolean
}

/** A part of a prompt, in ACP's words. */
export type Block =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly data: string; readonly mimeType: string }
  | {
      readonly type: 'resource'
      readonly resource: { readonly uri: string; readonly mimeType: string; readonly text: string }
    }

/** @returns the blocks, or why there are none */
export function contentBlocks(
  text: string,
  attachments: readonly PromptAttachment[],
  can: PromptAbilities,
): readonly Block[] | string {
  const blocks: Block[] = [{ type: 'text', text }]
  for (const attachment of attachments) {
    const block = blockOf(attachment, can)
    if (typeof block === 'string') return `${block} The agent was not given the prompt.`
    blocks.push(block)
  }
  return blocks
}

function blockOf({ name, type, data }: PromptAttachment, can: PromptAbilities): Block | string {
  if (data === undefined) return `What ${name} holds is lost.`
  if (type.startsWith('image/')) {
    if (can.image) return { type: 'image', data, mimeType: type }
    return `This agent takes no pictures, and ${name} is one: send the prompt again without it.`
  }
  const text = textOf(data)
  if (text === undefined)
    return `${name} is neither a picture nor a text: put it into the workspace and name it in the prompt.`
  if (can.resource) {
    const uri = `attachment:///${encodeURIComponent(name)}`
    return { type: 'resource', resource: { uri, mimeType: type, text } }
  }
  // Every agent takes text.
  return { type: 'text', text: `The attached file ${name}:\n\n${text}` }
}

/** @returns nothing for what is no text */
function textOf(data: string): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(data, 'base64'))
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}
