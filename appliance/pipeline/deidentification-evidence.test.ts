import { auditDetail } from '@leadglass/sync-agent/audit-log'
import { describe, expect, it } from 'vitest'
import { deidentificationEvidence } from './deidentification-evidence.ts'

describe('what the log says of a de-identification', () => {
  it('adds up actions over instances, and names attributes once', () => {
    const { codes, detail } = deidentificationEvidence([
      { actions: { removed: 2, kept: 9 }, removed: [0x00100030, 0x00080090], changed: [0x00100010] },
      { actions: { removed: 1 }, removed: [0x00080090], changed: [] },
      undefined,
    ])
    expect(codes).toEqual(['instances-3', 'action.kept-9', 'action.removed-3'])
    expect(detail).toEqual({ removed: '00080090,00100030', changed: '00100010' })
  })

  it('stays within the bounds of a leaf and of a detail, whatever an object holds', () => {
    const removed = Array.from({ length: 50_000 }, (_, place) => 0x00090000 + place)
    const { codes, detail } = deidentificationEvidence([{ actions: { removed: 50_000 }, removed, changed: removed }])
    expect(codes.length).toBeLessThanOrEqual(32)
    expect(auditDetail.safeParse(detail).success).toBe(true)
  })
})
