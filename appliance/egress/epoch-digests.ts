import {
  type DeviceId,
  type EnvelopeBody,
  type EpochRange,
  envelopeDigest,
  type StreamName,
} from '@leadglass/sync-agent/contract'
import type { Records } from '../records/index.ts'

type Span = Pick<EpochRange, 'stream' | 'from' | 'to'>

/**
 * Digests of what the record has of a range, recomputed from the sealed text: one that was altered, moved or removed since
 * gives another root. Of an envelope whose text was pruned the kept digest counts.
 */
export function digestsOf(
  records: Pick<Records, 'sync'>,
  device: DeviceId,
  epoch: number,
  span: Span,
): (string | undefined)[] {
  return records.sync.range(epoch, span).map(({ sequence, content, digest }) => {
    if (content === null) return digest ?? undefined
    return recomputed({ device, epoch, stream: span.stream, sequence }, content)
  })
}

function recomputed(
  position: {
    readonly device: DeviceId
    readonly epoch: number
    readonly stream: StreamName
    readonly sequence: number
  },
  content: string,
): string | undefined {
  try {
    return envelopeDigest(position, (JSON.parse(content) as { readonly body: EnvelopeBody }).body)
  } catch {
    return undefined
  }
}
