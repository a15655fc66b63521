import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fillGolden } from '@leadglass/appliance/scoring'
import { packageTemplate, readPackage, writePackage } from '@leadglass/models'
import { seededUid, text, unsigned, writePart10 } from '@leadglass/models/dicom'
import { readNifti } from '../../../appliance/imaging/radiomics/index.ts'
import { CODE_FOLDERS } from '../../start/entries.ts'
import { sharedData } from '../../testing/peers.ts'
import { benchObject, benchPixels } from './objects.ts'

/** A package and what it is run on, inside the folders of a pool. */
export interface BenchModel {
  readonly name: string
  readonly folder: string
  readonly isVolume: boolean
  /** One image each; of a volume all slices. */
  readonly files: readonly string[]
  readonly memoryMiB: number
}

/** Folders of a pool. */
export interface PoolFolders {
  readonly models: string
  readonly work: string
}

const MR_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.4'
const IMAGES = 16
const HEAD_SIDE = 256

/** The shipped chest radiograph package with a few half-megabyte radiographs. */
export async function radiographModel({ models, work }: PoolFolders): Promise<BenchModel> {
  const folder = join(models, 'chest-radiograph')
  await cp(join(CODE_FOLDERS.shippedPackages, 'chest-radiograph', '1.0.0'), folder, { recursive: true })
  const files: string[] = []
  for (let study = 0; study < IMAGES; study += 1) {
    const path = join(work, `radiograph-${study}.dcm`)
    const image = { kind: 'dx', side: 512, textDeclared: false } as const
    await writeFile(path, benchObject(image, { seed: 1, study, instance: 0 }, benchPixels(image.side, study + 1)))
    files.push(path)
  }
  const { manifest } = await readPackage(folder)
  return { name: 'chest radiograph, 512 x 512', folder, isVolume: false, files, memoryMiB: manifest.runtime.memoryMiB }
}

/** MeshNet at 2 mm on a real head of 256 slices; `undefined` where the shared data is not. */
export async function volumeModel({ models, work }: PoolFolders): Promise<BenchModel | undefined> {
  const data = sharedData('models/brainchop_meshnet')
  if (data === undefined) return undefined
  const nifti = await readFile(join(data, 't1_crop.nii.gz'))
  const onnx = await readFile(join(data, 'mn_model5_gw_ae.onnx'))
  const template = packageTemplate({ name: 'brain', kind: 'volume-3d', onnx, goldenPng: new Uint8Array() })
  const memoryMiB = 1500
  const manifest = {
    ...template.manifest,
    fit: { ...template.manifest.fit, minRows: HEAD_SIDE, minColumns: HEAD_SIDE },
    input: { name: 'x', type: 'float32', shape: [1, 1, 128, 128, 128] },
    preprocessing: [
      { step: 'modality-lut' },
      { step: 'volume-orient', axes: 'AIL' },
      { step: 'percentile-window', low: 0, high: 100 },
      { step: 'volume-resample', spacing: [2, 2, 2], interpolation: 'linear' },
      { step: 'volume-fit', depth: 128, height: 128, width: 128, fill: 0 },
    ],
    runtime: { timeoutMs: 120_000, memoryMiB },
  } satisfies Partial<typeof template.manifest>
  const files = new Map([...template.files, ['golden/first.nii.gz', nifti] as const])
  const { content } = await fillGolden({ manifest: { ...template.manifest, ...manifest }, files })
  const { folder } = await writePackage(join(models, 'brain'), content)
  const slices = await writeHead(work, readNifti(nifti).values)
  return { name: 'MeshNet volume, 256 slices', folder, isVolume: true, files: slices, memoryMiB }
}

/** Coronal slices of 1 mm; depth grows to the front, rows to the feet, columns to the left. */
async function writeHead(work: string, values: ArrayLike<number>): Promise<string[]> {
  await mkdir(join(work, 'head'))
  const files: string[] = []
  for (let k = 0; k < HEAD_SIDE; k += 1) {
    const at = k * HEAD_SIDE * HEAD_SIDE
    const pixels = Uint16Array.from({ length: HEAD_SIDE * HEAD_SIDE }, (_, i) => values[at + i] ?? 0)
    const instance = seededUid(`bench head ${k}`)
    const path = join(work, 'head', `${k}.dcm`)
    files.push(path)
    await writeFile(
      path,
      writePart10(MR_IMAGE_STORAGE, instance, [
        text('00080016', 'UI', MR_IMAGE_STORAGE),
        text('00080018', 'UI', instance),
        text('00080060', 'CS', 'MR'),
        text('0020000D', 'UI', seededUid('bench head')),
        text('0020000E', 'UI', seededUid('bench head series')),
        text('00200032', 'DS', `0\\${-k}\\0`),
        text('00200037', 'DS', '1\\0\\0\\0\\0\\-1'),
        unsigned('00280002', 1),
        text('00280004', 'CS', 'MONOCHROME2'),
        unsigned('00280010', HEAD_SIDE),
        unsigned('00280011', HEAD_SIDE),
        text('00280030', 'DS', '1\\1'),
        unsigned('00280100', 16),
        unsigned('00280101', 16),
        unsigned('00280102', 15),
        unsigned('00280103', 0),
        { tag: '7FE00010', vr: 'OW', value: new Uint8Array(pixels.buffer) },
      ]),
    )
  }
  return files
}
