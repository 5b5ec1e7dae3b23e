/**
 * What goes with a prompt besides its text: pictures and files, small enough to travel in the request and in one frame to
 * the runner. Pages make a picture smaller before they send it; a large file belongs into the workspace.
 */
import { z } from 'zod'
import { limits } from './limits.ts'

const nameSchema = z
  .string()
  .min(1)
  .max(limits.titleCharsMax)
  // It is shown, and an agent may make a file of it.
  .regex(/^[^\p{Cc}/\\]+$/u, { error: 'must be a file name without a path' })
const typeSchema = z
  .string()
  .max(100)
  .regex(/^[a-z]+\/[a-z0-9.+-]+$/, { error: 'must be a media type such as `image/png`' })
const dataSchema = z.base64().min(4).max(base64Chars(limits.attachmentsBytesMax))

/** Of one session, made of the prompt's id and its place. */
export const attachmentIdSchema = z.string().min(1).max(80)

/** As the log and every page carry it. */
export const attachmentSchema = z
  .object({ id: attachmentIdSchema, name: nameSchema, type: typeSchema, bytes: z.int().min(1) })
  .meta({ id: 'Attachment' })
export type Attachment = z.infer<typeof attachmentSchema>

/** The whole of it. */
export const attachmentDataSchema = attachmentSchema
  .extend({ data: dataSchema })
  .meta({ id: 'AttachmentData' })
export type AttachmentData = z.infer<typeof attachmentDataSchema>

const attachmentBodySchema = z
  .strictObject({ name: nameSchema, type: typeSchema, data: dataSchema })
  .meta({ id: 'AttachmentBody', description: '`data` is base64.' })
export type AttachmentBody = z.infer<typeof attachmentBodySchema>

/** As they come in with a prompt. */
export const attachmentsBodySchema = z
  .array(attachmentBodySchema)
  .min(1)
  .max(limits.attachedFilesMax)
  .refine(
    (all) =>
      all.reduce((sum, { data }) => sum + base64Bytes(data), 0) <= limits.attachmentsBytesMax,
    { error: `must be at most ${limits.attachmentsBytesMax} bytes together` },
  )

/** Bytes that a base64 text stands for. */
export function base64Bytes(data: string): number {
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0
  return (data.length / 4) * 3 - padding
}

function base64Chars(bytes: number): number {
  return Math.ceil(bytes / 3) * 4
}
