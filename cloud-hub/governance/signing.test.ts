import { digestOf, ManualClock } from '@leadglass/sync-agent/foundation'
import { describe, expect, it } from 'vitest'
import { createApproverKey, openApproverKey } from './approver-key.ts'
import { electronicSignature, type SigningSubject, signApproval, verifyApproval } from './signing.ts'

const COST = { n: 2 ** 14, r: 8, p: 1 } as const
const file = await createApproverKey({
  person: 'clinical-approver',
  role: 'clinical',
  printedName: 'Clinical Approver',
  passphrase: 'correct horse battery',
  cost: COST,
})
const key = await openApproverKey(file, 'correct horse battery')
const clock = new ManualClock(Date.parse('2026-11-22T12:00:00Z'))
const subject: SigningSubject = {
  version: 3,
  signedBytes: Buffer.from('{"_type":"targets","version":3}'),
  releases: [{ model: { name: 'chest-radiograph', version: '1.0.0', digest: 'a'.repeat(64) }, releaseCounter: 1 }],
}
const approval = signApproval(key, subject, 'approval', clock)

function payload(of = approval): Record<string, unknown> {
  return JSON.parse(Buffer.from(of.envelope.payload, 'base64').toString()) as Record<string, unknown>
}

describe('one act of signing', () => {
  it('records printed name, date and time, and meaning (21 CFR 11.50(a))', () => {
    const statement = verifyApproval(approval, subject, file.publicKey)
    expect(statement?.predicate).toMatchObject({
      printedName: 'Clinical Approver',
      signedAt: '2026-11-22T12:00:00.000Z',
      meaning: 'approval',
      role: 'clinical',
    })
  })

  it('binds the statement to the very bytes (21 CFR 11.70)', () => {
    expect(payload().subject).toEqual([
      { name: '3.approved-models.json', digest: { sha256: digestOf(subject.signedBytes) } },
    ])
    expect(verifyApproval(approval, { ...subject, signedBytes: Buffer.from('{}') }, file.publicKey)).toBeUndefined()
    expect(verifyApproval(approval, { ...subject, version: 4 }, file.publicKey)).toBeUndefined()
  })

  it('is a DSSE envelope over an in-toto statement', () => {
    expect(approval.envelope.payloadType).toBe('application/vnd.in-toto+json')
    expect(payload()).toMatchObject({ _type: 'https://in-toto.io/Statement/v1' })
    expect(electronicSignature.safeParse(payload()).success).toBe(true)
  })

  it('does not verify with one of its two signatures from elsewhere', () => {
    const other = signApproval(key, { ...subject, signedBytes: Buffer.from('[]') }, 'approval', clock)
    expect(verifyApproval({ ...approval, envelope: other.envelope }, subject, file.publicKey)).toBeUndefined()
    expect(verifyApproval({ ...approval, signature: other.signature }, subject, file.publicKey)).toBeUndefined()
  })

  it.each([
    ['printed name', (text: string) => text.replace('Clinical Approver', 'Somebody Else')],
    ['meaning', (text: string) => text.replace('"meaning":"approval"', '"meaning":"review"')],
    ['time', (text: string) => text.replace('2026', '2025')],
  ])('does not verify with another %s', (_name, change) => {
    const text = change(Buffer.from(approval.envelope.payload, 'base64').toString())
    const envelope = { ...approval.envelope, payload: Buffer.from(text).toString('base64') }
    expect(verifyApproval({ ...approval, envelope }, subject, file.publicKey)).toBeUndefined()
  })

  it('does not verify with another key', async () => {
    const other = await createApproverKey({ ...file, passphrase: 'correct horse battery', cost: COST })
    expect(verifyApproval(approval, subject, other.publicKey)).toBeUndefined()
  })

  it.each(['', 'zz', '00', '0'.repeat(130)])('does not verify with the signature "%s"', (signature) => {
    expect(verifyApproval({ ...approval, signature }, subject, file.publicKey)).toBeUndefined()
  })
})
