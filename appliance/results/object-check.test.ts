import { describe, expect, it } from 'vitest'
import {
  concat,
  type DataSet,
  dataSetOf,
  type Element,
  parsePart10,
  sequenceElement,
  textElement,
  writePart10,
} from '../imaging/dataset/index.ts'
import { us } from './binary-elements.ts'
import { buildMeasurementReport } from './measurement-report.ts'
import { findObjectFault } from './object-check.ts'
import { buildPresentationStates } from './presentation-state.ts'
import { buildSecondaryCapture } from './secondary-capture.ts'
import { buildSegmentation } from './segmentation.ts'
import { exampleRequest } from './testing/example-reports.ts'
import { exampleSegmentation } from './testing/example-series.ts'

const request = exampleRequest(1)
const segments = buildSegmentation(exampleSegmentation())?.bytes ?? Buffer.alloc(0)
const report = buildMeasurementReport(request).bytes
const picture = buildSecondaryCapture(request).bytes
const instances = request.instances.map((one) => ({ ...one, header: request.source }))
const presentation = buildPresentationStates({ ...request, instances })[0]?.bytes ?? Buffer.alloc(0)

/** The object with other elements in the place of its own; `undefined` takes one away. */
function changed(bytes: Buffer, change: (dataSet: DataSet) => ReadonlyMap<number, Element | undefined>): Buffer {
  const { meta, dataSet } = parsePart10(bytes)
  const elements = new Map(dataSet.elements)
  for (const [tag, element] of change(dataSet)) {
    if (element === undefined) elements.delete(tag)
    else elements.set(tag, element)
  }
  return concat(writePart10({ meta, dataSet: dataSetOf(elements.values(), dataSet.characterSets) }))
}
const without = (bytes: Buffer, tag: number): Buffer => changed(bytes, () => new Map([[tag, undefined]]))
const having = (bytes: Buffer, element: Element): Buffer => changed(bytes, () => new Map([[element.tag, element]]))
/** The object with the items of a sequence in another form. */
const items = (bytes: Buffer, tag: number, of: (items: readonly DataSet[]) => readonly DataSet[]): Buffer =>
  changed(bytes, ({ elements }) => {
    const value = elements.get(tag)?.value
    return new Map([[tag, sequenceElement(tag, of(value?.kind === 'items' ? value.items : []))]])
  })

describe('the check of an object before it leaves', () => {
  it('finds nothing in what we build', () => {
    expect([segments, report, picture, presentation].map(findObjectFault)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  it.each<[string, Buffer, string]>([
    ['no series', without(report, 0x0020000e), 'missing-0020000e'],
    ['no patient at all', without(picture, 0x00100020), 'missing-00100020'],
    ['no completion', without(report, 0x0040a491), 'missing-0040a491'],
    ['no segments', without(segments, 0x00620002), 'missing-00620002'],
    ['an unknown class', having(report, textElement(0x00080016, 'UI', '1.2.3')), 'class-unknown'],
    ['another instance than the file says', having(report, textElement(0x00080018, 'UI', '1.2.3')), 'meta-differs'],
    ['a UID that is none', having(report, textElement(0x0020000e, 'UI', '1.02.3')), 'malformed-0020000e'],
    ['a date that is none', having(report, textElement(0x00080023, 'DA', '2026-1-5')), 'malformed-00080023'],
    ['a code in small letters', having(report, textElement(0x00080060, 'CS', 'sr')), 'malformed-00080060'],
    [
      'a description that is too long',
      having(report, textElement(0x0008103e, 'LO', 'x'.repeat(65))),
      'malformed-0008103e',
    ],
    ['more rows than pixels', having(picture, us(0x00280010, 9)), 'pixels-size'],
    ['more frames than groups', having(segments, textElement(0x00280008, 'IS', '11')), 'pixels-size'],
    ['a group too few', items(segments, 0x52009230, (all) => all.slice(1)), 'frames-count'],
    [
      'a place twice',
      items(segments, 0x52009230, (all) => [all[1], ...all.slice(1)].flatMap((one) => one ?? [])),
      'dimension-values',
    ],
    ['a segment that is not described', items(segments, 0x00620002, (all) => all.slice(0, 1)), 'segment-unknown'],
    [
      'sources that are not listed',
      items(segments, 0x00081115, () => [dataSetOf([textElement(0x0020000e, 'UI', '1.2')])]),
      'source-not-listed',
    ],
    ['evidence that is not listed', items(report, 0x0040a375, () => []), 'evidence-missing'],
    ['a layer that is not there', items(presentation, 0x00700060, () => []), 'layer-unknown'],
    [
      'images that are not listed',
      items(presentation, 0x00081115, () => [dataSetOf([textElement(0x0020000e, 'UI', '1.2')])]),
      'source-not-listed',
    ],
  ])('finds %s', (_, bytes, fault) => {
    expect(findObjectFault(bytes)).toBe(fault)
  })

  it('lets what the source itself says be as it is', () => {
    const odd = dataSetOf([...request.source.elements.values(), textElement(0x00080020, 'DA', '2026.01.05')])
    expect(findObjectFault(buildMeasurementReport({ ...request, source: odd }).bytes)).toBeUndefined()
  })
})
