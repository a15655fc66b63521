import type { AcquisitionFacts, PatientPseudonym } from '@leadglass/sync-agent/contract'
import type { DeidentificationReport, PixelRisk, StudyIdentifiers } from '../deidentify/index.ts'
import { type DataSet, dataSetOf, type Element, type InstanceFacts, type ItemsValue } from '../imaging/index.ts'

/** An instance that passed the gate. */
export interface PreparedInstance {
  readonly ordinal: number
  /**
   * Where it lies for the workers, which have no way out. `withheld`: it is more than a worker reads (`too-large`).
   */
  readonly source:
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'withheld'; readonly reason: string }
  readonly facts: InstanceFacts
  /** How likely identities stand in its pixels: what may be told about it is another question. */
  readonly pixelRisk: PixelRisk
  readonly acquisition: AcquisitionFacts
  /** What is counted of the header; values of standard features by their names. */
  readonly metadata?: Readonly<Record<string, string | number>>
  readonly patientPseudonym: PatientPseudonym
  readonly identifiers: StudyIdentifiers
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly seriesInstanceUid: string
  /** Patient and study of the original, for the result that goes back to the hospital. */
  readonly header: DataSet
  /** What de-identification did to it. */
  readonly report?: DeidentificationReport
}

/** An instance that no model sees, and why. */
export interface StoppedInstance {
  readonly ordinal: number
  readonly instanceId: number
  readonly stage: 'deidentify' | 'verify'
  readonly reason: string
}

/** Groups that say whose the source is, and where it lies. */
const WHOLE_GROUPS: ReadonlySet<number> = new Set([0x0008, 0x0010, 0x0020])
/** What a segmentation or a presentation must know of its image: grid, distances, how grey values are shown, losses. */
const OF_THE_IMAGE: ReadonlySet<number> = new Set([
  0x00180050, 0x00180088, 0x00181164, 0x00280002, 0x00280004, 0x00280010, 0x00280011, 0x00280030, 0x00280034,
  0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00281054, 0x00281055, 0x00281056, 0x00282110, 0x00282112,
  0x00282114, 0x20500020,
])
/** Modality LUT and VOI LUT Sequence: a presentation replaces the image's own, so it must repeat them. */
const LUTS: ReadonlySet<number> = new Set([0x00283000, 0x00283010])

/** The attributes that a result takes over from its source; copied, so that the pixels behind them can be freed. */
export function headerOf(dataSet: DataSet): DataSet {
  const kept = [...dataSet.elements.values()].flatMap((element): Element[] => {
    const { tag, value } = element
    if (value.kind === 'items') return LUTS.has(tag) ? [{ ...element, value: copiedItems(value) }] : []
    if (value.kind !== 'bytes' || !(WHOLE_GROUPS.has(tag >>> 16) || OF_THE_IMAGE.has(tag))) return []
    return [{ ...element, value: { ...value, bytes: Uint8Array.from(value.bytes) } }]
  })
  return dataSetOf(kept, dataSet.characterSets)
}

/** A look-up table with its bytes of its own; nothing in it is nested. */
function copiedItems({ items }: ItemsValue): ItemsValue {
  const flat = items.map(({ elements, characterSets }) =>
    dataSetOf(
      [...elements.values()].flatMap((element): Element[] =>
        element.value.kind === 'bytes'
          ? [{ ...element, value: { ...element.value, bytes: Uint8Array.from(element.value.bytes) } }]
          : [],
      ),
      characterSets,
    ),
  )
  return { kind: 'items', items: flat }
}
