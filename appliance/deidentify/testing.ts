import {
  bytesElement,
  concat,
  type DataSet,
  dataSetOf,
  type Element,
  parsePart10,
  textElement,
  writePart10,
} from '../imaging/dataset/index.ts'
import { Deidentifier } from './deidentifier.ts'
import { deriveSiteKeys, type SiteKeys } from './keys.ts'
import { DEFAULT_OPTIONS, type OptionName } from './options.ts'
import type { DeidentifyOutcome } from './outcome.ts'

/** Objects and keys for the tests of this folder. Nothing here describes a real person. */

export const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2'
const EXPLICIT_LITTLE = '1.2.840.10008.1.2.1'

/** The keys of a site that exists in tests only. */
export function testKeys(fill = 7): SiteKeys {
  return deriveSiteKeys(new Uint8Array(32).fill(fill))
}

/** The elements every object of these tests has; later ones of the same tag replace them. */
function baseElements(): Element[] {
  return [
    textElement(0x00080016, 'UI', CT_IMAGE),
    textElement(0x00080018, 'UI', '1.2.826.0.1.3680043.9.9999.1.1.1'),
    textElement(0x00080020, 'DA', '20240229'),
    textElement(0x00080060, 'CS', 'CT'),
    textElement(0x00100010, 'PN', 'Quixano^Alonso'),
    textElement(0x00100020, 'LO', 'MRN-8841-27'),
    textElement(0x0020000d, 'UI', '1.2.826.0.1.3680043.9.9999.1'),
    textElement(0x0020000e, 'UI', '1.2.826.0.1.3680043.9.9999.1.1'),
    bytesElement(0x7fe00010, 'OW', new Uint8Array(5000)),
  ]
}

/** A file with the base elements and these. */
export function fileWith(elements: readonly Element[] = [], transferSyntaxUid = EXPLICIT_LITTLE): Buffer {
  const all = new Map(baseElements().map((element) => [element.tag, element]))
  for (const element of elements) all.set(element.tag, element)
  return fileOf(dataSetOf(all.values(), characterSetsOf(all)), transferSyntaxUid)
}

/** A file of exactly this data set. */
export function fileOf(dataSet: DataSet, transferSyntaxUid = EXPLICIT_LITTLE): Buffer {
  const meta = { mediaStorageSopClassUid: CT_IMAGE, mediaStorageSopInstanceUid: '1.2.3', transferSyntaxUid }
  return concat(writePart10({ meta, dataSet }))
}

/** A de-identifier of the test site. */
export function testDeidentifier(
  keys: SiteKeys = testKeys(),
  options: readonly OptionName[] = DEFAULT_OPTIONS,
): Deidentifier {
  return new Deidentifier({ keys, profile: { patientIssuer: '', options } })
}

/** De-identifies and gives outcome, bytes and the data set of what came out. @throws when it was quarantined. */
export function deidentified(
  file: Uint8Array,
  options: readonly OptionName[] = DEFAULT_OPTIONS,
): {
  outcome: Extract<DeidentifyOutcome, { kind: 'deidentified' }>
  bytes: Buffer
  dataSet: DataSet
} {
  const outcome = testDeidentifier(testKeys(), options).deidentify(file)
  if (outcome.kind !== 'deidentified') throw new Error(`quarantined: ${outcome.reason}`)
  const bytes = concat(outcome.chunks)
  return { outcome, bytes, dataSet: parsePart10(bytes).dataSet }
}

function characterSetsOf(elements: ReadonlyMap<number, Element>): string[] {
  const value = elements.get(0x00080005)?.value
  return value?.kind === 'bytes' ? Buffer.from(value.bytes).toString('latin1').trim().split('\\') : []
}
