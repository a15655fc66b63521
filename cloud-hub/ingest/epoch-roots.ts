import { CompactRange } from '@leadglass/sync-agent/audit-log'
import {
  type DeviceId,
  type EnvelopeBody,
  envelopeDigest,
  STREAMS,
  type StreamName,
} from '@leadglass/sync-agent/contract'
import { sha256Hex } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { EffectReader } from './effect-reader.ts'

/** What the hub's tables hold of one (device, epoch). Two sides that hold the same envelopes have the same root. */
export interface EpochRoot {
  readonly device: DeviceId
  readonly epoch: number
  readonly envelopes: number
  /** RFC 6962 tree head over the envelope digests (32 bytes each), by stream rank, then sequence; hexadecimal. */
  readonly root: string
}

/** An effect that does not give back the digest under which its envelope was accepted. */
export interface DamagedEffect {
  readonly device: DeviceId
  readonly epoch: number
  readonly stream: StreamName
  readonly sequence: number
}

const RANK = `CASE stream ${STREAMS.map((stream, rank) => `WHEN '${stream}' THEN ${rank}`).join(' ')} END`
const READ_EPOCHS = 'SELECT DISTINCT device, epoch FROM stream_watermark ORDER BY device, epoch'
const READ_ENVELOPES = `SELECT id, stream, sequence, kind, digest, erasure IS NOT NULL AS erased FROM envelope_inbox
  LEFT JOIN erased_envelope ON envelope = id WHERE device = ? AND epoch = ? ORDER BY ${RANK}, sequence`

interface InboxRow {
  readonly id: number
  readonly stream: StreamName
  readonly sequence: number
  readonly kind: EnvelopeBody['kind']
  readonly digest: string
  readonly erased: 0 | 1
}

/**
 * Root of every (device, epoch), with digests recomputed from the effect tables: an effect that was lost, doubled or
 * changed shows, even when the inbox row is whole.
 */
export function epochRoots(database: Database.Database): {
  readonly roots: EpochRoot[]
  readonly damaged: DamagedEffect[]
} {
  const reader = new EffectReader(database)
  const damaged: DamagedEffect[] = []
  const epochs = database.prepare(READ_EPOCHS).all() as { readonly device: DeviceId; readonly epoch: number }[]
  const readEnvelopes = database.prepare(READ_ENVELOPES)
  const roots = epochs.map(({ device, epoch }) => {
    const rows = readEnvelopes.all(device, epoch) as InboxRow[]
    const tree = new CompactRange()
    for (const row of rows) {
      const digest = recomputed(reader, device, epoch, row)
      if (digest !== row.digest) damaged.push({ device, epoch, stream: row.stream, sequence: row.sequence })
      tree.append(Buffer.from(digest ?? '', 'hex'))
    }
    return { device, epoch, envelopes: rows.length, root: Buffer.from(tree.root()).toString('hex') }
  })
  return { roots, damaged }
}

function recomputed(reader: EffectReader, device: DeviceId, epoch: number, row: InboxRow): string | undefined {
  // What was erased left its digest, so the root of the epoch stays what the device states.
  if (row.erased === 1 && reader.isGone(row.id)) return row.digest
  try {
    const { stream, sequence } = row
    const body = reader.read(row.kind, row.id)
    // Of an audit leaf that was pruned after its retention, this digest and the leaf's own hash are what is left.
    if (body.kind === 'audit-leaf' && body.leaf === '') return row.digest
    return sha256Hex.parse(envelopeDigest({ device, epoch, stream, sequence }, body))
  } catch {
    return undefined
  }
}
