import { join } from 'node:path'
import { CompactRange } from '@leadglass/sync-agent/audit-log'
import {
  type DeviceId,
  type Envelope,
  type EnvelopeBody,
  envelopeDigest,
  STREAMS,
  type StreamName,
} from '@leadglass/sync-agent/contract'
import { digestOfJson } from '@leadglass/sync-agent/foundation'
import { openRecords } from '../../../appliance/records/index.ts'
import { EffectReader } from '../../../cloud-hub/ingest/effect-reader.ts'
import { epochRoots } from '../../../cloud-hub/ingest/epoch-roots.ts'
import { openHubDatabase } from '../../../cloud-hub/storage/index.ts'
import type { HistoryEntry, HubHistory } from './check.ts'
import { SOURCE_KEY } from './site.ts'

const ALL_INBOX = 'SELECT id, device, epoch, stream, sequence, kind FROM envelope_inbox ORDER BY id'
const DUPLICATES = 'SELECT coalesce(sum(duplicates), 0) AS count FROM stream_watermark'

/** Tables in which each accepted envelope of a kind has exactly one row. */
const EFFECT_TABLES = {
  'instance-features': 'instance_features',
  'not-scored': 'not_scored',
  'study-revision': 'study_revisions',
  'study-label': 'study_labels',
  'drift-counts': 'drift_counts',
  'deployment-statistics': 'deployment_statistics',
  'device-health': 'device_health',
  'audit-checkpoint': 'site_checkpoint',
} as const

interface InboxRow {
  readonly id: number
  readonly device: DeviceId
  readonly epoch: number
  readonly stream: StreamName
  readonly sequence: number
  readonly kind: EnvelopeBody['kind']
}

/** One side of the comparison of roots: RFC 6962 tree head over the digests of an epoch, by stream rank, then sequence. */
export type Roots = ReadonlyMap<string, string>

/** Everything that a source sealed, read from its encrypted records. It must not be running. */
export function readSource(folder: string): HistoryEntry[] {
  const records = openRecords(join(folder, 'records.db'), SOURCE_KEY)
  try {
    return records.egress.counters().flatMap(({ epoch, stream }) =>
      records.egress.envelopesAfter(epoch, stream, 0, Number.MAX_SAFE_INTEGER).map(({ content }) => {
        const envelope = JSON.parse(content) as Envelope
        return entryOf(envelope, envelope.body)
      }),
    )
  } finally {
    records.close()
  }
}

/** The entry of a body at a position, with the digests recomputed. */
export function entryOf(position: Omit<InboxRow, 'id' | 'kind'>, body: EnvelopeBody): HistoryEntry {
  const { device, epoch, stream, sequence } = position
  return {
    device,
    epoch,
    stream,
    sequence,
    digest: envelopeDigest({ device, epoch, stream, sequence }, body),
    content: digestOfJson(body),
  }
}

/** Everything that took effect at a hub, read from its database, and the hub's own roots. It must not be running. */
export function readHub(folder: string): {
  readonly history: HubHistory
  readonly roots: Roots
  readonly damaged: number
} {
  const database = openHubDatabase(folder)
  try {
    const reader = new EffectReader(database)
    const effects: HistoryEntry[] = []
    const unreadable: HubHistory['unreadable'][number][] = []
    for (const row of database.prepare(ALL_INBOX).all() as InboxRow[]) {
      try {
        effects.push(entryOf(row, reader.read(row.kind, row.id)))
      } catch {
        unreadable.push(row)
      }
    }
    let orphans = 0
    for (const [kind, table] of Object.entries(EFFECT_TABLES)) {
      const sql = `SELECT count(*) AS count FROM ${table} WHERE envelope NOT IN (SELECT id FROM envelope_inbox WHERE kind = ?)`
      orphans += (database.prepare(sql).get(kind) as { count: number }).count
    }
    const { count } = database.prepare(DUPLICATES).get() as { count: number }
    const { roots, damaged } = epochRoots(database)
    return {
      history: { effects, unreadable, orphans, duplicatesDropped: count },
      roots: new Map(roots.map((one) => [`${one.device}/${one.epoch}`, one.root])),
      damaged: damaged.length,
    }
  } finally {
    database.close()
  }
}

/** The roots of what was sealed. */
export function rootsOf(sealed: readonly HistoryEntry[]): Roots {
  const rank = (entry: HistoryEntry): number => STREAMS.indexOf(entry.stream as StreamName)
  const trees = new Map<string, CompactRange>()
  for (const entry of [...sealed].sort((a, b) => rank(a) - rank(b) || a.sequence - b.sequence)) {
    const key = `${entry.device}/${entry.epoch}`
    const tree = trees.get(key) ?? new CompactRange()
    trees.set(key, tree)
    tree.append(Buffer.from(entry.digest, 'hex'))
  }
  return new Map([...trees].map(([key, tree]) => [key, Buffer.from(tree.root()).toString('hex')]))
}

/** How many (device, epoch) have another root on the other side, or none. */
export function differingRoots(one: Roots, other: Roots): number {
  return [...new Set([...one.keys(), ...other.keys()])].filter((key) => one.get(key) !== other.get(key)).length
}
