import { describe, expect, it } from 'vitest'
import { instanceView } from '../contract/local-api.ts'
import { modelWords, scoreRows } from './score-rows.ts'

const model = { name: 'chest-radiograph', version: '1.1.0', digest: 'aa' }
const score = { code: 'pneumonia', title: 'Pneumonia', value: 0.9, thresholdMilli: 412, above: true, model }
const instance = (place: number, members: object) =>
  instanceView.parse({
    instance: place,
    sopInstanceUid: `2.25.${place}`,
    sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    modality: 'DX',
    bytes: 1,
    receivedAt: '2026-11-22T13:00:00.000Z',
    callingAeTitle: 'DX_1',
    scores: [],
    notScored: [],
    quality: {},
    ...members,
  })

describe('rows of a study', () => {
  it('hold each score, each reason, and a row for an image that nobody looked at', () => {
    const rows = scoreRows([
      instance(0, { scores: [score], notScored: [{ reason: 'no-fit-view', model: { ...model, digest: 'bb' } }] }),
      instance(1, { notScored: [{ reason: 'no-model', model: null }] }),
      instance(2, {}),
    ])
    expect(rows.map((row) => [row.kind, row.instance.instance, row.model])).toEqual([
      ['score', 0, 'chest-radiograph 1.1.0'],
      ['not-scored', 0, 'chest-radiograph 1.1.0'],
      ['not-scored', 1, '–'],
      ['not-yet', 2, '–'],
    ])
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length)
    expect(rows[2]).toMatchObject({ words: 'not scored: no model is in use' })
  })

  it('name a model by name and version', () => {
    expect(modelWords(model)).toBe('chest-radiograph 1.1.0')
  })
})
