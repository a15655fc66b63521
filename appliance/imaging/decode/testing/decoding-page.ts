import { dirname } from 'node:path'
import { closest, type DecodingRow, toleranceOf } from './decoding-table.ts'
import type { ReferenceName } from './reference-decoders.ts'

const NAMES: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.2': 'Implicit VR Little Endian',
  '1.2.840.10008.1.2.1': 'Explicit VR Little Endian',
  '1.2.840.10008.1.2.1.99': 'Deflated Explicit VR Little Endian',
  '1.2.840.10008.1.2.2': 'Explicit VR Big Endian',
  '1.2.840.10008.1.2.5': 'RLE Lossless',
  '1.2.840.10008.1.2.8.1': 'Deflated Image Frame Compression',
  '1.2.840.10008.1.2.4.50': 'JPEG Baseline',
  '1.2.840.10008.1.2.4.51': 'JPEG Extended',
  '1.2.840.10008.1.2.4.57': 'JPEG Lossless',
  '1.2.840.10008.1.2.4.70': 'JPEG Lossless SV1',
  '1.2.840.10008.1.2.4.80': 'JPEG-LS Lossless',
  '1.2.840.10008.1.2.4.81': 'JPEG-LS Near-lossless',
  '1.2.840.10008.1.2.4.90': 'JPEG 2000 Lossless',
  '1.2.840.10008.1.2.4.91': 'JPEG 2000',
  '1.2.840.10008.1.2.4.201': 'HTJ2K Lossless',
  '1.2.840.10008.1.2.4.203': 'HTJ2K',
}

const REFUSALS: Readonly<Record<string, string>> = {
  'no-pixel-data': 'no Pixel Data (a report, a plan, a palette, a directory, floating-point pixels)',
  'not-dicom': 'no DICOM file',
  'duplicate-element': 'an element stands twice',
  'image-description-invalid': 'rows, columns or bits are missing or out of range',
  'unsupported-transfer-syntax': 'no decoder for this transfer syntax',
  'codestream-contradicts-header': 'the coded frame is another than the header says',
  'pixel-data-truncated': 'the pixels end too early',
}

const HEAD = `# Decoding

Which files of the shared DICOM data are decoded, and whether other programs decode the same stored values: DCMTK (dcmconv,
dcmdrle, dcmdjpeg, dcmdjpls), GDCM (gdcmconv --raw), and pydicom with numpy, pyjpegls and pylibjpeg-openjpeg, which
alone of them reads HTJ2K. Lossless coding, JPEG 2000 and near-lossless JPEG-LS must be equal in every value; JPEG Baseline and
Extended and lossy HTJ2K may differ by 1 (decoders round differently). A file counts as right when at least one program agrees; where another
does not, that stands there and the reason below. This page is written by a test and compared with it:

    npx vitest run --project int appliance/imaging/decode/decoding-page.int.test.ts [-u]

What cannot be decoded is "not scored" with the reason, never a crash: each job has a time limit and each object a memory limit
(\`appliance/scoring/hostile-pixels.int.test.ts\`). Video (MPEG-2, MPEG-4, HEVC) and JPEG XL are refused as unsupported
transfer syntaxes before a byte of them is read.

Where programs disagree: GDCM reads the segments of RLE with 16 and 32 bits in the wrong order; DCMTK and GDCM swap 32-bit
samples of Big Endian as 16-bit words (PS3.5 7.3 asks for the sample's own width); GDCM lets a value
of RG3_JPLY that overshoots ten bits become 0. A colour JPEG whose header says RGB and whose codestream says nothing is RGB; libraries
guess YCbCr. YBR_PARTIAL_420 occurs in video only.
`

/** The page docs/decoding.md. Files of one folder with the same outcome share a row. */
export function decodingPage(corpus: readonly DecodingRow[], patients: readonly DecodingRow[]): string {
  const decoded = [...corpus, ...patients].filter((row) => row.refused === undefined)
  const equal = decoded.filter((row) => closest(row) === 0).length
  return [
    HEAD,
    `${corpus.length} files and ${patients.length} files of the archive in \`ct-pet-mr\` (compared with pydicom alone): ${decoded.length} decoded, ` +
      `${equal} equal in every value, ${decoded.length - equal} within 1, ${corpus.length + patients.length - decoded.length} not scored.`,
    '',
    '| file | transfer syntax | pixels | DCMTK | GDCM | pydicom | outcome |',
    '|---|---|---|---|---|---|---|',
    ...lines([...corpus, ...patients]),
    '',
  ].join('\n')
}

function lines(rows: readonly DecodingRow[]): string[] {
  const groups = new Map<string, string[]>()
  for (const row of rows) {
    const folder = dirname(row.file)
    const shared = folder.includes('/') ? `${folder}/` : row.file
    const key = `${shared}|${cells(row)}`
    groups.set(key, [...(groups.get(key) ?? []), row.file])
  }
  return [...groups].map(([key, files]) => {
    const [shared = '', ...rest] = key.split('|')
    const name = files.length === 1 ? (files[0] ?? '') : `${shared} (${files.length} files)`
    return `| ${name} | ${rest.join(' | ')} |`
  })
}

function cells(row: DecodingRow): string {
  const difference = (name: ReferenceName): string => {
    const value = row.differences.get(name)
    if (value === undefined) return ''
    return value === 0 ? 'equal' : value <= toleranceOf(row) ? `within ${value}` : 'differs'
  }
  const outcome =
    row.refused === undefined
      ? closest(row) === 0
        ? 'equal'
        : `within ${closest(row)}`
      : `not scored: ${REFUSALS[row.refused] ?? row.refused}`
  const syntax = NAMES[row.syntax] ?? row.syntax
  return [syntax, row.what, difference('DCMTK'), difference('GDCM'), difference('pydicom'), outcome].join('|')
}
