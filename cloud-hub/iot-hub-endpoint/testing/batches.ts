import { type Envelope, sealEnvelope } from '@leadglass/sync-agent/contract'
import { packEnvelopes } from '@leadglass/sync-agent/exchange'
import { DEVICE } from './endpoint-fixture.ts'

/** Health envelopes `first` to `first + count - 1`. */
export function envelopes(first: number, count: number): Envelope[] {
  return Array.from({ length: count }, (_, i) =>
    sealEnvelope(
      { device: DEVICE, epoch: 1, sequence: first + i },
      { kind: 'device-health', softwareVersion: '1.0.0', models: [], figures: { 'disk.free': first + i } },
    ),
  )
}

/** One batch of them. */
export function batchOf(first: number, count: number): { readonly id: string; readonly bytes: Uint8Array } {
  const [packed] = packEnvelopes(envelopes(first, count))
  if (packed === undefined) throw new Error('nothing packed')
  return { id: packed.batch.batch, bytes: packed.bytes }
}
