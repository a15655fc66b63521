import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DesiredDocument, desiredDelivery, packDesired, unpackDesired } from './desired.ts'
import { deviceId } from './identifiers.ts'
import { type ReportedDocument, reportedChain, reportedChanges, reportedStatement } from './reported.ts'

const document = (version: number, note: string): DesiredDocument => ({
  schema: 'leadglass.desired-document/1',
  version,
  expiresAt: null,
  sections: { schedules: { 'retention.windowMinutes': 30 }, rules: { note } },
})

describe('a desired document on its way', () => {
  it('comes out as it went in, in pieces that a twin can hold', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.string({ unit: 'grapheme', maxLength: 2500 }),
        (version, note) => {
          const packed = packDesired(document(version, note))
          for (const piece of packed.text) expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(4096)
          expect(unpackDesired(desiredDelivery.parse(JSON.parse(JSON.stringify(packed))))).toEqual(
            document(version, note),
          )
        },
      ),
    )
  })

  it('is refused when a byte, the version or a member was changed', () => {
    const packed = packDesired(document(3, 'x'))
    expect(unpackDesired({ ...packed, version: 4 })).toBeUndefined()
    expect(unpackDesired({ ...packed, text: packed.text.map((piece) => piece.replace('30', '31')) })).toBeUndefined()
    expect(() => packDesired({ ...document(1, ''), sections: { callers: [] } } as never)).toThrow()
    expect(() => packDesired(document(1, 'a'.repeat(17_000)))).toThrow(RangeError)
  })

  it('cannot name callers, destinations or any other setting', () => {
    const sections = { schedules: { 'callers.0.aeTitle': 'X' } }
    expect(() => packDesired({ ...document(1, ''), sections } as never)).toThrow()
  })
})

describe('a reported state', () => {
  const state: ReportedDocument = {
    software: { version: '1.0.0' },
    desired: null,
    settings: { version: 1, digest: null },
    models: [],
    hubMayDecide: ['schedules'],
  }

  it('travels as the members that changed', () => {
    expect(reportedChanges(undefined, state)).toEqual(state)
    expect(reportedChanges(state, state)).toEqual({})
    expect(reportedChanges(state, { ...state, hubMayDecide: [] })).toEqual({ hubMayDecide: [] })
  })

  it('has a chain that every part of it changes', () => {
    const device = deviceId.parse('test-box')
    const chain = reportedChain(device, 2, null, state)
    expect(reportedChain(device, 3, null, state)).not.toBe(chain)
    expect(reportedChain(device, 2, chain, state)).not.toBe(chain)
    expect(reportedChain(device, 2, null, { ...state, hubMayDecide: [] })).not.toBe(chain)
    expect(reportedChain(deviceId.parse('other-box'), 2, null, state)).not.toBe(chain)
    expect(Buffer.from(reportedStatement(device, 2, chain)).toString()).toBe(
      `leadglass/reported-state/1\ntest-box\n2\n${chain}\n`,
    )
  })
})
