import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createNoteSigner, createNoteVerifier, generateSigningKey, verifierKeyOf } from '../audit-log/index.ts'
import { epochRoot } from '../contract/index.ts'
import { digestOf } from '../foundation/index.ts'
import { isEpochStatementSigned, rootOfDigests, signEpochStatement, splitRange } from './epoch-proof.ts'

const ORIGIN = 'leadglass/test-box/audit'

describe('ranges of an epoch', () => {
  it('are cut without gap or overlap, into no more parts than asked for', () => {
    const place = fc.integer({ min: 1, max: 1_000_000 })
    fc.assert(
      fc.property(place, fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 2, max: 16 }), (from, more, parts) => {
        const cut = splitRange({ stream: 'drift', from, to: from + more }, parts)
        expect(cut.length).toBeLessThanOrEqual(parts)
        expect(cut[0]?.from).toBe(from)
        expect(cut.at(-1)?.to).toBe(from + more)
        for (const [i, part] of cut.entries()) {
          expect(part.to).toBeGreaterThanOrEqual(part.from)
          if (i > 0) expect(part.from).toBe((cut[i - 1]?.to ?? 0) + 1)
        }
        expect(more === 0 || cut.length > 1).toBe(true)
      }),
    )
  })

  it('have another root when a digest is missing, changed, doubled or cannot be computed', () => {
    const digests = ['a', 'b', 'c', 'd', 'e'].map((text) => digestOf(text))
    const root = rootOfDigests(digests)
    expect(rootOfDigests(digests.slice(1))).not.toBe(root)
    expect(rootOfDigests([...digests, digestOf('e')])).not.toBe(root)
    expect(rootOfDigests(digests.with(2, digestOf('x')))).not.toBe(root)
    expect(rootOfDigests([...digests.slice(0, 4), undefined])).not.toBe(root)
    expect(rootOfDigests([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })
})

describe('a statement', () => {
  const key = generateSigningKey()
  const verifier = createNoteVerifier(verifierKeyOf(ORIGIN, key))
  const root = rootOfDigests([digestOf('a')])
  const ranges = [{ stream: 'audit' as const, from: 1, to: 1, root }]
  const signed = signEpochStatement(createNoteSigner(ORIGIN, key), {
    epoch: 3,
    serial: 7,
    run: 7,
    closed: true,
    envelopes: 1,
    root,
    ranges,
  })

  it('fits the contract, and verifies under its own key only', () => {
    expect(epochRoot.parse(signed)).toEqual(signed)
    expect(isEpochStatementSigned(verifier, signed)).toBe(true)
    const other = createNoteVerifier(verifierKeyOf(ORIGIN, generateSigningKey()))
    expect(isEpochStatementSigned(other, signed)).toBe(false)
  })

  it.each([
    ['epoch', { epoch: 4 }],
    ['end', { closed: false }],
    ['count', { envelopes: 2 }],
    ['root', { root: '0'.repeat(64) }],
    ['ranges', { ranges: [] }],
  ])('is refused after a change of its %s', (_what, change) => {
    expect(isEpochStatementSigned(verifier, { ...signed, ...change })).toBe(false)
  })
})
