import {
  type DeidentifiedFacts,
  type Deidentifier,
  deidentifyStream,
  type EgressVerifier,
  type VerifierOutcome,
} from '@leadglass/appliance/deidentify'
import type { ObjectSource } from '@leadglass/appliance/imaging'

/** The de-identified form of a file that may be written, or why it may not. */
export type ObjectDecision =
  | {
      readonly kind: 'clean'
      readonly facts: DeidentifiedFacts
      /** The bytes that the verifier has read: these are to be written, and no others. */
      readonly chunks: readonly Uint8Array[]
    }
  | {
      readonly kind: 'held'
      readonly reason: string
      /** What the engine made and the verifier or the pixel rule stopped; it must not be written. */
      readonly stopped: readonly Uint8Array[] | undefined
    }

/**
 * De-identifies one file, has the verifier read the result, and holds what may show text in its pixels: the engine
 * masks no pixels, so only a person can let those pass (PS3.15 E.3.1).
 * @param pixelsReviewed a person has looked at the pixels of all files.
 */
export function decideObject(
  deidentifier: Deidentifier,
  verifier: EgressVerifier,
  file: Uint8Array,
  pixelsReviewed: boolean,
): ObjectDecision {
  const processed = deidentifier.process(file)
  if (!('outcome' in processed)) return { kind: 'held', reason: processed.reason, stopped: undefined }
  const { kind: _, chunks, ...facts } = processed.outcome
  const reason = reasonToHold(verifier.verifyObject(chunks, processed.identifiers), facts, pixelsReviewed)
  return reason === undefined ? { kind: 'clean', facts, chunks } : { kind: 'held', reason, stopped: chunks }
}

/** Where the bytes of a large object go while they are verified. */
export interface DecidedOutput {
  write(bytes: Uint8Array): void
}

/** The de-identified form of a file too large for memory: written already, to be kept or thrown away. */
export type StreamDecision<Output> =
  | { readonly kind: 'clean'; readonly facts: DeidentifiedFacts; readonly output: Output | undefined }
  | { readonly kind: 'held'; readonly reason: string; readonly output: Output | undefined }

/**
 * `decideObject` for an object of any size.
 * @param open begins the output; `undefined` where nothing is to be written. Not called for what the profile refuses.
 */
export async function decideStream<Output extends DecidedOutput>(
  deidentifier: Deidentifier,
  verifier: EgressVerifier,
  source: ObjectSource,
  pixelsReviewed: boolean,
  open: (facts: DeidentifiedFacts) => Output | undefined,
): Promise<StreamDecision<Output>> {
  const streamed = await deidentifyStream(deidentifier, source)
  if (streamed.kind === 'quarantined') return { kind: 'held', reason: streamed.reason, output: undefined }
  const { facts, identifiers, bytes } = streamed
  const output = open(facts)
  const verification = verifier.begin(identifiers)
  for await (const piece of bytes()) {
    verification.push(piece)
    output?.write(piece)
  }
  const reason = reasonToHold(verification.finish(), facts, pixelsReviewed)
  return reason === undefined ? { kind: 'clean', facts, output } : { kind: 'held', reason, output }
}

function reasonToHold(
  verdict: VerifierOutcome,
  { pixelRisk }: DeidentifiedFacts,
  pixelsReviewed: boolean,
): string | undefined {
  if (verdict.kind === 'hit') return `verifier-hit.${verdict.rule}`
  if (verdict.kind === 'error') return 'verifier-error'
  return pixelRisk === 'none' || pixelsReviewed ? undefined : `pixels-may-identify.${pixelRisk}`
}
