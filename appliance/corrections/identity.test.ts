import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { identityInForce, isSamePatient, judgeMerge, lastMergeOf, overlayOf } from './identity.ts'
import type { Merge, PatientKey } from './vocabulary.ts'

const key = (id: string, issuer = ''): PatientKey => ({ issuer, id })
const merge = (from: string, to: string, change: Partial<Merge> = {}): Merge => ({
  from: key(from),
  to: key(to),
  name: null,
  birthDate: null,
  sex: null,
  ...change,
})
const lookUp = (merges: readonly Merge[]) => (one: PatientKey) => merges.find((other) => isSamePatient(other.from, one))
const received = {
  patientIssuer: '',
  patientId: 'A',
  patientName: 'OLD^NAME',
  patientBirthDate: '19500101',
  patientSex: 'F',
  accessionNumber: 'ACC1',
}

describe('identity in force', () => {
  it('follows a chain to the patient that survives, in whatever order its links came', () => {
    const chain = [merge('A', 'B'), merge('B', 'C'), merge('X', 'A')]
    fc.assert(
      fc.property(fc.shuffledSubarray(chain, { minLength: 3 }), (merges) => {
        expect(lastMergeOf(key('X'), lookUp(merges))?.to.id).toBe('C')
        expect(lastMergeOf(key('C'), lookUp(merges))).toBeUndefined()
      }),
    )
  })

  it('refuses what leads in a circle, so that every chain has an end', () => {
    const ids = fc.constantFrom('A', 'B', 'C', 'D', 'E')
    fc.assert(
      fc.property(fc.array(fc.tuple(ids, ids), { maxLength: 30 }), (wanted) => {
        const merges: Merge[] = []
        for (const [from, to] of wanted) {
          if (judgeMerge(key(from), key(to), lookUp(merges), () => false).kind === 'new') merges.push(merge(from, to))
        }
        for (const { from } of merges) {
          const end = lastMergeOf(from, lookUp(merges))?.to ?? from
          expect(lookUp(merges)(end)).toBeUndefined()
          expect(isSamePatient(end, from)).toBe(false)
        }
      }),
    )
  })

  it.each([
    ['itself', key('A'), key('A'), 'same-patient'],
    ['a second one', key('M'), key('Z'), 'merged-elsewhere'],
    ['a placeholder', key('A'), key('UNKNOWN'), 'placeholder-id'],
    ['whom it absorbed', key('N'), key('M'), 'circle'],
  ])('refuses a merge into %s', (_what, from, to, code) => {
    const verdict = judgeMerge(from, to, lookUp([merge('M', 'N')]), (id) => id === 'UNKNOWN')
    expect(verdict).toEqual({ kind: 'refused', code })
  })

  it('knows a merge that is in force, and keeps numbers of other issuers apart', () => {
    const inForce = lookUp([merge('M', 'N')])
    expect(judgeMerge(key('M'), key('N'), inForce, () => false)).toEqual({ kind: 'known' })
    const chain = lookUp([merge('M', 'N'), merge('N', 'O')])
    expect(judgeMerge(key('M'), key('O'), chain, () => false)).toEqual({ kind: 'known' })
    expect(lastMergeOf(key('M', 'CLINIC'), inForce)).toBeUndefined()
  })

  it('lays the corrections over what was received, and leaves the rest', () => {
    expect(overlayOf(received, undefined, null)).toBeUndefined()
    expect(overlayOf(received, undefined, 'ACC1')).toBeUndefined()
    const overlay = overlayOf(received, merge('A', 'B', { name: 'NEW^NAME' }), 'ACC2')
    expect(identityInForce(received, overlay)).toEqual({
      ...received,
      patientId: 'B',
      patientName: 'NEW^NAME',
      accessionNumber: 'ACC2',
    })
  })
})
