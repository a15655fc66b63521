import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KEY } from './identifiers.ts'
import { type CurrentStudy, choosePriors, type PriorCandidate, type PriorRule, priorQuery } from './priors.ts'

const current: CurrentStudy = {
  studyInstanceUid: '1.1',
  patientId: 'P1',
  issuerOfPatientId: 'HOSPITAL',
  patientBirthDate: '19700101',
  studyDate: '20260301',
  modality: 'CR',
  bodyPart: 'CHEST',
}
const rule: PriorRule = { maximum: 3, withinDays: 730, sameModality: true, sameBodyPart: true }
const candidate = (changes: Partial<PriorCandidate> = {}): PriorCandidate => ({
  studyInstanceUid: '1.2',
  patientId: 'P1',
  issuerOfPatientId: '',
  patientBirthDate: '19700101',
  studyDate: '20250301',
  studyTime: '1000',
  modalities: ['CR', 'SR'],
  bodyParts: ['Chest'],
  ...changes,
})

describe('choice of priors', () => {
  it.each<[string, Partial<PriorCandidate>, boolean]>([
    ['fits', {}, true],
    ['is the study itself', { studyInstanceUid: '1.1' }, false],
    ['is of a patient whose ID begins alike', { patientId: 'P12' }, false],
    ['is of a patient with the same ID of another issuer', { issuerOfPatientId: 'CLINIC' }, false],
    ['is of a patient with another birth date', { patientBirthDate: '19700102' }, false],
    ['does not tell the birth date', { patientBirthDate: '' }, true],
    ['is later', { studyDate: '20260302' }, false],
    ['is too old', { studyDate: '20240229' }, false],
    ['is as old as may be', { studyDate: '20240301' }, true],
    ['has a date that does not exist', { studyDate: '20250231' }, false],
    ['has another modality', { modalities: ['CT'] }, false],
    ['shows another body part', { bodyParts: ['HAND'] }, false],
    ['tells no body part', { bodyParts: [] }, false],
  ])('a candidate that %s', (_, changes, taken) => {
    expect(choosePriors(current, [candidate(changes)], rule)).toHaveLength(taken ? 1 : 0)
  })

  it('is the newest, bounded, each study once, whatever the order', () => {
    const dates = fc.uniqueArray(fc.integer({ min: 1, max: 28 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(dates, fc.nat({ max: 5 }), (days, maximum) => {
        const candidates = days.flatMap((day) => {
          const one = candidate({
            studyInstanceUid: `1.2.${day}`,
            studyDate: `202502${String(day).padStart(2, '0')}`,
          })
          return [one, one]
        })
        const chosen = choosePriors(current, candidates, { ...rule, maximum })
        const newest = [...days].sort((a, b) => b - a).slice(0, maximum)
        expect(chosen.map(({ studyInstanceUid }) => studyInstanceUid)).toEqual(newest.map((day) => `1.2.${day}`))
      }),
    )
  })
})

describe('the query for priors', () => {
  it('names the patient, the range of dates and the modality', () => {
    expect(priorQuery(current, rule)).toMatchObject({
      [KEY.patientId]: 'P1',
      [KEY.studyDate]: '20240301-20260301',
      [KEY.modalitiesInStudy]: 'CR',
    })
  })

  it.each([
    ['a patient ID that is a pattern', { patientId: 'P*' }],
    ['a patient ID that is a list', { patientId: 'P1\\P2' }],
    ['no patient ID', { patientId: '  ' }],
    ['no date', { studyDate: '' }],
  ])('is not made for %s', (_, changes) => {
    expect(priorQuery({ ...current, ...changes }, rule)).toBeUndefined()
  })

  it('is not made for no priors', () => {
    expect(priorQuery(current, { ...rule, maximum: 0 })).toBeUndefined()
  })
})
