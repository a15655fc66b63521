import {
  type Deidentifier,
  type DeidentifyOutcome,
  type EgressVerifier,
  identifiersOf,
} from '@leadglass/appliance/deidentify'

/** The de-identified form of a file that may be written, or why it may not. */
export type ObjectDecision =
  | {
      readonly kind: 'clean'
      readonly outcome: Extract<DeidentifyOutcome, { kind: 'deidentified' }>
      /** The bytes that the verifier has read: these are to be written, and no others. */
      readonly bytes: Buffer
    }
  | {
      readonly kind: 'held'
      readonly reason: string
      /** What the engine made and the verifier or the pixel rule stopped; it must not be written. */
      readonly stopped: Buffer | undefined
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
  const outcome = deidentifier.deidentify(file)
  if (outcome.kind === 'quarantined') return { kind: 'held', reason: outcome.reason, stopped: undefined }
  const bytes = Buffer.concat(outcome.chunks)
  const verdict = verifier.verifyObject(bytes, identifiersOf(file))
  if (verdict.kind === 'hit') return { kind: 'held', reason: `verifier-hit.${verdict.rule}`, stopped: bytes }
  if (verdict.kind === 'error') return { kind: 'held', reason: 'verifier-error', stopped: bytes }
  if (outcome.pixelRisk !== 'none' && !pixelsReviewed)
    return { kind: 'held', reason: `pixels-may-identify.${outcome.pixelRisk}`, stopped: bytes }
  return { kind: 'clean', outcome, bytes }
}
