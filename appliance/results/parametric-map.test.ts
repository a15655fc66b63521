import { describe, expect, it } from 'vitest'
import { peer, pythonPeer } from '../../installer/testing/peers.ts'
import { parsePart10, sequence, text, uid } from '../imaging/dataset/index.ts'
import { findObjectFault } from './object-check.ts'
import { buildParametricMap, type HeatMap, PARAMETRIC_MAP_SOP_CLASS } from './parametric-map.ts'
import { exampleRequest } from './testing/example-reports.ts'
import { EXAMPLE_SLICES, exampleHeatMap, exampleSegmentation } from './testing/example-series.ts'
import { complaintsOf, readWithPython } from './testing/readers.ts'

const request = exampleSegmentation()
const map = exampleHeatMap()
const bytes = buildParametricMap({ ...request, map }).bytes

/** What highdicom reads: real values, where they lie, and what they are. */
const READ_BACK = `
import sys, json, numpy as np, pydicom
from highdicom.image import imread
image, source = imread(sys.argv[1]), pydicom.dcmread(sys.argv[2])
volume = image.get_volume(apply_real_world_transform=True)
meaning = image.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
first = volume.map_indices_to_reference(np.array([[0, -0.5, -0.5]]))[0]
spacing = [float(x) for x in source.PixelSpacing]
right, down = np.array(source.ImageOrientationPatient[:3], float), np.array(source.ImageOrientationPatient[3:], float)
corner = np.array(source.ImagePositionPatient, float) - right * spacing[1] / 2 - down * spacing[0] / 2
print(json.dumps({
    'values': [round(float(x), 6) for x in volume.array.ravel()],
    'shape': list(volume.array.shape),
    'corner': bool(np.abs(first - corner).max() < 1e-4),
    'covers': [round(volume.spacing[1] * volume.array.shape[1], 4), round(volume.spacing[2] * volume.array.shape[2], 4)],
    'quantity': meaning.QuantityDefinitionSequence[0].ConceptCodeSequence[0].CodeMeaning,
    'unit': meaning.MeasurementUnitsCodeSequence[0].CodeValue,
    'same frame': image.FrameOfReferenceUID == source.FrameOfReferenceUID,
}))
`

describe('a parametric map', () => {
  const validator = peer('dciodvfy')
  it.skipIf(validator === undefined)(
    'has neither error nor warning for dciodvfy, over a slice and a radiograph',
    () => {
      expect(complaintsOf(validator ?? '', bytes)).toEqual([])
      expect(complaintsOf(validator ?? '', overRadiograph())).toEqual([])
    },
  )

  const python = pythonPeer()
  it.skipIf(python === undefined)(
    'is read back by highdicom with the same values, over exactly the extent of the image [LEADGLASS_PYTHON]',
    () => {
      const read = JSON.parse(readWithPython(python ?? '', READ_BACK, [bytes, EXAMPLE_SLICES[1] ?? bytes])) as object
      expect(read).toEqual({
        values: [...map.values].map((value) => Number(value.toFixed(6))),
        shape: [1, 4, 5],
        corner: true,
        covers: [8.8, 9.1],
        quantity: 'Saliency',
        unit: '1',
        'same frame': true,
      })
    },
    60_000,
  )

  it('passes our own check, is the same whenever it is built, and points at what it replaces', () => {
    expect(findObjectFault(bytes)).toBeUndefined()
    expect(findObjectFault(overRadiograph())).toBeUndefined()
    expect(buildParametricMap({ ...request, map: exampleHeatMap() }).bytes.equals(bytes)).toBe(true)
    const replaces = [{ sopClassUid: PARAMETRIC_MAP_SOP_CLASS, sopInstanceUid: '2.25.1' }]
    const { dataSet } = parsePart10(buildParametricMap({ ...request, map, revision: 2, replaces }).bytes)
    expect(sequence(dataSet, 0x00081140).map((one) => uid(one, 0x00081155))).toEqual(['2.25.1'])
    expect(text(dataSet, 0x00204000)).toBe('AI result, not for diagnosis. Replaces 2.25.1')
  })

  it.each<[string, Partial<HeatMap>]>([
    ['too few values', { values: new Float32Array(3) }],
    ['a value that is no number', { values: new Float32Array(20).fill(Number.NaN) }],
  ])('is not made of %s', (_, change) => {
    expect(() => buildParametricMap({ ...request, map: { ...map, ...change } })).toThrow(RangeError)
  })
})

function overRadiograph(): Buffer {
  const radiograph = exampleRequest(1)
  const [instance] = radiograph.instances
  if (instance === undefined) throw new Error('no instance')
  const source = { ...instance, header: radiograph.source }
  return buildParametricMap({ ...radiograph, map: { ...exampleHeatMap(16, 16), source } }).bytes
}
