/**
 * Files that a person pastes, drops or chooses, read into a draft. A picture is made smaller until it fits: models make
 * anything above about 1,600 pixels smaller themselves.
 *
 * Invariants:
 * - W-67 What is attached fits into the limits of a prompt, or is refused with a sentence that says what to do; what was typed stays.
 */
import type { DraftFile } from '@belay/client'
import { limits } from '@belay/protocol'
import { newId } from './new-id.ts'

const pixelsMax = 1568
/** One picture, so that a second one and some text fit too. */
const pictureBytesMax = 240 * 1024
const qualities = [0.9, 0.8, 0.65, 0.5, 0.35] as const

/** Why one more file does not go, or nothing. Pure. */
export function attachRefusal(
  files: readonly DraftFile[],
  one: { readonly name: string; readonly bytes: number },
): string | undefined {
  if (files.length >= limits.attachedFilesMax)
    return `${one.name} was not attached: a prompt takes ${limits.attachedFilesMax} files. Send the others with the next one.`
  if (one.bytes === 0) return `${one.name} was not attached: it is empty.`
  const sum = files.reduce((total, { bytes }) => total + bytes, one.bytes)
  if (sum <= limits.attachmentsBytesMax) return undefined
  return `${one.name} was not attached: a prompt takes ${limits.attachmentsBytesMax / 1024} KiB of files. Put it into the workspace and name it in the prompt.`
}

/** @returns the file, or why it cannot be attached */
export async function readFile(file: File): Promise<DraftFile | string> {
  const name = file.name.replace(/[\p{Cc}/\\]/gu, '_').slice(-limits.titleCharsMax) || 'file'
  const picture = file.type.startsWith('image/') && file.type !== 'image/svg+xml'
  try {
    const blob = picture ? await fitting(file) : file
    if (!picture && file.size > limits.attachmentsBytesMax)
      return attachRefusal([], { name, bytes: file.size }) ?? ''
    if (!picture && !(await isText(file)))
      return `${name} was not attached: it is neither a picture nor a text. Put it into the workspace and name it in the prompt.`
    return {
      key: newId('f'),
      name,
      type: mediaType(picture ? blob.type : file.type),
      bytes: blob.size,
      data: await base64Of(blob),
    }
  } catch {
    return `${name} was not attached: it could not be read. Try it again, or with another format.`
  }
}

function mediaType(type: string): string {
  const [plain = ''] = type.split(';')
  return /^[a-z]+\/[a-z0-9.+-]+$/.test(plain) ? plain : 'text/plain'
}

async function fitting(file: File): Promise<Blob> {
  const picture = await createImageBitmap(file)
  const largest = Math.max(picture.width, picture.height)
  if (file.size <= pictureBytesMax && largest <= pixelsMax) return file
  const scale = Math.min(1, pixelsMax / largest)
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(picture.width * scale)),
    Math.max(1, Math.round(picture.height * scale)),
  )
  const paper = canvas.getContext('2d')
  if (paper === null) throw new Error('no canvas')
  // JPEG has no transparency: what was transparent would be black.
  paper.fillStyle = '#ffffff'
  paper.fillRect(0, 0, canvas.width, canvas.height)
  paper.drawImage(picture, 0, 0, canvas.width, canvas.height)
  for (const quality of qualities) {
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality })
    if (blob.size <= pictureBytesMax || quality === qualities.at(-1)) return blob
  }
  throw new Error('invariant broken: there are qualities')
}

async function isText(blob: Blob): Promise<boolean> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await blob.arrayBuffer())
    return !text.includes('\0')
  } catch {
    return false
  }
}

async function base64Of(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer())
  let binary = ''
  // In parts: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192)
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(binary)
}
