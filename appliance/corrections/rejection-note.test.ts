import { describe, expect, it } from 'vitest'
import { readKeyObject } from './rejection-note.ts'
import { keyObject } from './testing/key-objects.ts'

const NOTE = { sopInstanceUid: '1.2.9', studyInstanceUid: '1.2.3', patientId: 'P1' }
const OWN = { study: '1.2.3', series: '1.2.3.1', sop: '1.2.3.1.1' }
const ELSEWHERE = { study: '9.9', series: '9.9.1', sop: '9.9.1.1' }

describe('reading Key Object Selections', () => {
  it.each([
    ['113001', 'quality'],
    ['113037', 'patient-safety'],
    ['113038', 'worklist-entry'],
    ['113039', 'retention-expired'],
  ])('document title %s rejects: %s', (title, expected) => {
    expect(readKeyObject(keyObject({ ...NOTE, title, references: [OWN] }))).toEqual({
      kind: 'rejection',
      title: expected,
      rejects: [OWN.sop],
    })
  })

  it('rejects nothing under another title', () => {
    expect(readKeyObject(keyObject({ ...NOTE, title: '113000', references: [OWN] }))).toEqual({ kind: 'other' })
    expect(readKeyObject(keyObject({ ...NOTE, title: 'toString', references: [OWN] }))).toEqual({ kind: 'other' })
  })

  it('reaches into no other study', () => {
    const note = readKeyObject(keyObject({ ...NOTE, title: '113001', references: [ELSEWHERE, OWN] }))
    expect(note).toMatchObject({ rejects: [OWN.sop] })
  })

  it('takes bytes that are no whole object for no note', () => {
    const file = keyObject({ ...NOTE, title: '113001', references: [OWN] })
    for (let length = 0; length < file.length; length += 7) {
      expect(readKeyObject(file.subarray(0, length)).kind).toBe('other')
    }
  })
})
