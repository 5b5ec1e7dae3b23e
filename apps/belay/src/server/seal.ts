/** Secrets at rest: sealed with AES-256-GCM under a key of the data folder, so a copy of the store alone opens nothing. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

export interface Seal {
  /** @param place what the secret belongs to; it opens only with the same */
  close(secret: string, place: string): string
  /** @throws when it was changed, or sealed for another place or by another folder */
  open(sealed: string, place: string): string
  /** Tells whether two secrets are the same without keeping either. */
  mark(secret: string): string
}

/** A token belongs to the address it was given for. */
export function gitPlace(url: string): string {
  return `git ${url}`
}

const version = 'v1'
const nonceBytes = 12
const tagBytes = 16

export function createSeal(folderSecret: Buffer): Seal {
  const derive = (use: string) =>
    Buffer.from(hkdfSync('sha256', folderSecret, Buffer.alloc(0), `belay ${use}`, 32))
  const key = derive('seal')
  const markKey = derive('mark')
  return {
    close(secret, place) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place))
      const body = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
      return `${version}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')}`
    },
    open(sealed, place) {
      const [form, text = ''] = sealed.split('.')
      if (form !== version) throw new Error(`a seal of the form ${form} is not known here`)
      const bytes = Buffer.from(text, 'base64url')
      const tag = bytes.subarray(nonceBytes, nonceBytes + tagBytes)
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      })
      decipher.setAAD(Buffer.from(place)).setAuthTag(tag)
      const body = decipher.update(bytes.subarray(nonceBytes + tagBytes))
      return Buffer.concat([body, decipher.final()]).toString('utf8')
    },
    mark: (secret) => createHmac('sha256', markKey).update(secret).digest('base64url'),
  }
}
