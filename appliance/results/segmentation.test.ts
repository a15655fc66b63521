import { describe, expect, it } from 'vitest'
import { peer, pythonPeer } from '../../installer/testing/peers.ts'
import { bytesOf, parsePart10, sequence, text, uid } from '../imaging/dataset/index.ts'
import { findIdentityMismatch } from './identity-check.ts'
import { findObjectFault } from './object-check.ts'
import { buildSegmentation, SEGMENTATION_SOP_CLASS } from './segmentation.ts'
import { EXAMPLE_SLICES, exampleLabels, exampleSegmentation } from './testing/example-series.ts'
import { complaintsOf, readWithPython } from './testing/readers.ts'

const request = exampleSegmentation()
const REPLACED = { sopClassUid: SEGMENTATION_SOP_CLASS, sopInstanceUid: '2.25.1' }
const built = (change: Parameters<typeof exampleSegmentation>[0] = {}): Buffer => {
  const report = buildSegmentation(exampleSegmentation(change))
  if (report === undefined) throw new Error('nothing was built')
  return report.bytes
}

/** What highdicom reads: the label of every voxel, found by the UIDs of the source images, and placed in the patient. */
const READ_BACK = `
import sys, json, hashlib, numpy as np, pydicom, highdicom as hd
seg = hd.seg.segread(sys.argv[1])
sources = [pydicom.dcmread(path) for path in sys.argv[2:]]
labels = seg.get_pixels_by_source_instance([s.SOPInstanceUID for s in sources], combine_segments=True,
    assert_missing_frames_are_empty=True, rescale_fractional=False)
volume = seg.get_volume(combine_segments=True)
last = [float(x) for x in volume.map_indices_to_reference(np.array([[volume.shape[0] - 1, 0, 0]]))[0]]
ends = [[float(x) for x in sources[-1].ImagePositionPatient], [float(x) for x in sources[1].ImagePositionPatient]]
one = seg.get_segment_description(1)
print(json.dumps({
    'labels': hashlib.sha256(labels.astype(np.uint8).tobytes()).hexdigest(),
    'frames': list(pydicom.dcmread(sys.argv[1]).pixel_array.shape),
    'placed': min(max(abs(a - b) for a, b in zip(last, end)) for end in ends) < 1e-3,
    'types': [t.meaning for t in seg.segmented_property_types],
    'algorithm': [one.algorithm_identification.name, one.algorithm_identification.version, one.algorithm_type.value],
    'tracked': one.tracking_uid.startswith('2.25.'),
}))
`

describe('a segmentation', () => {
  const validator = peer('dciodvfy')
  it.skipIf(validator === undefined)('has neither error nor warning for dciodvfy', () => {
    expect(complaintsOf(validator ?? '', built())).toEqual([])
    expect(complaintsOf(validator ?? '', built({ replaces: [REPLACED], revision: 2 }))).toEqual([])
  })

  const python = pythonPeer()
  it.skipIf(python === undefined)(
    'is read back by highdicom voxel by voxel, on the source images and in the patient [LEADGLASS_PYTHON]',
    async () => {
      const { createHash } = await import('node:crypto')
      const read = JSON.parse(readWithPython(python ?? '', READ_BACK, [built(), ...EXAMPLE_SLICES])) as unknown
      expect(read).toEqual({
        labels: createHash('sha256').update(exampleLabels()).digest('hex'),
        frames: [10, 11, 13],
        placed: true,
        types: ['Cerebral white matter', 'Cerebral cortex'],
        algorithm: ['brain', '1.0.0', 'AUTOMATIC'],
        tracked: true,
      })
    },
    60_000,
  )

  it('carries the identity of its source, passes our own check, and is the same whenever it is built', () => {
    const bytes = built()
    const expected = { studyInstanceUid: request.studyInstanceUid, patientId: 'PHANTOM-7', accessionNumber: 'PHANTOM7' }
    expect(findIdentityMismatch(bytes, expected)).toBeUndefined()
    expect(findObjectFault(bytes)).toBeUndefined()
    expect(built().equals(bytes)).toBe(true)
    const uidOf = (one: Buffer) => uid(parsePart10(one).dataSet, 0x00080018)
    expect(uidOf(built({ revision: 2 }))).not.toBe(uidOf(bytes))
  })

  it('has no frame for a plane without a voxel, and packs the bits of frames without a gap', () => {
    const { dataSet } = parsePart10(built())
    // Two segments in five planes of 143 voxels: 1430 bits.
    expect(text(dataSet, 0x00280008)).toBe('10')
    expect(bytesOf(dataSet, 0x7fe00010)?.length).toBe(180)
    expect(sequence(dataSet, 0x52009230)).toHaveLength(10)
  })

  it('points at the segmentation that it replaces', () => {
    const { dataSet } = parsePart10(built({ replaces: [REPLACED], revision: 2 }))
    expect(sequence(dataSet, 0x00081140).map((one) => uid(one, 0x00081155))).toEqual(['2.25.1'])
    expect(text(dataSet, 0x00204000)).toBe('AI result, not for diagnosis. Replaces 2.25.1')
  })

  it('is not made where nothing belongs to a segment', () => {
    expect(buildSegmentation({ ...request, labels: new Uint8Array(request.labels.length) })).toBeUndefined()
  })
})
