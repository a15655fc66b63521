import { randomUUID } from 'node:crypto'
import { bytesElement, concat, dataSetOf, EXPLICIT_LITTLE, textElement, writePart10 } from '../imaging/dataset/index.ts'
import type { GreyImage } from './png.ts'

/** What a PNG cannot say of itself and a model's fit rules ask for. */
export interface PngFacts {
  readonly sopClassUid: string
  readonly modality: string
  readonly bodyPart: string
  readonly view: string
}

/** A grey image as a Part 10 file for the workers: stored values, MONOCHROME2, without any identity. */
export function wrapGreyImage({ rows, columns, values }: GreyImage, facts: PngFacts): Uint8Array {
  const wide = values instanceof Uint16Array
  const bits = wide ? 16 : 8
  const number = (tag: number, value: number) => {
    const bytes = Buffer.alloc(2)
    bytes.writeUInt16LE(value)
    return bytesElement(tag, 'US', bytes)
  }
  const uid = `2.25.${BigInt(`0x${randomUUID().replaceAll('-', '')}`).toString(10)}`
  const dataSet = dataSetOf([
    textElement(0x00080016, 'UI', facts.sopClassUid),
    textElement(0x00080018, 'UI', uid),
    textElement(0x00080060, 'CS', facts.modality),
    ...(facts.bodyPart === '' ? [] : [textElement(0x00180015, 'CS', facts.bodyPart)]),
    ...(facts.view === '' ? [] : [textElement(0x00185101, 'CS', facts.view)]),
    number(0x00280002, 1),
    textElement(0x00280004, 'CS', 'MONOCHROME2'),
    number(0x00280010, rows),
    number(0x00280011, columns),
    number(0x00280100, bits),
    number(0x00280101, bits),
    number(0x00280102, bits - 1),
    number(0x00280103, 0),
    bytesElement(0x7fe00010, wide ? 'OW' : 'OB', littleEndian(values)),
  ])
  const meta = {
    mediaStorageSopClassUid: facts.sopClassUid,
    mediaStorageSopInstanceUid: uid,
    transferSyntaxUid: EXPLICIT_LITTLE,
  }
  return concat(writePart10({ meta, dataSet }))
}

function littleEndian(values: Uint8Array | Uint16Array): Uint8Array {
  if (values instanceof Uint8Array) return values
  const bytes = Buffer.alloc(values.length * 2)
  values.forEach((value, i) => {
    bytes.writeUInt16LE(value, i * 2)
  })
  return bytes
}
