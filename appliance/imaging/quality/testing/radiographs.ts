import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type SplitPart, splitOfPatient } from '@leadglass/models'
import sharp from 'sharp'
import { sharedData } from '../../../../installer/testing/peers.ts'
import { percentiles } from '../../preprocess/index.ts'
import { type Thumbnail, thumbnailOf } from '../thumbnail.ts'

/** The shared radiographs of NIH ChestX-ray14; `undefined` where they are not there. */
export const RADIOGRAPHS = sharedData('cxr-nih')

/** One radiograph of the shared data, 8 bits. */
export interface Radiograph {
  readonly file: string
  readonly part: SplitPart
  readonly view: string
  readonly rows: number
  readonly columns: number
  readonly pixels: Uint8Array
}

/** All of them, in the order of the index. */
export async function radiographs(): Promise<Radiograph[]> {
  const folder = RADIOGRAPHS ?? ''
  const [heading = '', ...lines] = readFileSync(join(folder, 'index.csv'), 'utf8').trim().split(/\r?\n/)
  const names = heading.split(',')
  const all: Radiograph[] = []
  for (const line of lines) {
    const fields = line.split(',')
    const field = (name: string): string => fields[names.indexOf(name)] ?? ''
    const file = field('file')
    const { data, info } = await sharp(join(folder, 'png256', file))
      .extractChannel(0)
      .raw()
      .toBuffer({ resolveWithObject: true })
    const part = splitOfPatient(field('patient_id'))
    const pixels = new Uint8Array(data)
    all.push({ file, part, view: field('view'), rows: info.height, columns: info.width, pixels })
  }
  return all
}

/** The thumbnail of a radiograph as the product makes it. */
export function thumbnailFor(
  { rows, columns, pixels }: Pick<Radiograph, 'rows' | 'columns' | 'pixels'>,
  photometric: 'MONOCHROME1' | 'MONOCHROME2' = 'MONOCHROME2',
): Thumbnail {
  const [low = 0, high = 0] = percentiles(Float64Array.from(pixels), [0.5, 99.5])
  const thumbnail = thumbnailOf(pixels, { rows, columns, photometric }, { low, high })
  if (thumbnail === undefined) throw new Error('a radiograph is flat')
  return thumbnail
}
