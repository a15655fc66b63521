import type { Encoding } from './model.ts'

/** What the standard says of a transfer syntax (PS3.5 section 10 and annex A). */
export interface TransferSyntax extends Encoding {
  readonly uid: string
  readonly name: string
  readonly encapsulated: boolean
  readonly deflated: boolean
}

export const IMPLICIT_LITTLE = '1.2.840.10008.1.2'
export const EXPLICIT_LITTLE = '1.2.840.10008.1.2.1'
export const EXPLICIT_BIG = '1.2.840.10008.1.2.2'
export const DEFLATED_LITTLE = '1.2.840.10008.1.2.1.99'

const NATIVE: readonly TransferSyntax[] = [
  native(IMPLICIT_LITTLE, 'Implicit VR Little Endian', { explicit: false }),
  native(EXPLICIT_LITTLE, 'Explicit VR Little Endian', {}),
  native(EXPLICIT_BIG, 'Explicit VR Big Endian', { bigEndian: true }),
  native(DEFLATED_LITTLE, 'Deflated Explicit VR Little Endian', { deflated: true }),
]

const ENCAPSULATED: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.2.1.98': 'Encapsulated Uncompressed Explicit VR Little Endian',
  '1.2.840.10008.1.2.4.50': 'JPEG Baseline (Process 1)',
  '1.2.840.10008.1.2.4.51': 'JPEG Extended (Process 2 and 4)',
  '1.2.840.10008.1.2.4.57': 'JPEG Lossless, Non-Hierarchical (Process 14)',
  '1.2.840.10008.1.2.4.70': 'JPEG Lossless, Non-Hierarchical, First-Order Prediction',
  '1.2.840.10008.1.2.4.80': 'JPEG-LS Lossless',
  '1.2.840.10008.1.2.4.81': 'JPEG-LS Lossy (Near-Lossless)',
  '1.2.840.10008.1.2.4.90': 'JPEG 2000 (Lossless Only)',
  '1.2.840.10008.1.2.4.91': 'JPEG 2000',
  '1.2.840.10008.1.2.4.92': 'JPEG 2000 Part 2 Multi-component (Lossless Only)',
  '1.2.840.10008.1.2.4.93': 'JPEG 2000 Part 2 Multi-component',
  '1.2.840.10008.1.2.4.100': 'MPEG2 Main Profile / Main Level',
  '1.2.840.10008.1.2.4.101': 'MPEG2 Main Profile / High Level',
  '1.2.840.10008.1.2.4.102': 'MPEG-4 AVC/H.264 High Profile / Level 4.1',
  '1.2.840.10008.1.2.4.103': 'MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1',
  '1.2.840.10008.1.2.4.104': 'MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video',
  '1.2.840.10008.1.2.4.105': 'MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video',
  '1.2.840.10008.1.2.4.106': 'MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2',
  '1.2.840.10008.1.2.4.107': 'HEVC/H.265 Main Profile / Level 5.1',
  '1.2.840.10008.1.2.4.108': 'HEVC/H.265 Main 10 Profile / Level 5.1',
  '1.2.840.10008.1.2.4.110': 'JPEG XL Lossless',
  '1.2.840.10008.1.2.4.111': 'JPEG XL JPEG Recompression',
  '1.2.840.10008.1.2.4.112': 'JPEG XL',
  '1.2.840.10008.1.2.4.201': 'High-Throughput JPEG 2000 (Lossless Only)',
  '1.2.840.10008.1.2.4.202': 'High-Throughput JPEG 2000 with RPCL Options (Lossless Only)',
  '1.2.840.10008.1.2.4.203': 'High-Throughput JPEG 2000',
  '1.2.840.10008.1.2.5': 'RLE Lossless',
  '1.2.840.10008.1.2.8.1': 'Deflated Image Frame Compression',
}

const byUid = new Map<string, TransferSyntax>(NATIVE.map((syntax) => [syntax.uid, syntax]))
for (const [uid, name] of Object.entries(ENCAPSULATED))
  byUid.set(uid, { uid, name, explicit: true, bigEndian: false, encapsulated: true, deflated: false })

/** What is known of a transfer syntax UID; `undefined` for private, retired and later ones. */
export function transferSyntaxOf(uid: string): TransferSyntax | undefined {
  return byUid.get(uid)
}

function native(
  uid: string,
  name: string,
  differs: { explicit?: boolean; bigEndian?: boolean; deflated?: boolean },
): TransferSyntax {
  return { uid, name, explicit: true, bigEndian: false, deflated: false, encapsulated: false, ...differs }
}
