/**
 * Ids of our own for the prompts of an agent server, so that one sent twice is one. They grow with time, because such a
 * server takes the order of ids for the order of messages.
 */

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const randomChars = 14

/**
 * @param now milliseconds since the epoch
 * @param random bytes, at least 14
 */
export function messageId(prefix: 'msg' | 'prt', now: number, random: Uint8Array): string {
  // 48 bits: the low bits of the time in 1/4096 ms, as these servers count it.
  const time = BigInt.asUintN(48, BigInt(now) * 4096n)
  const tail = Array.from(random.subarray(0, randomChars), (byte) => letters.charAt(byte % 62))
  return `${prefix}_${time.toString(16).padStart(12, '0')}${tail.join('')}`
}
