/** What is attached to prompts, on its way in and out. It is kept in the rows of its session. */
import {
  type AttachmentBody,
  type AttachmentData,
  attachmentDataSchema,
  base64Bytes,
} from '@belay/protocol'
import { attachmentKey } from '@belay/session'
import type { SessionHost } from './session-host.ts'

/** Names what came with a prompt, so that a request that is repeated names it the same. */
export function namedAttachments(
  promptId: string,
  attachments: readonly AttachmentBody[] | undefined,
): readonly AttachmentData[] | undefined {
  return attachments?.map(({ name, type, data }, index) => ({
    id: `${promptId}.${index + 1}`,
    name,
    type,
    bytes: base64Bytes(data),
    data,
  }))
}

/** @returns nothing for an attachment that the session does not have */
export function attachmentOf(
  host: SessionHost,
  session: string,
  attachmentId: string,
): AttachmentData | undefined {
  const row = host.row(session, attachmentKey(attachmentId))
  return row === undefined ? undefined : attachmentDataSchema.parse(JSON.parse(row))
}
