import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pairingText, readPairingText } from './console-pairing.ts'

const PIN = 'A'.repeat(43)

describe('the pairing text', () => {
  it('gives back what it was made of, for names and both kinds of addresses', () => {
    const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6())
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), (name, port) => {
        const connection = { host: name, port, pin: PIN }
        expect(readPairingText(` ${pairingText(connection)}\n`)).toEqual(connection)
      }),
    )
  })

  it.each([
    ['another scheme', `https://box:11118/${PIN}`],
    ['no port', `leadglass-console://box/${PIN}`],
    ['port 0', `leadglass-console://box:0/${PIN}`],
    ['a port beyond the last', `leadglass-console://box:65536/${PIN}`],
    ['a pin cut off', `leadglass-console://box:11118/${PIN.slice(1)}`],
    ['a user before the name', `leadglass-console://me@box:11118/${PIN}`],
    ['a path behind the pin', `leadglass-console://box:11118/${PIN}/x`],
    ['two lines', `leadglass-console://box:11118/${PIN}\nleadglass-console://evil:1/${PIN}`],
    ['far too much', `leadglass-console://${'a'.repeat(100_000)}:1/${PIN}`],
  ])('refuses %s', (_, text) => {
    expect(readPairingText(text)).toBeUndefined()
  })

  it('never throws, whatever it is given', () => {
    fc.assert(fc.property(fc.string(), (text) => readPairingText(text) === undefined))
  })
})
