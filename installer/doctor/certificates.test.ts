import { describe, expect, it } from 'vitest'
import { certificates } from './certificates.ts'

const NOW = Date.parse('2026-03-01T00:00:00Z')
const ONE = {
  device: 'box-01',
  enrolledAt: '2026-02-20T00:00:00Z',
  notAfter: '2026-03-22T00:00:00Z',
  heldAt: null,
  heldReason: null,
  revokedAt: null,
  readsSignatures: true,
}
const ANCHORS = { root: null, policy: null, desiredKey: '', all: '' }
const of = (members: Partial<typeof ONE> | { heldReason: string } | { revokedAt: string }, device = 'box-01') =>
  certificates(
    { authorityFingerprint: '', anchors: ANCHORS, invitations: [], devices: [{ ...ONE, ...members }] },
    device,
    NOW,
  )

describe('the certificate of a box, as the doctor sees it', () => {
  it.each([
    ['ok', of({})],
    ['warning', of({ notAfter: '2026-03-04T00:00:00Z' })],
    ['fail', of({ notAfter: '2026-02-28T00:00:00Z' })],
    ['fail', of({ heldReason: 'boot.conflict' })],
    ['fail', of({ revokedAt: '2026-02-28T00:00:00Z' })],
    ['fail', of({}, 'box-02')],
  ])('is %s', (level, finding) => {
    expect(JSON.stringify(finding)).toContain(`"${level}"`)
  })

  it('names the days that are left', () => {
    expect(of({}).found).toBe('box-01, 21 days left')
  })
})
