import {
  type DeidentifiedFacts,
  type Deidentifier,
  deidentifyStream,
  type EgressVerifier,
  type StudyIdentifiers,
  type VerifierOutcome,
} from '@leadglass/appliance/deidentify'
import type { DataSet, ObjectSource } from '@leadglass/appliance/imaging'

/** Of the original; PHI. */
export interface DecidedIdentities {
  readonly identifiers: StudyIdentifiers
  /** Those that the object may not hold. */
  readonly mayNotStay: StudyIdentifiers
  /** Of a large object without its pixels. */
  readonly original: DataSet
}

/** The de-identified form of a file that may be written, or why it may not. */
export type ObjectDecision =
  | {
      readonly kind: 'clean'
      readonly facts: DeidentifiedFacts
      /** The bytes that the verifier has read: these are to be written, and no others. */
      readonly chunks: readonly Uint8Array[]
      readonly people: DecidedIdentities
    }
  | {
      readonly kind: 'held'
      readonly reason: string
      /** What the engine made and the verifier stopped; it must not be written. */
      readonly stopped: readonly Uint8Array[] | undefined
    }

/** De-identifies one file and has the verifier read the result; what its pixels show is another question. */
export function decideObject(deidentifier: Deidentifier, verifier: EgressVerifier, file: Uint8Array): ObjectDecision {
  const processed = deidentifier.process(file)
  if (!('outcome' in processed)) return { kind: 'held', reason: processed.reason, stopped: undefined }
  const { kind: _, chunks, ...facts } = processed.outcome
  const { identifiers, mayNotStay, original } = processed
  const reason = reasonToHold(verifier.verifyObject(chunks, mayNotStay))
  if (reason !== undefined) return { kind: 'held', reason, stopped: chunks }
  return { kind: 'clean', facts, chunks, people: { identifiers, mayNotStay, original } }
}

/** Where the bytes of a large object go while they are verified. */
export interface DecidedOutput {
  write(bytes: Uint8Array): void
}

/** The de-identified form of a file too large for memory: written already, to be kept or thrown away. */
export type StreamDecision<Output> =
  | {
      readonly kind: 'clean'
      readonly facts: DeidentifiedFacts
      readonly output: Output | undefined
      readonly people: DecidedIdentities
    }
  | { readonly kind: 'held'; readonly reason: string; readonly output: Output | undefined }

/**
 * `decideObject` for an object of any size.
 * @param open begins the output; `undefined` where nothing is to be written. Not called for what the profile refuses.
 */
export async function decideStream<Output extends DecidedOutput>(
  deidentifier: Deidentifier,
  verifier: EgressVerifier,
  source: ObjectSource,
  open: (facts: DeidentifiedFacts, original: DataSet) => Output | undefined,
): Promise<StreamDecision<Output>> {
  const streamed = await deidentifyStream(deidentifier, source)
  if (streamed.kind === 'quarantined') return { kind: 'held', reason: streamed.reason, output: undefined }
  const { facts, identifiers, mayNotStay, original, bytes } = streamed
  const output = open(facts, original)
  const verification = verifier.begin(mayNotStay)
  for await (const piece of bytes()) {
    verification.push(piece)
    output?.write(piece)
  }
  const reason = reasonToHold(verification.finish())
  if (reason !== undefined) return { kind: 'held', reason, output }
  return { kind: 'clean', facts, output, people: { identifiers, mayNotStay, original } }
}

function reasonToHold(verdict: VerifierOutcome): string | undefined {
  if (verdict.kind === 'hit') return `verifier-hit.${verdict.rule}`
  return verdict.kind === 'error' ? 'verifier-error' : undefined
}
