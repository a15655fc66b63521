import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageTemplate, writePackage } from '@leadglass/models'
import { seededUid, text, unsigned, writePart10 } from '@leadglass/models/dicom'
import { deliveryList, localModelList } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningOrthanc, startOrthanc } from '../installer/testing/dicom-peers.ts'
import { peer, pythonPeer, sharedData } from '../installer/testing/peers.ts'
import { readNifti } from './imaging/radiomics/index.ts'
import { complaintsOf, readWithPython } from './results/testing/readers.ts'
import { fillGolden } from './scoring/index.ts'
import { ApplianceProcess, eventually } from './testing/appliance-process.ts'
import { initialiseBox } from './testing/model-box.ts'
import { sendObjects } from './testing/send-objects.ts'
import { approvedRepository } from './testing/update-kit.ts'

const MR = '1.2.840.10008.5.1.4.1.1.4'
const SIDE = 256
const program = peer('Orthanc')
const python = pythonPeer()
const validator = peer('dciodvfy')
const brain = sharedData('models/brainchop_meshnet')
const isMissing = [program, python, validator, brain].includes(undefined)

/** A real head: 256 slices of 1 mm; depth grows to the front, rows to the feet, columns to the left. */
function coronalSlice(values: ArrayLike<number>, k: number): Buffer {
  const pixels = Uint16Array.from({ length: SIDE * SIDE }, (_, i) => values[k * SIDE * SIDE + i] ?? 0)
  const instance = seededUid(`head ${k}`)
  return Buffer.from(
    writePart10(MR, instance, [
      text('00080016', 'UI', MR),
      text('00080018', 'UI', instance),
      text('00080020', 'DA', '20260105'),
      text('00080030', 'TM', '080000'),
      text('00080050', 'SH', 'HEAD1'),
      text('00080060', 'CS', 'MR'),
      text('00100010', 'PN', 'PHANTOM^HEAD'),
      text('00100020', 'LO', 'PHANTOM-HEAD'),
      text('0020000D', 'UI', seededUid('head')),
      text('0020000E', 'UI', seededUid('head series')),
      text('00200010', 'SH', 'HEAD1'),
      text('00200013', 'IS', String(k + 1)),
      text('00200032', 'DS', `0\\${-k}\\0`),
      text('00200037', 'DS', '1\\0\\0\\0\\0\\-1'),
      text('00200052', 'UI', seededUid('head frame')),
      unsigned('00280002', 1),
      text('00280004', 'CS', 'MONOCHROME2'),
      unsigned('00280010', SIDE),
      unsigned('00280011', SIDE),
      text('00280030', 'DS', '1\\1'),
      unsigned('00280100', 16),
      unsigned('00280101', 16),
      unsigned('00280102', 15),
      unsigned('00280103', 0),
      { tag: '7FE00010', vr: 'OW', value: new Uint8Array(pixels.buffer) },
    ]),
  )
}

/** Voxels of each segment over the source images, and their millilitres as the report of the same study tells them. */
const READ_BACK = `
import sys, json, numpy as np, pydicom, highdicom as hd
seg, report = hd.seg.segread(sys.argv[1]), hd.sr.srread(sys.argv[2])
sources = [pydicom.dcmread(path) for path in sys.argv[3:]]
head = np.stack([s.pixel_array for s in sources])
labels = seg.get_pixels_by_source_instance([s.SOPInstanceUID for s in sources], combine_segments=True,
    assert_missing_frames_are_empty=True)
told = {}
for group in report.content.get_image_measurement_groups():
    for one in group.get_measurements(): told[group.tracking_identifier] = [float(one.value), one.unit.value]
print(json.dumps({
    'shape': list(labels.shape),
    'millilitres': [float((labels == n).sum()) / 1000 for n in (1, 2)],
    'brightness': [float(head[labels == n].mean()) for n in (0, 1, 2)],
    'told': told, 'labels': [s.SegmentLabel for s in seg.SegmentSequence],
    'patient': [seg.PatientID, seg.AccessionNumber, seg.StudyInstanceUID == sources[0].StudyInstanceUID],
    'frame': seg.FrameOfReferenceUID == sources[0].FrameOfReferenceUID,
}))
`

describe.skipIf(isMissing)(
  'segments of a real head [needs orthanc, dicom3tools, highdicom, ../shared/data/models]',
  () => {
    let root: string
    let appliance: ApplianceProcess
    let orthanc: RunningOrthanc
    let slices: readonly Buffer[]

    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), 'leadglass-segments-'))
      appliance = new ApplianceProcess(root)
      orthanc = await startOrthanc(program ?? '', join(root, 'orthanc'), undefined, { DicomAlwaysAllowFind: true })
      const nifti = await readFile(join(brain ?? '', 't1_crop.nii.gz'))
      const folder = await brainPackage(join(root, 'package'), nifti)
      const { values } = readNifti(nifti)
      slices = Array.from({ length: SIDE }, (_, k) => coronalSlice(values, k))
      const repository = await approvedRepository(folder)
      await initialiseBox(appliance, repository, {
        assembly: { quietMs: 1000 },
        destinations: [
          {
            name: 'pacs',
            aeTitle: 'ORTHANC',
            host: '127.0.0.1',
            port: orthanc.port,
            kinds: ['sr', 'seg', 'pr', 'sc'],
            confirm: 'query',
          },
        ],
      })
      await repository.writeTo(join(appliance.configuration.exchangeFolder, 'inbox', 'updates'))
      await appliance.start()
      await eventually(
        async () => {
          const { models } = await appliance.get('/api/models', localModelList)
          return models.some((one) => one.state === 'active') ? true : undefined
        },
        'an active model',
        120_000,
      )
    }, 240_000)
    afterAll(async () => {
      await appliance.stop()
      await orthanc.stop()
      await rm(root, { recursive: true, force: true })
    })

    it('are drawn on the very slices, agree with the report, and are confirmed by the archive', async () => {
      await sendObjects(appliance.dimsePort, slices, (_at, _uid, result) => expect(result.kind).toBe('accepted'))
      await eventually(
        async () => {
          const { deliveries } = await appliance.get('/api/deliveries', deliveryList)
          const done = deliveries.filter((one) => one.standing === 'accepted').map((one) => one.kind)
          return done.length === 4 ? true : undefined
        },
        'four results delivered',
        150_000,
      )
      const held = await Promise.all(['SEG', 'SR', 'PR', 'OT'].map((modality) => firstOf(orthanc, modality)))
      for (const object of held) expect(complaintsOf(validator ?? '', object)).toEqual([])
      const [segments = Buffer.alloc(0), report = Buffer.alloc(0)] = held
      const read = JSON.parse(readWithPython(python ?? '', READ_BACK, [segments, report, ...slices])) as {
        readonly millilitres: readonly [number, number]
        readonly brightness: readonly [number, number, number]
        readonly told: Readonly<Record<string, readonly [number, string]>>
      }
      expect(read).toMatchObject({
        shape: [SIDE, SIDE, SIDE],
        labels: ['White matter', 'Grey matter'],
        patient: ['PHANTOM-HEAD', 'HEAD1', true],
        frame: true,
      })
      const [white, grey] = [read.told['brain white-matter'], read.told['brain grey-matter']]
      expect([white?.[1], grey?.[1]]).toEqual(['mL', 'mL'])
      // 2 mm voxels of the network cover 1 mm voxels of the source in whole numbers: nothing is lost on the way back.
      expect(read.millilitres[0]).toBeCloseTo(white?.[0] ?? 0, 3)
      expect(read.millilitres[1]).toBeCloseTo(grey?.[0] ?? 0, 3)
      // On a T1 image white matter is brighter than grey, and both than what lies around: the segments lie where they should.
      const [around, inWhite, inGrey] = read.brightness
      expect(inWhite).toBeGreaterThan(inGrey * 1.1)
      expect(inGrey).toBeGreaterThan(around * 2)
    }, 240_000)
  },
)

async function brainPackage(folder: string, nifti: Buffer): Promise<string> {
  await mkdir(folder, { recursive: true })
  const onnx = await readFile(join(brain ?? '', 'mn_model5_gw_ae.onnx'))
  const template = packageTemplate({ name: 'brain', kind: 'volume-3d', onnx, goldenPng: new Uint8Array() })
  const tissue = { scheme: 'SCT', value: '85756007', meaning: 'Tissue' }
  const named = [
    ['white-matter', 'White matter', { scheme: 'SCT', value: '68523003', meaning: 'Cerebral white matter' }],
    ['grey-matter', 'Grey matter', { scheme: 'SCT', value: '40146001', meaning: 'Cerebral cortex' }],
  ] as const
  const size: [number, number, number] = [128, 128, 128]
  const manifest = {
    ...template.manifest,
    version: '1.0.0',
    fit: { ...template.manifest.fit, minRows: SIDE, minColumns: SIDE },
    input: { name: 'x', type: 'float32' as const, shape: [1, 1, ...size] as [1, number, number, number, number] },
    outputs: template.manifest.outputs.flatMap((output, place) => {
      const one = named[place]
      if (one === undefined) return []
      const [code, title, type] = one
      return [{ ...output, code, title, meaning: type, segment: { category: tissue, type } }]
    }),
    preprocessing: [
      { step: 'modality-lut' as const },
      { step: 'volume-orient' as const, axes: 'AIL' },
      { step: 'percentile-window' as const, low: 0, high: 100 },
      {
        step: 'volume-resample' as const,
        spacing: [2, 2, 2] as [number, number, number],
        interpolation: 'linear' as const,
      },
      { step: 'volume-fit' as const, depth: 128, height: 128, width: 128, fill: 0 },
    ],
    runtime: { timeoutMs: 60_000, memoryMiB: 1500 },
  }
  const { content } = await fillGolden({
    manifest,
    files: new Map([...template.files, ['golden/first.nii.gz', nifti]]),
  })
  const made = await writePackage(join(folder, 'brain'), content)
  return made.folder
}

/** The first object of a modality that the archive holds. */
async function firstOf(orthanc: RunningOrthanc, modality: string): Promise<Buffer> {
  const url = `http://127.0.0.1:${orthanc.httpPort}`
  const query = { Level: 'Instance', Query: { Modality: modality } }
  const found = await fetch(`${url}/tools/find`, { method: 'POST', body: JSON.stringify(query) })
  const [id] = (await found.json()) as string[]
  return Buffer.from(await (await fetch(`${url}/instances/${id}/file`)).arrayBuffer())
}
