import type { AcquisitionFacts, PatientPseudonym, StudyPseudonym } from '@leadglass/sync-agent/contract'
import { canonicalJson, type JsonValue } from '@leadglass/sync-agent/foundation'
import {
  type DeidentificationReport,
  type DeidentifiedFacts,
  type Deidentifier,
  deidentifyStream,
  type EgressVerifier,
  type PixelRisk,
  type StudyIdentifiers,
  type VerifierOutcome,
} from '../deidentify/index.ts'
import type { DataSet, ObjectSource } from '../imaging/dataset/index.ts'

/** Where de-identified bytes go while they are verified. */
export interface GateOutput {
  /** The bytes are the writer's until the promise resolves. */
  write(bytes: Uint8Array): Promise<void>
}

/** What came of one instance at the gate between the two zones. */
export type GateOutcome =
  | {
      readonly kind: 'passed'
      readonly acquisition: AcquisitionFacts
      readonly studyPseudonym: StudyPseudonym
      readonly patientPseudonym: PatientPseudonym
      readonly identifiers: StudyIdentifiers
      /** Those of them that the object may not hold. */
      readonly mayNotStay: StudyIdentifiers
      /** How likely identities stand in the pixels themselves. */
      readonly pixelRisk: PixelRisk
      /** The elements of the original; of a large one without its pixels. */
      readonly original: DataSet
      /** What was done to it. */
      readonly report?: DeidentificationReport
    }
  | { readonly kind: 'quarantined'; readonly stage: 'deidentify' | 'verify'; readonly reason: string }

/** The gate: cleaned by one room, then read again by other code. Any doubt is quarantine. */
export interface Gate {
  /**
   * Writes the de-identified form of an instance to `output`, and says whether it may be used; what was written must not
   * be when the outcome is quarantine. Nothing is written of what the profile refuses.
   * @param output `undefined`: the outcome alone is wanted.
   */
  pass(source: ObjectSource, output: GateOutput | undefined): Promise<GateOutcome>
  /** True when nothing in the value could identify somebody. */
  mayLeave(value: JsonValue, identifiers: readonly StudyIdentifiers[]): boolean
}

/** Up to this size reading at once costs less than reading in ranges, and the memory is small. */
const WHOLE_UP_TO_BYTES = 8 * 2 ** 20

type Judged = DeidentifiedFacts & {
  readonly identifiers: StudyIdentifiers
  readonly mayNotStay: StudyIdentifiers
  readonly original: DataSet
  readonly verdict: VerifierOutcome
}

/** The product's gate. */
export class DeidentifyingGate implements Gate {
  readonly #deidentifier: Pick<Deidentifier, 'process' | 'clean' | 'sealed'>
  readonly #verifier: Pick<EgressVerifier, 'verifyObject' | 'verifyJson' | 'begin'>
  readonly #together = new WeakMap<readonly StudyIdentifiers[], StudyIdentifiers>()

  constructor(
    deidentifier: Pick<Deidentifier, 'process' | 'clean' | 'sealed'>,
    verifier: Pick<EgressVerifier, 'verifyObject' | 'verifyJson' | 'begin'>,
  ) {
    this.#deidentifier = deidentifier
    this.#verifier = verifier
  }

  async pass(source: ObjectSource, output: GateOutput | undefined): Promise<GateOutcome> {
    const judged = await (source.size <= WHOLE_UP_TO_BYTES
      ? this.#passWhole(source, output)
      : this.#passStreaming(source, output))
    if ('kind' in judged) return { ...judged, stage: 'deidentify' }
    const { verdict, acquisition, studyPseudonym, patientPseudonym, pixelRisk, identifiers, mayNotStay } = judged
    const { original, report } = judged
    if (verdict.kind !== 'clean') {
      return { kind: 'quarantined', stage: 'verify', reason: verdict.kind === 'hit' ? verdict.rule : verdict.code }
    }
    const people = { studyPseudonym, patientPseudonym, identifiers, mayNotStay }
    return { kind: 'passed', acquisition, ...people, pixelRisk, original, report }
  }

  mayLeave(value: JsonValue, identifiers: readonly StudyIdentifiers[]): boolean {
    return this.#verifier.verifyJson(canonicalJson(value), this.#togetherOnce(identifiers)).kind === 'clean'
  }

  /** All bodies of a revision are held against the same list: put together for the first of them. */
  #togetherOnce(identifiers: readonly StudyIdentifiers[]): StudyIdentifiers {
    const known = this.#together.get(identifiers) ?? together(identifiers)
    this.#together.set(identifiers, known)
    return known
  }

  async #passWhole(source: ObjectSource, output: GateOutput | undefined): Promise<Judged | Refused> {
    const processed = this.#deidentifier.process(await source.read(0, source.size))
    if (!('outcome' in processed)) return processed
    const { outcome, identifiers, mayNotStay, original } = processed
    const { kind: _, chunks, ...facts } = outcome
    const verdict = this.#verifier.verifyObject(chunks, mayNotStay)
    if (verdict.kind === 'clean' && output !== undefined) for (const chunk of chunks) await output.write(chunk)
    return { ...facts, identifiers, mayNotStay, original, verdict }
  }

  /** The very pieces that are written are those that the verifier reads. */
  async #passStreaming(source: ObjectSource, output: GateOutput | undefined): Promise<Judged | Refused> {
    const streamed = await deidentifyStream(this.#deidentifier, source)
    if (streamed.kind === 'quarantined') return streamed
    const { facts, identifiers, mayNotStay, original, bytes } = streamed
    const verification = this.#verifier.begin(mayNotStay)
    for await (const piece of bytes()) {
      verification.push(piece)
      await output?.write(piece)
    }
    return { ...facts, identifiers, mayNotStay, original, verdict: verification.finish() }
  }
}

type Refused = Extract<ReturnType<Deidentifier['process']>, { kind: 'quarantined' }>

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
