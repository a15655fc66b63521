import type { AcquisitionFacts, PatientPseudonym } from '@leadglass/sync-agent/contract'
import type { PixelRisk, StudyIdentifiers } from '../deidentify/index.ts'
import { type DataSet, dataSetOf, type InstanceFacts } from '../imaging/index.ts'

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
  readonly patientPseudonym: PatientPseudonym
  readonly identifiers: StudyIdentifiers
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly seriesInstanceUid: string
  /** Patient and study of the original, for the result that goes back to the hospital. */
  readonly header: DataSet
}

/** An instance that no model sees, and why. */
export interface StoppedInstance {
  readonly ordinal: number
  readonly instanceId: number
  readonly stage: 'deidentify' | 'verify'
  readonly reason: string
}

/** The attributes that a result takes over from its source; copied, so that the pixels behind them can be freed. */
export function headerOf(dataSet: DataSet): DataSet {
  const kept = [...dataSet.elements.values()].flatMap((element) => {
    const group = element.tag >>> 16
    if (element.value.kind !== 'bytes' || (group !== 0x0008 && group !== 0x0010 && group !== 0x0020)) return []
    return [{ ...element, value: { ...element.value, bytes: Uint8Array.from(element.value.bytes) } }]
  })
  return dataSetOf(kept, dataSet.characterSets)
}
