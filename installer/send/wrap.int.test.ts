import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { assembleVolume, decimals, decodeFrames, parsePart10, text, uid } from '@leadglass/appliance/imaging'
import { fillGolden } from '@leadglass/appliance/scoring'
import { goldenExpectation, type ManifestContent, packageTemplate, writePackage } from '@leadglass/models'
import { studyDetail, studyList } from '@leadglass/ui/contract/local-api'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApplianceProcess, eventually } from '../../appliance/testing/appliance-process.ts'
import { activateModels, initialiseBox } from '../../appliance/testing/model-box.ts'
import { packageForRelease, SHIPPED_PACKAGE } from '../../appliance/testing/update-kit.ts'
import { FakeRepository } from '../../sync-agent/updates/testing/fake-repository.ts'
import { sharedData } from '../testing/peers.ts'
import { niftiGeometry } from './nifti-geometry.ts'
import { sendFiles } from './send-files.ts'
import { type WrapFacts, wrapFile } from './wrap-file.ts'
import { withWrapped } from './wrap-files.ts'

const brain = sharedData('models/brainchop_meshnet')
const radiographs = sharedData('cxr-nih/png256')
const FACTS: WrapFacts = { patientId: 'PZ-1878', modality: 'MR', view: 'PA', studyDate: '20260105' }

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'wrap-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** A NIfTI-1 file of 3 x 2 x 4 voxels. */
function nifti(change: (header: DataView) => void, type = { code: 4, bits: 16 }): Buffer {
  const file = Buffer.alloc(352 + (24 * type.bits) / 8)
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  view.setInt32(0, 348, true)
  for (const [i, size] of [3, 3, 2, 4, 1, 1, 1, 1].entries()) view.setInt16(40 + 2 * i, size, true)
  view.setInt16(70, type.code, true)
  view.setInt16(72, type.bits, true)
  for (const [i, size] of [1, 2, 3, 5].entries()) view.setFloat32(76 + 4 * i, size, true)
  view.setFloat32(108, 352, true)
  view.setUint8(123, 2)
  view.setUint32(344, 0x6e2b3100, false)
  for (let i = 0; i < 24; i += 1) {
    if (type.code === 16) view.setFloat32(352 + 4 * i, i / 7 - 1, true)
    else view.setInt16(352 + 2 * i, i * 3 - 20, true)
  }
  change(view)
  return file
}

async function wrapped(name: string, bytes: Uint8Array) {
  const path = join(root, name)
  await writeFile(path, bytes)
  const outcome = await wrapFile(path, FACTS)
  return outcome.kind === 'objects' ? { ...outcome, objects: [...outcome.objects] } : outcome
}

describe('volumes of NIfTI-1', () => {
  it('lie where their sform says, in the coordinates of DICOM', () => {
    const file = nifti((view) => {
      view.setInt16(254, 1, true)
      const rows = [
        [0, 0, 5, 10],
        [-2, 0, 0, 20],
        [0, 3, 0, 30],
      ]
      for (const [r, row] of rows.entries()) {
        for (const [c, value] of row.entries()) view.setFloat32(280 + 16 * r + 4 * c, value, true)
      }
    })
    // i grows to the back (minus y of NIfTI is plus y of DICOM), j to the head, k to the right.
    expect(niftiGeometry(file)).toEqual({
      origin: [-10, -20, 30],
      directions: [
        [-0, 1, 0],
        [-0, -0, 1],
        [-1, -0, 0],
      ],
      spacing: [2, 3, 5],
      isOrthogonal: true,
    })
  })

  it('lie where their qform says', () => {
    const file = nifti((view) => {
      view.setInt16(252, 1, true)
      // Half a turn about z, and the third axis the other way.
      view.setFloat32(76, -1, true)
      view.setFloat32(264, 1, true)
      view.setFloat32(268, 7, true)
    })
    const { origin, directions, spacing } = niftiGeometry(file)
    expect(origin[0]).toBe(-7)
    expect(spacing).toEqual([2, 3, 5])
    for (const [axis, wanted] of [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, -1],
    ].entries()) {
      for (const [i, value] of wanted.entries()) expect(directions[axis]?.[i]).toBeCloseTo(value, 6)
    }
  })

  it('become slices whose values and places are those of the volume', async () => {
    const made = await wrapped(
      'a.nii',
      nifti(() => undefined),
    )
    if (made.kind !== 'objects') throw new Error('not wrapped')
    expect(made.objects).toHaveLength(4)
    const slices = await Promise.all(
      made.objects.map(async (object) => {
        const { dataSet, meta } = parsePart10(object)
        const image = await decodeFrames(dataSet, meta.transferSyntaxUid, { maximumBytes: 2 ** 20 })
        const [slope = 1] = decimals(dataSet, 0x00281053)
        const [intercept = 0] = decimals(dataSet, 0x00281052)
        return {
          rows: image.rows,
          columns: image.columns,
          values: Float32Array.from(image.pixels, (value) => value * slope + intercept),
          position: decimals(dataSet, 0x00200032),
          orientation: decimals(dataSet, 0x00200037),
          spacing: decimals(dataSet, 0x00280030),
          study: uid(dataSet, 0x0020000d),
        }
      }),
    )
    expect(slices[0]?.study).toBe(slices[1]?.study)
    const assembly = assembleVolume(slices)
    if (assembly.kind === 'fault') throw new Error(assembly.fault)
    expect(assembly.volume.size).toEqual([4, 2, 3])
    expect(assembly.volume.spacing).toEqual([5, 3, 2])
    const values = slices.flatMap((slice) => [...slice.values])
    expect(values).toEqual(Array.from({ length: 24 }, (_, i) => i * 3 - 20))
  })

  it('spread other values than whole numbers over 16 bits, and say how', async () => {
    const made = await wrapped(
      'float.nii',
      nifti(() => undefined, { code: 16, bits: 32 }),
    )
    if (made.kind !== 'objects') throw new Error('not wrapped')
    const { dataSet, meta } = parsePart10(made.objects[0] ?? new Uint8Array())
    const image = await decodeFrames(dataSet, meta.transferSyntaxUid, { maximumBytes: 2 ** 20 })
    const [slope = 0] = decimals(dataSet, 0x00281053)
    const [intercept = 0] = decimals(dataSet, 0x00281052)
    for (const [i, stored] of [...image.pixels].entries()) {
      expect(Math.abs(stored * slope + intercept - (i / 7 - 1))).toBeLessThan(slope)
    }
  })

  it.each<[string, () => Buffer, RegExp]>([
    ['cut short', () => nifti(() => undefined).subarray(0, 370), /nifti-truncated/],
    ['of another type', () => nifti((view) => view.setInt16(70, 1792, true)), /nifti-unsupported/],
    [
      'oblique in itself',
      () =>
        nifti((view) => {
          view.setInt16(254, 1, true)
          for (const [at, value] of [
            [280, 1],
            [284, 1],
            [300, 1],
            [320, 1],
          ] as const) {
            view.setFloat32(at, value, true)
          }
        }),
      /right angles/,
    ],
  ])('are refused when %s', async (name, make, reason) => {
    const made = await wrapped(`${name}.nii`, make())
    expect(made.kind === 'refused' ? made.reason : made.kind).toMatch(reason)
  })
})

describe('pictures', () => {
  it('become radiographs of 8 and 16 bits with the very pixels, PNG and JPEG', async () => {
    const grey = Uint8Array.from({ length: 20 * 30 }, (_, i) => (i * 7) % 256)
    const eight = sharp(grey, { raw: { width: 30, height: 20, channels: 1 } })
    const made = await wrapped('eight.png', await eight.png().toBuffer())
    if (made.kind !== 'objects') throw new Error('not wrapped')
    const { dataSet, meta } = parsePart10(made.objects[0] ?? new Uint8Array())
    const image = await decodeFrames(dataSet, meta.transferSyntaxUid, { maximumBytes: 2 ** 20 })
    expect([...image.pixels]).toEqual([...grey])
    expect(text(dataSet, 0x00280301)).toBeUndefined()
    expect((await wrapped('picture.jpg', await eight.jpeg().toBuffer())).kind).toBe('objects')
    const wide = Uint16Array.from({ length: 20 * 30 }, (_, i) => (i * 911) % 65_536)
    const png = await sharp(wide, { raw: { width: 30, height: 20, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer()
    const deep = await wrapped('sixteen.png', png)
    if (deep.kind !== 'objects') throw new Error('not wrapped')
    const read = parsePart10(deep.objects[0] ?? new Uint8Array())
    const sixteen = await decodeFrames(read.dataSet, read.meta.transferSyntaxUid, { maximumBytes: 2 ** 20 })
    expect([...sixteen.pixels]).toEqual([...wide])
  })

  it('are refused in colour and when broken; anything else is left alone', async () => {
    const red = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#ff0000' } })
      .png()
      .toBuffer()
    expect(await wrapped('red.png', red)).toEqual({ kind: 'refused', reason: 'the picture is in colour' })
    expect((await wrapped('broken.png', red.subarray(0, 60))).kind).toBe('refused')
    expect((await wrapped('notes.txt', Buffer.from('a note'))).kind).toBe('other')
    expect((await wrapped('empty', Buffer.alloc(0))).kind).toBe('other')
  })
})

describe.skipIf(brain === undefined || radiographs === undefined)(
  'through a real acceptor (needs ../shared/data/models and cxr-nih)',
  () => {
    let appliance: ApplianceProcess
    let golden: { readonly outputs: Readonly<Record<string, number>> }

    beforeAll(async () => {
      const onnx = await readFile(join(brain ?? '', 'mn_model5_gw_ae.onnx'))
      const volume = await readFile(join(brain ?? '', 't1_crop.nii.gz'))
      const template = packageTemplate({ name: 'brain', kind: 'volume-3d', onnx, goldenPng: new Uint8Array() })
      const manifest: ManifestContent = {
        ...template.manifest,
        input: { name: 'x', type: 'float32', shape: [1, 1, 128, 128, 128] },
        preprocessing: [
          { step: 'modality-lut' },
          { step: 'volume-orient', axes: 'AIL' },
          { step: 'percentile-window', low: 0, high: 100 },
          { step: 'volume-resample', spacing: [2, 2, 2], interpolation: 'linear' },
          { step: 'volume-fit', depth: 128, height: 128, width: 128, fill: 0 },
        ],
        runtime: { timeoutMs: 60_000, memoryMiB: 1500 },
      }
      const files = new Map([...template.files, ['golden/first.nii.gz', volume] as const])
      const { content, filled } = await fillGolden({ manifest, files })
      golden = goldenExpectation.parse(JSON.parse(Buffer.from(filled.get('golden/first.json') ?? '').toString()))
      await writePackage(join(root, 'brain'), content)
      appliance = new ApplianceProcess(join(root, 'box'))
      const repository = new FakeRepository(Date.now())
      repository.list(await packageForRelease(SHIPPED_PACKAGE))
      repository.list(await packageForRelease(join(root, 'brain')))
      repository.publish()
      await initialiseBox(appliance, repository, { assembly: { quietMs: 500 } })
      await appliance.start()
      await activateModels(appliance, repository, 2)
    }, 180_000)
    afterAll(async () => {
      await appliance.stop()
    })

    it('a real head of NIfTI arrives as a series and is scored as the model scores the file itself', async () => {
      const folder = join(root, 'to-send')
      await mkdir(folder)
      const packed = await readFile(join(brain ?? '', 't1_crop.nii.gz'))
      await writeFile(join(folder, 'head.nii'), gunzipSync(packed))
      const [picture = ''] = await readdir(radiographs ?? '')
      await writeFile(join(folder, 'chest.png'), await readFile(join(radiographs ?? '', picture)))
      const paths = [join(folder, 'head.nii'), join(folder, 'chest.png')]
      const to = { aeTitle: 'LEADGLASS', host: '127.0.0.1', port: appliance.dimsePort }
      const summary = await withWrapped(paths, FACTS, async ({ files, wrapped: list, refused }) => {
        expect(refused).toEqual([])
        expect(list.map((one) => [one.from, one.objects])).toEqual([
          ['volume', 256],
          ['picture', 1],
        ])
        return sendFiles(to, 'LEADGLASS_SEND', files, () => undefined)
      })
      expect(summary).toMatchObject({ accepted: 257, skipped: 0, failures: [] })
      const found = await eventually(
        async () => {
          const { studies } = await appliance.get('/api/studies?state=scored', studyList)
          return studies.length === 2 ? studies : undefined
        },
        'two scored studies',
        240_000,
      )
      const head = found.find((one) => one.modality === 'MR')
      const detail = await appliance.get(`/api/studies/${head?.study ?? ''}`, studyDetail)
      const scores = detail.instances.flatMap((one) => one.scores)
      expect(scores.length).toBe(Object.keys(golden.outputs).length)
      for (const { code, value } of scores) {
        expect(golden.outputs[code]).toBeGreaterThan(1)
        expect(value).toBeCloseTo(golden.outputs[code] ?? Number.NaN, 3)
      }
      const chest = found.find((one) => one.modality === 'DX')
      expect(chest?.scores[0]?.code).toBe('pneumonia')
    }, 300_000)
  },
)
