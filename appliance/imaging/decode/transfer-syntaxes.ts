/** How pixel data is coded. */
export type Coding =
  | 'native-little'
  | 'native-big'
  | 'rle'
  | 'jpeg-8'
  | 'jpeg-12'
  | 'jpeg-lossless'
  | 'jpeg-ls'
  | 'jpeg-2000'
  | 'htj2k'

/** Transfer syntaxes that can be decoded (PS3.5 chapter 10 and annex A). */
const CODINGS: ReadonlyMap<string, Coding> = new Map<string, Coding>([
  ['1.2.840.10008.1.2', 'native-little'],
  ['1.2.840.10008.1.2.1', 'native-little'],
  // Deflated: the data set parser has already inflated it (PS3.5 A.5).
  ['1.2.840.10008.1.2.1.99', 'native-little'],
  ['1.2.840.10008.1.2.2', 'native-big'],
  ['1.2.840.10008.1.2.5', 'rle'],
  ['1.2.840.10008.1.2.4.50', 'jpeg-8'],
  ['1.2.840.10008.1.2.4.51', 'jpeg-12'],
  ['1.2.840.10008.1.2.4.57', 'jpeg-lossless'],
  ['1.2.840.10008.1.2.4.70', 'jpeg-lossless'],
  ['1.2.840.10008.1.2.4.80', 'jpeg-ls'],
  ['1.2.840.10008.1.2.4.81', 'jpeg-ls'],
  ['1.2.840.10008.1.2.4.90', 'jpeg-2000'],
  ['1.2.840.10008.1.2.4.91', 'jpeg-2000'],
  ['1.2.840.10008.1.2.4.201', 'htj2k'],
  ['1.2.840.10008.1.2.4.202', 'htj2k'],
  ['1.2.840.10008.1.2.4.203', 'htj2k'],
])

/** The coding of a transfer syntax, or `undefined` for one whose pixels cannot be decoded (video, JPEG XL, zlib-coded frames). */
export function codingOf(transferSyntaxUid: string): Coding | undefined {
  return CODINGS.get(transferSyntaxUid)
}

/** Every transfer syntax whose pixels can be decoded. */
export const DECODABLE_TRANSFER_SYNTAXES: readonly string[] = [...CODINGS.keys()]
