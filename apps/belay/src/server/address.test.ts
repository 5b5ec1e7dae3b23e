import { expect, test } from 'vitest'
import { isPublic, publicAddress } from './address.ts'

test.each([
  ['loopback', ['127.0.0.1', '127.255.0.1', '::1']],
  ['nowhere', ['0.0.0.0', '0.1.2.3', '::']],
  [
    'private networks',
    ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fd00::1', 'fc00::1'],
  ],
  ['link-local and metadata', ['169.254.169.254', 'fe80::1', 'fd00:ec2::254']],
  ['carriers', ['100.64.0.1', '100.127.255.255', '100.100.100.200']],
  [
    'IPv4 inside IPv6',
    ['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::127.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::'],
  ],
  [
    'documentation, tests, multicast',
    [
      '192.0.2.1',
      '198.51.100.1',
      '203.0.113.9',
      '198.18.0.1',
      '224.0.0.1',
      '255.255.255.255',
      '2001:db8::1',
      'ff02::1',
      '2001::1',
    ],
  ],
  ['what is no address', ['', 'localhost', '127.1', '0x7f000001', '1.2.3', '999.1.1.1']],
])('[K-21] %s is not public', (_what, addresses) => {
  for (const address of addresses) expect([address, isPublic(address)]).toEqual([address, false])
})

test('[K-21] the public Internet is', () => {
  for (const address of [
    '1.1.1.1',
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '100.63.0.1',
    '2606:4700::1111',
    '2a00:1450::1',
  ])
    expect([address, isPublic(address)]).toEqual([address, true])
})

test('[K-21] a name of this machine is refused with the address it stands for', async () => {
  await expect(publicAddress('localhost')).rejects.toThrow(
    /localhost is at .*, which is not a public address/,
  )
  await expect(publicAddress('169.254.169.254')).rejects.toThrow(
    '169.254.169.254 is not a public address.',
  )
  await expect(publicAddress('1.1.1.1')).resolves.toEqual({ address: '1.1.1.1', family: 4 })
})
