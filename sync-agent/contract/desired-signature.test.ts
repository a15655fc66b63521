import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type DesiredKey,
  type DesiredKeyLink,
  type DesiredSignature,
  desiredKeyText,
  desiredSignature,
  desiredStatement,
  linkDesiredKey,
  MOST_KEY_LINKS,
  verifyDesired,
} from './desired-signature.ts'
import { deviceId } from './identifiers.ts'

const BOX = deviceId.parse('box-01')
const OTHER = deviceId.parse('box-02')
const DIGEST = 'ab'.repeat(32)

interface Pair {
  readonly key: DesiredKey
  readonly privateKey: KeyObject
}

function pair(number: number): Pair {
  const { privateKey } = generateKeyPairSync('ed25519')
  return { key: { number, publicKey: desiredKeyText(privateKey) }, privateKey }
}

const PAIRS = [1, 2, 3, 4, 5, 6].map(pair)
const at = (number: number): Pair => PAIRS[number - 1] ?? pair(number)
const chainTo = (last: number): DesiredKeyLink[] =>
  PAIRS.slice(1, last).map(({ key }) => linkDesiredKey(key, at(key.number - 1).privateKey))

function signedBy(number: number, version = 7, chain = chainTo(number).slice(-MOST_KEY_LINKS)): DesiredSignature {
  const statement = desiredStatement(BOX, version, DIGEST)
  const signature = sign(
    null,
    statement,
    createPrivateKey(at(number).privateKey.export({ type: 'pkcs8', format: 'pem' })),
  )
  return desiredSignature.parse({ key: number, signature: signature.toString('base64'), chain })
}

const judged = (signed: DesiredSignature | undefined, pinned: number, device = BOX, version = 7) =>
  verifyDesired(device, { version, digest: DIGEST, signed }, at(pinned).key)

describe('the signature of a hub on a desired document', () => {
  it('is taken under the pinned key, and under every key that follows from it', () => {
    for (const signer of [1, 2, 5])
      expect(judged(signedBy(signer), 1)).toEqual({ kind: 'trusted', pinned: at(signer).key })
  })

  it('is for one device, one number and one content', () => {
    expect(judged(signedBy(1), 1, OTHER)).toEqual({ kind: 'refused', code: 'desired-signature' })
    expect(judged(signedBy(1), 1, BOX, 8)).toEqual({ kind: 'refused', code: 'desired-signature' })
    const other = verifyDesired(BOX, { version: 7, digest: 'cd'.repeat(32), signed: signedBy(1) }, at(1).key)
    expect(other).toEqual({ kind: 'refused', code: 'desired-signature' })
  })

  it('may not be missing, nor come from a key that was left behind, or from one that nobody vouches for', () => {
    expect(judged(undefined, 1)).toEqual({ kind: 'refused', code: 'desired-unsigned' })
    expect(judged(signedBy(1), 2)).toEqual({ kind: 'refused', code: 'desired-key-unknown' })
    expect(judged(signedBy(3, 7, []), 1)).toEqual({ kind: 'refused', code: 'desired-key-unknown' })
    // A link that is missing in between, and more rotations than a document carries.
    expect(judged(signedBy(3, 7, chainTo(3).slice(-1)), 1)).toEqual({ kind: 'refused', code: 'desired-key-unknown' })
    expect(judged(signedBy(6), 1)).toEqual({ kind: 'refused', code: 'desired-key-unknown' })
    const stranger = pair(2)
    const forged = linkDesiredKey(stranger.key, stranger.privateKey)
    expect(judged(signedBy(2, 7, [forged]), 1)).toEqual({ kind: 'refused', code: 'desired-key-unknown' })
  })

  it('holds no flipped bit, wherever it is', () => {
    const signed = signedBy(3)
    const flip = (text: string, place: number, encoding: 'hex' | 'base64'): string => {
      const bytes = Buffer.from(text, encoding)
      const index = place % (bytes.length * 8)
      bytes[index >> 3] = (bytes[index >> 3] ?? 0) ^ (1 << (index & 7))
      return bytes.toString(encoding)
    }
    fc.assert(
      fc.property(fc.nat(100_000), fc.constantFrom('signature', 'link', 'key'), (place, where) => {
        const [first, ...rest] = signed.chain
        if (first === undefined) throw new Error('no link')
        const changed: DesiredSignature =
          where === 'signature'
            ? { ...signed, signature: flip(signed.signature, place, 'base64') }
            : {
                ...signed,
                chain: [
                  where === 'link'
                    ? { ...first, signature: flip(first.signature, place, 'base64') }
                    : { ...first, publicKey: flip(first.publicKey, place, 'hex') },
                  ...rest,
                ],
              }
        expect(judged(changed, 1).kind).toBe('refused')
      }),
      { numRuns: 60 },
    )
  })
})
