/**
 * Which addresses a server may call on somebody's word.
 *
 * Whoever may start a session could otherwise make the server ask its own neighbours: the machine itself, its network,
 * the metadata service of its cloud.
 */
import { lookup as resolveName } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

/** Everything that is not the public Internet (IANA special-purpose registries). */
const refused = new BlockList()
const subnets: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  // Carriers' shared addresses, used by clouds and overlay networks too.
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Link-local, where clouds keep their metadata.
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  // Multicast, reserved and broadcast.
  ['224.0.0.0', 3],
]
for (const [net, bits] of subnets) refused.addSubnet(net, bits, 'ipv4')
/** Of IPv6 only global unicast is public, and of that not what stands for something else. */
const publicNet = new BlockList()
publicNet.addSubnet('2000::', 3, 'ipv6')
const special: readonly (readonly [string, number])[] = [
  // Teredo, benchmarking, ORCHID and other protocol assignments.
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4 carries an IPv4 address inside.
  ['2002::', 16],
  ['3fff::', 20],
]
const refusedSix = new BlockList()
for (const [net, bits] of special) refusedSix.addSubnet(net, bits, 'ipv6')

/** Whether an address is one of the public Internet. */
export function isPublic(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !refused.check(address, 'ipv4')
    case 6:
      // Addresses that stand for IPv4 ones (::ffff:…, 64:ff9b::…) lie outside of global unicast.
      return publicNet.check(address, 'ipv6') && !refusedSix.check(address, 'ipv6')
    default:
      return false
  }
}

/** The host of a URL as an address or a name, without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '')
}

export interface Resolved {
  readonly address: string
  readonly family: number
}

/**
 * The address to connect to. The connection is made to exactly this, so the name cannot mean another by then.
 * @throws when the name is unknown, or when any of its addresses is not public
 */
export async function publicAddress(host: string): Promise<Resolved> {
  const all = await addressesOf(host)
  const inside = all.find(({ address }) => !isPublic(address))
  if (inside !== undefined) throw new Error(notPublic(host, inside.address))
  const [first] = all
  if (first === undefined) throw new Error(`${host} has no address.`)
  return first
}

/** As above, with any address. */
export async function anyAddress(host: string): Promise<Resolved> {
  const [first] = await addressesOf(host)
  if (first === undefined) throw new Error(`${host} has no address.`)
  return first
}

export function notPublic(host: string, address: string): string {
  return host === address
    ? `${address} is not a public address.`
    : `${host} is at ${address}, which is not a public address.`
}

async function addressesOf(host: string): Promise<readonly Resolved[]> {
  const family = isIP(host)
  return family === 0 ? await resolveName(host, { all: true }) : [{ address: host, family }]
}
