import type { AcquisitionFacts, PatientPseudonym, StudyPseudonym } from '@leadglass/sync-agent/contract'
import { canonicalJson, type JsonValue } from '@leadglass/sync-agent/foundation'
import {
  type Deidentifier,
  type EgressVerifier,
  identifiersOf,
  type PixelRisk,
  type StudyIdentifiers,
} from '../deidentify/index.ts'
import { DataSetError } from '../imaging/dataset/index.ts'

/** What came of one instance at the gate between the two zones. */
export type GateOutcome =
  | {
      readonly kind: 'passed'
      /** The de-identified PS3.10 file. */
      readonly chunks: readonly Uint8Array[]
      readonly acquisition: AcquisitionFacts
      readonly studyPseudonym: StudyPseudonym
      readonly patientPseudonym: PatientPseudonym
      readonly identifiers: StudyIdentifiers
      /** How likely identities stand in the pixels themselves. */
      readonly pixelRisk: PixelRisk
    }
  | { readonly kind: 'quarantined'; readonly stage: 'deidentify' | 'verify'; readonly reason: string }

/** The gate: cleaned by one room, then read again by other code. Any doubt is quarantine. */
export interface Gate {
  pass(file: Uint8Array): GateOutcome
  /** True when nothing in the value could identify somebody. */
  mayLeave(value: JsonValue, identifiers: readonly StudyIdentifiers[]): boolean
}

/** The product's gate. */
export class DeidentifyingGate implements Gate {
  readonly #deidentifier: Pick<Deidentifier, 'deidentify'>
  readonly #verifier: Pick<EgressVerifier, 'verifyObject' | 'verifyJson'>

  constructor(
    deidentifier: Pick<Deidentifier, 'deidentify'>,
    verifier: Pick<EgressVerifier, 'verifyObject' | 'verifyJson'>,
  ) {
    this.#deidentifier = deidentifier
    this.#verifier = verifier
  }

  pass(file: Uint8Array): GateOutcome {
    const cleaned = this.#deidentifier.deidentify(file)
    if (cleaned.kind === 'quarantined') return { ...cleaned, stage: 'deidentify' }
    try {
      const identifiers = identifiersOf(file)
      const verdict = this.#verifier.verifyObject(cleaned.chunks, identifiers)
      if (verdict.kind !== 'clean') {
        return { kind: 'quarantined', stage: 'verify', reason: verdict.kind === 'hit' ? verdict.rule : verdict.code }
      }
      const { chunks, acquisition, studyPseudonym, patientPseudonym, pixelRisk } = cleaned
      return { kind: 'passed', chunks, acquisition, studyPseudonym, patientPseudonym, identifiers, pixelRisk }
    } catch (cause) {
      if (cause instanceof DataSetError) return { kind: 'quarantined', stage: 'verify', reason: 'object-unreadable' }
      throw cause
    }
  }

  mayLeave(value: JsonValue, identifiers: readonly StudyIdentifiers[]): boolean {
    return this.#verifier.verifyJson(canonicalJson(value), together(identifiers)).kind === 'clean'
  }
}

/** The identifiers of all instances of a study, each once. */
function together(all: readonly StudyIdentifiers[]): StudyIdentifiers {
  const union = (pick: (one: StudyIdentifiers) => readonly string[]): string[] => [...new Set(all.flatMap(pick))]
  const raw = new Map(all.flatMap((one) => one.raw).map((bytes) => [Buffer.from(bytes).toString('latin1'), bytes]))
  return {
    names: union((one) => one.names),
    ids: union((one) => one.ids),
    birthDates: union((one) => one.birthDates),
    uids: union((one) => one.uids),
    places: union((one) => one.places),
    raw: [...raw.values()],
  }
}
