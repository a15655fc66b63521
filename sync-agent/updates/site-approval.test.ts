import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ModelReference } from '../contract/index.ts'
import { canonicalJson, digestOf } from '../foundation/index.ts'
import { type DsseEnvelope, preAuthEncoding, STATEMENT_TYPE } from './dsse.ts'
import { checkSiteApproval, siteApprovalOf } from './site-approval.ts'

const MODEL: ModelReference = { name: 'chest-radiograph', version: '1.0.0', digest: 'a'.repeat(64) }
const SITE = generateKeyPairSync('ed25519')
const PUBLIC_KEY = Buffer.from(SITE.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex')
const SIGNER = { person: 'site.physicist', printedName: 'Site Physicist' }
const POLICY = { siteApproval: { keys: [{ ...SIGNER, publicKey: PUBLIC_KEY }] } }
const HUB = [{ keyDigest: digestOf(Buffer.from('b'.repeat(64), 'hex')) }]

function envelope(model = MODEL, signer = SIGNER, key: KeyObject = SITE.privateKey): DsseEnvelope {
  const payload = Buffer.from(canonicalJson(siteApprovalOf(model, signer, 'approval', '2026-11-22T12:00:00.000Z')))
  const sig = sign(undefined, preAuthEncoding(payload), key).toString('base64')
  return { payloadType: STATEMENT_TYPE, payload: payload.toString('base64'), signatures: [{ keyid: 'k', sig }] }
}

describe('checkSiteApproval', () => {
  it('asks for nothing that is not pinned, and waits for what is', () => {
    expect(checkSiteApproval(MODEL, HUB, {}, undefined)).toEqual({ kind: 'not-asked' })
    expect(checkSiteApproval(MODEL, HUB, POLICY, undefined)).toMatchObject({ kind: 'missing' })
  })

  it('takes the signature of a person whom the hospital pinned, over these bytes', () => {
    expect(checkSiteApproval(MODEL, HUB, POLICY, envelope())).toEqual({
      kind: 'approved',
      ...SIGNER,
      signedAt: '2026-11-22T12:00:00.000Z',
    })
  })

  it.each([
    ['other bytes', envelope({ ...MODEL, digest: 'c'.repeat(64) }), 'other bytes'],
    ['another version', envelope({ ...MODEL, version: '1.0.1' }), 'other bytes'],
    [
      'another key',
      envelope(MODEL, SIGNER, generateKeyPairSync('ed25519').privateKey),
      'key that this device was given',
    ],
    ['a stranger', envelope(MODEL, { ...SIGNER, person: 'somebody' }), 'key that this device was given'],
    ['no envelope', { payload: 'x' }, 'cannot be read'],
    ['a broken file', null, 'cannot be read'],
  ])('refuses %s in words', (_name, given, words) => {
    const outcome = checkSiteApproval(MODEL, HUB, POLICY, given)
    expect(outcome.kind).toBe('refused')
    expect('message' in outcome ? outcome.message : '').toContain(words)
  })

  it('counts no key twice: one that approved at the hub is not the hospital’s', () => {
    const used = [{ keyDigest: digestOf(Buffer.from(PUBLIC_KEY, 'hex')) }]
    expect(checkSiteApproval(MODEL, used, POLICY, envelope()).kind).toBe('refused')
  })

  it('takes nothing that was altered anywhere', () => {
    const good = envelope()
    const payload = Buffer.from(good.payload, 'base64')
    fc.assert(
      fc.property(fc.nat(payload.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const altered = Buffer.from(payload)
        altered[place] = (altered[place] ?? 0) ^ change
        const outcome = checkSiteApproval(MODEL, HUB, POLICY, { ...good, payload: altered.toString('base64') })
        expect(outcome.kind).toBe('refused')
      }),
    )
  })
})
