import { phantomDicom } from '@leadglass/models'
import { describe, expect, it } from 'vitest'
import { dataSetOf, integer, parsePart10, sequence, text, textElement, uid } from '../imaging/dataset/index.ts'
import type { EarlierResult, WaitingRevision } from '../records/index.ts'
import { EXAMPLE_OUTPUT } from '../results/testing/example-reports.ts'
import { EXAMPLE_SEGMENTS, exampleLabels, exampleSegmentation } from '../results/testing/example-series.ts'
import type { Scored } from './outcomes.ts'
import type { PreparedInstance } from './prepared-instance.ts'
import { headerOf } from './prepared-instance.ts'
import { buildReports } from './reports.ts'

const DIGEST = 'c'.repeat(64)
const EVERY_KIND = new Set(['sr', 'sc', 'seg', 'pr'])
const NOW = new Date('2026-01-05T08:00:00')
const DEVICE = { name: 'test-box', softwareVersion: '0.1.0' }
const model = { name: 'brain', version: '1.0.0', digest: DIGEST } as never

const slices = exampleSegmentation().frames
const prepared = slices.map(
  (slice, ordinal) => ({ ...slice, ordinal, facts: { modality: 'MR' } }) as unknown as PreparedInstance,
)
const outputs = EXAMPLE_SEGMENTS.map(({ label, code, title, category, type }) => ({
  ...EXAMPLE_OUTPUT,
  code,
  title,
  index: label,
  unit: 'mL',
  segment: { category, type },
}))
const scored: Scored = {
  kind: 'scored',
  ordinal: 3,
  model,
  embedding: new Float32Array(1),
  scores: outputs.map(({ code, title }) => ({ code, title, value: 1.5, thresholdMilli: 412, above: true })),
  quality: {},
  classes: { ordinals: slices.map((_, ordinal) => ordinal), size: [6, 11, 13], labels: exampleLabels() },
}
const revision = {
  studyInstanceUid: exampleSegmentation().studyInstanceUid,
  number: 2,
  patientId: 'PHANTOM-7',
  accessionNumber: 'PHANTOM7',
} as WaitingRevision

function built(change: Partial<WaitingRevision> = {}, earlier: readonly EarlierResult[] = [], wanted = EVERY_KIND) {
  const active = [{ model, digest: DIGEST, manifest: { title: 'x', outputs } }] as never
  return buildReports({ ...revision, ...change }, active, prepared, [scored], DEVICE, NOW, earlier, wanted)
}

describe('the results of a revision', () => {
  it('are those kinds that somebody wants, each under a key of its own that ends with the model', () => {
    const keys = built().map((one) => (one.kind === 'report' ? `${one.product} ${one.modelDigest}` : one.mismatch))
    expect(keys).toEqual([`sr ${DIGEST}`, `sc sc:${DIGEST}`, `pr pr:0:${DIGEST}`, `seg seg:0:${DIGEST}`])
    expect(built({}, [], new Set(['sr'])).map((one) => one.product)).toEqual(['sr'])
  })

  it.each([
    ['patient-id', { patientId: 'PHANTOM-8' }],
    ['accession-number', { accessionNumber: '' }],
    ['study-instance-uid', { studyInstanceUid: '1.2.3' }],
  ])('are blocked, every one of them, when %s is not that of the record', (mismatch, change) => {
    const outcomes = built(change).map((one) =>
      one.kind === 'blocked' ? [one.product, one.fault, one.mismatch] : one.kind,
    )
    expect(outcomes).toEqual(['sr', 'sc', 'pr', 'seg'].map((product) => [product, 'identity-mismatch', mismatch]))
  })

  it('are blocked when an object breaks the standard', () => {
    const long = { ...DEVICE, name: 'x'.repeat(70) }
    const active = [{ model, digest: DIGEST, manifest: { title: 'x', outputs } }] as never
    const outcomes = buildReports(revision, active, prepared, [scored], long, NOW, [], EVERY_KIND)
    expect(outcomes.map((one) => (one.kind === 'blocked' ? `${one.fault} ${one.mismatch}` : one.kind))).toEqual(
      new Array(4).fill('object-invalid malformed-00181000'),
    )
  })

  it('point at what they replace: each at that of its kind and model in the newest earlier revision', () => {
    const before = (kind: EarlierResult['kind'], number: number, place: string): EarlierResult => ({
      kind,
      revision: number,
      modelDigest: 'd'.repeat(64),
      modelName: 'brain',
      sopClassUid: '1.2.840.10008.5.1.4.1.1.88.34',
      sopInstanceUid: `2.25.${place}`,
    })
    const other = { ...before('sr', 1, '99'), modelName: 'chest' }
    const earlier = [
      other,
      ...(['sr', 'sc', 'pr', 'seg'] as const).map((kind, place) => before(kind, 1, String(place + 1))),
    ]
    const [sr, sc, pr, seg] = built({}, earlier).map(
      (one) => parsePart10(one.kind === 'report' ? one.report.bytes : Buffer.alloc(0)).dataSet,
    )
    const predecessors = sequence(sr ?? never(), 0x0040a360)
      .flatMap((study) => sequence(study, 0x00081115))
      .flatMap((series) => sequence(series, 0x00081199))
    expect(predecessors.map((one) => uid(one, 0x00081155))).toEqual(['2.25.1'])
    expect(sequence(sc ?? never(), 0x00081140).map((one) => uid(one, 0x00081155))).toEqual(['2.25.2'])
    expect(text(pr ?? never(), 0x00700081)).toBe('Replaces 2.25.3')
    expect(sequence(seg ?? never(), 0x00081140).map((one) => uid(one, 0x00081155))).toEqual(['2.25.4'])
  })
})

it('a header keeps what results need of an image, and nothing of its pixels', () => {
  const { dataSet } = parsePart10(phantomDicom({ seed: 1, index: 1, rows: 16, columns: 16 }).bytes)
  const window = textElement(0x00281050, 'DS', '40')
  const header = headerOf(dataSetOf([...dataSet.elements.values(), window]))
  expect(text(header, 0x00281050)).toBe('40')
  expect(integer(header, 0x00280010)).toBe(16)
  expect(header.elements.has(0x7fe00010)).toBe(false)
})

function never(): never {
  throw new Error('nothing was built')
}
