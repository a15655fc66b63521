import {
  type DataSet,
  DataSetError,
  dataSetOf,
  type ObjectOutline,
  type ObjectSource,
  outlineObject,
  parsePart10,
  windowed,
  writeDataSet,
  writePart10,
} from '../../imaging/dataset/index.ts'
import { type Deidentifier, EXTENDED_OFFSETS } from '../deidentifier.ts'
import type { StudyIdentifiers } from '../identifiers.ts'
import type { DeidentifiedFacts, QuarantinedObject } from '../outcome.ts'
import { bytesOfParts, type OutputPart } from './output-parts.ts'
import { planPixels } from './pixel-plan.ts'

/** A de-identified object that is made while it is read. */
export interface StreamedObject {
  readonly kind: 'deidentified'
  readonly facts: DeidentifiedFacts
  /** PHI: of the original. */
  readonly identifiers: StudyIdentifiers
  /** PHI: those that the object may not hold. */
  readonly mayNotStay: StudyIdentifiers
  /** PHI: the original with an empty Pixel Data. */
  readonly original: DataSet
  /** The PS3.10 file in order. Each call reads the source again. */
  readonly bytes: () => AsyncGenerator<Uint8Array>
}

const PIXEL_DATA = 0x7fe00010
const READ_BYTES = 1_048_576

/**
 * De-identifies an object of any size: the same bytes that `Deidentifier.deidentify` gives, while no more than its
 * header, one compressed frame and one piece of pixels are in memory.
 */
export async function deidentifyStream(
  deidentifier: Pick<Deidentifier, 'process' | 'clean' | 'sealed'>,
  object: ObjectSource,
): Promise<StreamedObject | QuarantinedObject> {
  const source = windowed(object, READ_BYTES)
  let outline: ObjectOutline
  try {
    outline = await outlineObject(source)
  } catch (error) {
    if (!(error instanceof DataSetError)) throw error
    return { kind: 'quarantined', reason: error.code === 'too-large' ? 'object-too-large' : 'object-unreadable' }
  }
  const { skeleton, pixels, truncated } = outline
  if (pixels.kind === 'inline') return wholeObject(deidentifier, skeleton)
  const cleaned = deidentifier.clean(() => {
    const parsed = parsePart10(skeleton)
    return truncated ? { ...parsed, truncated } : parsed
  })
  if (cleaned.kind === 'quarantined') return cleaned
  const { transferSyntaxUid, sopInstanceUid } = cleaned.facts
  const plan = await planPixels(source, pixels, cleaned.dataSet, transferSyntaxUid)
  if (plan.kind === 'refused') return { kind: 'quarantined', reason: plan.reason }
  if (plan.moved) for (const tag of EXTENDED_OFFSETS) cleaned.dataSet.elements.delete(tag)
  const sealed = deidentifier.sealed(cleaned)
  if (sealed.kind === 'quarantined') return sealed
  const meta = {
    mediaStorageSopClassUid: cleaned.sopClassUid,
    mediaStorageSopInstanceUid: sopInstanceUid,
    transferSyntaxUid,
  }
  const parts = outputParts(sealed.output, meta, plan.parts)
  if (parts === undefined) return { kind: 'quarantined', reason: 'object-unwritable' }
  const { identifiers, mayNotStay, original } = cleaned
  return {
    kind: 'deidentified',
    facts: sealed.facts,
    identifiers,
    mayNotStay,
    original,
    bytes: () => bytesOfParts(parts, source),
  }
}

/** An object that is all header, or deflated, lies in memory already. */
function wholeObject(deidentifier: Pick<Deidentifier, 'process'>, file: Buffer): StreamedObject | QuarantinedObject {
  const processed = deidentifier.process(file)
  if (!('outcome' in processed)) return processed
  const { identifiers, mayNotStay, original } = processed
  const { kind, chunks, ...facts } = processed.outcome
  return {
    kind,
    facts,
    identifiers,
    mayNotStay,
    original,
    async *bytes() {
      yield* chunks
    },
  }
}

/** The written form around the pixels. */
function outputParts(
  dataSet: DataSet,
  meta: Parameters<typeof writePart10>[0]['meta'],
  pixels: readonly OutputPart[],
): OutputPart[] | undefined {
  try {
    const elements = [...dataSet.elements.values()]
    const before = dataSetOf(elements.filter(({ tag }) => tag < PIXEL_DATA))
    const after = dataSetOf(elements.filter(({ tag }) => tag > PIXEL_DATA))
    const head = writePart10({ meta, dataSet: before }).map(asPart)
    return head.concat(pixels, writeDataSet(after, meta.transferSyntaxUid).map(asPart))
  } catch (error) {
    if (error instanceof DataSetError) return undefined
    throw error
  }
}

function asPart(bytes: Uint8Array): OutputPart {
  return { kind: 'bytes', bytes }
}
