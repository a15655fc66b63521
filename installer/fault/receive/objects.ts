import { createHash } from 'node:crypto'
import type { OutgoingInstance } from '@leadglass/appliance/dimse'
import { seededRandom } from '../killer.ts'

const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7'
const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'

/** VRs with two reserved bytes and a length of four (PS3.5 7.1.2), as far as they are written here. */
const LONG_VRS: ReadonlySet<string> = new Set(['OB', 'OW'])

/** An object that is ready to be sent, with the SHA-256 of its data set in hexadecimal. */
export interface SentObject extends OutgoingInstance {
  readonly contentDigest: string
  readonly bytes: number
}

/** Makes objects that never repeat: a number and a seed make the UIDs and the pixels. */
export class ObjectSource {
  readonly #seed: number
  readonly #run: string
  #made = 0

  /** @param run decimal digits that no other source of the same data folder uses. */
  constructor(seed: number, run: string) {
    this.#seed = seed
    this.#run = run
  }

  /** An object with so many bytes of pixels; ten objects make a study. */
  next(pixelBytes: number): SentObject {
    const number = this.#made
    this.#made += 1
    const dataSet = encodeDataSet(`2.25.${this.#run}`, number, noise(this.#seed + number, pixelBytes))
    return {
      sopClassUid: SECONDARY_CAPTURE,
      sopInstanceUid: `2.25.${this.#run}.3.${number}`,
      transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN,
      contentDigest: contentDigestOf(dataSet),
      bytes: dataSet.length,
      async *open() {
        yield dataSet
      },
    }
  }

  /** So many objects of mixed sizes: below one write, beyond the header that intake keeps, beyond one write. */
  mixed(count: number, sizes: readonly number[] = [600, 90_000, 600, 2_400_000]): SentObject[] {
    return Array.from({ length: count }, (_, at) => this.next(sizes[at % sizes.length] ?? 600))
  }
}

/** SHA-256 of a data set in hexadecimal: what is compared in the end. */
export function contentDigestOf(dataSet: Uint8Array): string {
  return createHash('sha256').update(dataSet).digest('hex')
}

function noise(seed: number, bytes: number): Buffer {
  const random = seededRandom(seed)
  const pixels = Buffer.alloc(bytes + (bytes % 2))
  for (let at = 0; at + 2 <= pixels.length; at += 2) pixels.writeUInt16LE(Math.floor(random() * 65_536), at)
  return pixels
}

function encodeDataSet(root: string, number: number, pixels: Buffer): Buffer {
  const study = Math.floor(number / 10)
  const side = Buffer.alloc(2)
  side.writeUInt16LE(1)
  return Buffer.concat([
    element(0x0008, 0x0016, 'UI', SECONDARY_CAPTURE),
    element(0x0008, 0x0018, 'UI', `${root}.3.${number}`),
    element(0x0008, 0x0020, 'DA', '20260105'),
    element(0x0008, 0x0060, 'CS', 'OT'),
    element(0x0010, 0x0010, 'PN', `FAULT^${study}`),
    element(0x0010, 0x0020, 'LO', `FAULT-${study}`),
    element(0x0020, 0x000d, 'UI', `${root}.1.${study}`),
    element(0x0020, 0x000e, 'UI', `${root}.2.${study}`),
    element(0x0020, 0x0013, 'IS', String(number)),
    element(0x0028, 0x0010, 'US', side),
    element(0x7fe0, 0x0010, 'OW', pixels),
  ])
}

function element(group: number, number: number, vr: string, value: string | Buffer): Buffer {
  const padding = vr === 'UI' ? '\0' : ' '
  const bytes =
    typeof value === 'string' ? Buffer.from(value.length % 2 === 0 ? value : value + padding, 'latin1') : value
  const head = Buffer.alloc(LONG_VRS.has(vr) ? 12 : 8)
  head.writeUInt16LE(group, 0)
  head.writeUInt16LE(number, 2)
  head.write(vr, 4, 'latin1')
  if (LONG_VRS.has(vr)) head.writeUInt32LE(bytes.length, 8)
  else head.writeUInt16LE(bytes.length, 6)
  return Buffer.concat([head, bytes])
}
