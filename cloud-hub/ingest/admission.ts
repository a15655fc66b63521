import type { Envelope } from '@leadglass/sync-agent/contract'

/** What becomes of one valid envelope. */
export type Admission =
  | { readonly outcome: 'accept' }
  | { readonly outcome: 'duplicate' }
  | { readonly outcome: 'refuse'; readonly code: 'gap' | 'conflict' }

/**
 * The rule of the inbox: sequences of one (device, epoch, stream) are taken without gaps, once each.
 * @param watermark last committed sequence of the stream, 0 when none.
 * @param committedDigest digest stored at the envelope's own position, `undefined` when there is none.
 */
export function admit(
  envelope: Pick<Envelope, 'sequence' | 'digest'>,
  watermark: number,
  committedDigest: string | undefined,
): Admission {
  if (envelope.sequence > watermark + 1) return { outcome: 'refuse', code: 'gap' }
  if (envelope.sequence === watermark + 1) return { outcome: 'accept' }
  return committedDigest === envelope.digest ? { outcome: 'duplicate' } : { outcome: 'refuse', code: 'conflict' }
}
