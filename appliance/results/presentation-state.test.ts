import { describe, expect, it } from 'vitest'
import { peer, pythonPeer } from '../../installer/testing/peers.ts'
import { dataSetOf, parsePart10, sequence, text, textElement, uid } from '../imaging/dataset/index.ts'
import { findObjectFault } from './object-check.ts'
import { buildPresentationStates, type PresentedInstance } from './presentation-state.ts'
import { exampleRequest } from './testing/example-reports.ts'
import { exampleSegmentation } from './testing/example-series.ts'
import { complaintsOf, readWithPython } from './testing/readers.ts'

const request = exampleRequest(1)
const [reported] = request.instances
const series = exampleSegmentation().frames.map(
  (frame): PresentedInstance => ({ ...frame, modality: 'MR', scores: reported?.scores ?? [] }),
)
const bySlices = { ...request, source: exampleSegmentation().source, instances: series }

const READ_BACK = `
import sys, pydicom
state = pydicom.dcmread(sys.argv[1])
print(state.SOPClassUID.name)
note = state.GraphicAnnotationSequence[0]
print(note.TextObjectSequence[0].UnformattedTextValue.replace(chr(13), '').replace(chr(10), ' | '))
print(len(state.GraphicAnnotationSequence), len(state.ReferencedSeriesSequence[0].ReferencedImageSequence))
window = state.SoftcopyVOILUTSequence[0]
print(float(window.WindowCenter), float(window.WindowWidth), len(window.ReferencedImageSequence))
print(list(state.DisplayedAreaSelectionSequence[0].DisplayedAreaBottomRightHandCorner), state.PresentationLUTShape)
`

describe('a presentation over scored images', () => {
  const validator = peer('dciodvfy')
  it.skipIf(validator === undefined)('has neither error nor warning for dciodvfy', () => {
    const [first] = request.instances
    if (first === undefined) throw new Error('no instance')
    const radiograph = { ...request, instances: [{ ...first, header: request.source }] }
    for (const report of [...buildPresentationStates(radiograph), ...buildPresentationStates(bySlices)])
      expect(complaintsOf(validator ?? '', report.bytes)).toEqual([])
  })

  const python = pythonPeer()
  it.skipIf(python === undefined)(
    'says over every image of a series what it is, and keeps their windows [LEADGLASS_PYTHON]',
    () => {
      const [report, ...others] = buildPresentationStates(bySlices)
      expect(others).toEqual([])
      expect(readWithPython(python ?? '', READ_BACK, [report?.bytes ?? Buffer.alloc(0)]).split('\n')).toEqual([
        'Grayscale Softcopy Presentation State Storage',
        'AI result, not for diagnosis | chest-radiograph 1.0.0 | Pneumonia: 75.0 %, at or above operating point',
        '6 6',
        '500.0 1000.0 6',
        '[13, 11] IDENTITY',
        '',
      ])
    },
    60_000,
  )

  it('is one for each look: another slope, another polarity, none for colour', () => {
    const with_ = (place: number, ...more: Parameters<typeof textElement>[]): PresentedInstance => {
      const one = series[place]
      if (one === undefined) throw new Error('no slice')
      const elements = [...one.header.elements.values(), ...more.map((parts) => textElement(...parts))]
      return { ...one, header: dataSetOf(elements) }
    }
    const instances = [
      with_(0),
      with_(1, [0x00281053, 'DS', '2'], [0x00281052, 'DS', '-1024'], [0x00281054, 'LO', 'HU']),
      with_(2, [0x00280004, 'CS', 'MONOCHROME1']),
      with_(3, [0x00280004, 'CS', 'RGB']),
      with_(4),
    ]
    const states = buildPresentationStates({ ...bySlices, instances }).map(({ bytes }) => parsePart10(bytes).dataSet)
    const looks = states.map((state) => [
      text(state, 0x00281053),
      text(state, 0x20500020),
      sequence(state, 0x00700001).length,
    ])
    expect(looks).toEqual([
      [undefined, 'IDENTITY', 2],
      ['2', 'IDENTITY', 1],
      [undefined, 'INVERSE', 1],
    ])
    expect(new Set(states.map((state) => uid(state, 0x00080018))).size).toBe(3)
    for (const { bytes } of buildPresentationStates({ ...bySlices, instances })) {
      expect(findObjectFault(bytes)).toBeUndefined()
    }
  })

  it('names what it replaces, and is the same whenever it is built', () => {
    const replaces = [
      { sopClassUid: '1.2.840.10008.5.1.4.1.1.11.1', sopInstanceUid: '2.25.1', seriesInstanceUid: '2.25.2' },
    ]
    const [report] = buildPresentationStates({ ...bySlices, revision: 2, replaces })
    const [again] = buildPresentationStates({ ...bySlices, revision: 2, replaces })
    expect(text(parsePart10(report?.bytes ?? Buffer.alloc(0)).dataSet, 0x00700081)).toBe('Replaces 2.25.1')
    expect(report?.bytes.equals(again?.bytes ?? Buffer.alloc(0))).toBe(true)
  })
})
