import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AuditDetail, commitmentTo, verifyDetail } from './detail.ts'
import { decodeEvent, encodeEvent } from './event.ts'

const SALT = Buffer.alloc(32, 7)
const DETAIL: AuditDetail = { callingAeTitle: 'CT_1', remoteAddress: '192.0.2.7', remotePort: 4242 }
const leafFor = (commitment?: string): Buffer =>
  Buffer.from(
    encodeEvent(
      {
        event: 'association.accepted',
        actor: { kind: 'system', id: 'dimse' },
        subject: null,
        outcome: 'success',
        ...(commitment === undefined ? {} : { commitment }),
      },
      0,
    ),
  )
const fileOf = (changes: object = {}): string =>
  JSON.stringify({
    schema: 'leadglass.audit-detail/1',
    origin: 'leadglass/box-01/audit',
    index: 4,
    leaf: leafFor(commitmentTo(DETAIL, SALT)).toString('base64'),
    salt: SALT.toString('hex'),
    detail: DETAIL,
    proof: null,
    ...changes,
  })

describe('a detail behind a commitment', () => {
  it('is proven by its file, whatever the order of its members', () => {
    const reordered = Object.fromEntries(Object.entries(DETAIL).reverse())
    expect(verifyDetail(fileOf()).kind).toBe('verified')
    expect(verifyDetail(fileOf({ detail: reordered })).kind).toBe('verified')
  })

  it('shows nothing of itself in the leaf', () => {
    const leaf = leafFor(commitmentTo(DETAIL, SALT)).toString()
    for (const value of Object.values(DETAIL)) expect(leaf).not.toContain(String(value))
    expect(commitmentTo(DETAIL, Buffer.alloc(32, 8))).not.toBe(commitmentTo(DETAIL, SALT))
  })

  it.each([
    ['another value', { detail: { ...DETAIL, remoteAddress: '192.0.2.8' } }],
    ['a value more', { detail: { ...DETAIL, note: 'x' } }],
    ['a value less', { detail: { callingAeTitle: 'CT_1', remoteAddress: '192.0.2.7' } }],
    ['another type', { detail: { ...DETAIL, remotePort: '4242' } }],
    ['another salt', { salt: Buffer.alloc(32, 8).toString('hex') }],
    ['the commitment of another leaf', { leaf: leafFor('ab'.repeat(32)).toString('base64') }],
  ])('is refused with %s', (_what, changes) => {
    expect(verifyDetail(fileOf(changes))).toEqual({ kind: 'refused', reason: 'detail-mismatch' })
  })

  it('is refused without a commitment, and when it is no such file', () => {
    expect(verifyDetail(fileOf({ leaf: leafFor().toString('base64') }))).toEqual({
      kind: 'refused',
      reason: 'no-commitment',
    })
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(verifyDetail(text).kind).toBe('refused')
      }),
    )
  })

  it('leaves entries without a commitment as they were', () => {
    expect(leafFor().toString()).not.toContain('commitment')
    expect(decodeEvent(leafFor())).toBeDefined()
    const held = decodeEvent(leafFor(commitmentTo(DETAIL, SALT)))
    expect(held?.commitment).toBe(commitmentTo(DETAIL, SALT))
  })
})
