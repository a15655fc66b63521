import { readCheckpoint } from '@leadglass/sync-agent/audit-log'
import { type DeviceHealth, deviceHealth, type StreamName } from '@leadglass/sync-agent/contract'
import type { Clock } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'

/** A device that was heard of within this time counts as connected. */
const CONNECTED_WITHIN_MS = 120_000

const LIST = `SELECT device, enrolled_at AS enrolledAt, revoked_at AS revokedAt, held_at AS heldAt, last_seen_at AS lastSeenAt,
  (SELECT coalesce(sum(occurrences), 0) FROM ingest_alarm a WHERE a.device = device.device) AS alarms
  FROM device ORDER BY device`
export const LAST_HEALTH = `SELECT h.software_version, h.models, h.figures FROM envelope_inbox i
  JOIN device_health h ON h.envelope = i.id WHERE i.device = ? AND i.stream = 'health' AND i.kind = 'device-health'
  ORDER BY i.epoch DESC, i.sequence DESC LIMIT 1`
const STREAMS = `SELECT epoch, stream, sequence AS watermark, duplicates, refused FROM stream_watermark
  WHERE device = ? ORDER BY epoch, stream`
export const EFFECTS = `SELECT i.epoch, i.stream, count(*) AS effects FROM envelope_inbox i
  WHERE i.device = ? AND (
    EXISTS (SELECT 1 FROM instance_features e WHERE e.envelope = i.id)
    OR EXISTS (SELECT 1 FROM erased_envelope e WHERE e.envelope = i.id)
    OR EXISTS (SELECT 1 FROM not_scored e WHERE e.envelope = i.id)
    OR EXISTS (SELECT 1 FROM study_revisions e WHERE e.envelope = i.id)
    OR EXISTS (SELECT 1 FROM study_labels e WHERE e.envelope = i.id)
    OR EXISTS (SELECT 1 FROM drift_counts e WHERE e.envelope = i.id)
    OR EXISTS (SELECT 1 FROM device_health e WHERE e.envelope = i.id)
    OR EXISTS (SELECT 1 FROM reported_envelope e WHERE e.envelope = i.id)
    OR EXISTS (SELECT 1 FROM site_leaf_envelope e WHERE e.envelope = i.id)
    OR EXISTS (SELECT 1 FROM site_checkpoint e WHERE e.envelope = i.id)
    OR EXISTS (SELECT 1 FROM epoch_statement e WHERE e.envelope = i.id))
  GROUP BY i.epoch, i.stream`
const ALARMS = `SELECT code, occurrences, last_at AS lastAt FROM ingest_alarm WHERE device = ? ORDER BY last_at DESC`
const COSIGNED = `SELECT note, cosigned FROM site_checkpoint WHERE device = ? AND cosigned IS NOT NULL
  ORDER BY size DESC, envelope DESC LIMIT 1`

/** A device as it last reported itself, not as anybody intended it. */
export interface FleetDevice {
  readonly device: string
  readonly enrolledAt: string
  readonly revokedAt: string | null
  /** Since when it is held as seen in two places. */
  readonly heldAt: string | null
  readonly lastSeenAt: string | null
  readonly connected: boolean
  readonly alarms: number
  readonly health: Omit<DeviceHealth, 'kind'> | null
}

/** How far a stream is, and what became of what was sent on it. */
export interface FleetStream {
  readonly epoch: number
  readonly stream: StreamName
  readonly watermark: number
  readonly effects: number
  readonly duplicates: number
  readonly refused: number
}

/** A cause of refusals at the door, and how often. */
export interface FleetAlarm {
  readonly code: string
  readonly occurrences: number
  readonly lastAt: string
}

/** The last checkpoint of a device's log that the hub has verified and cosigned. `root` is hexadecimal. */
export interface CosignedCheckpoint {
  readonly origin: string
  readonly size: number
  readonly root: string
  readonly note: string
  readonly cosigned: string
}

/** What the hub knows of its devices; reads only. */
export class Fleet {
  readonly #database: Database.Database
  readonly #clock: Clock

  constructor(database: Database.Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  devices(): FleetDevice[] {
    const rows = this.#database.prepare(LIST).all() as Omit<FleetDevice, 'connected' | 'health'>[]
    return rows.map((row) => ({
      ...row,
      connected: row.lastSeenAt !== null && this.#clock.now() - Date.parse(row.lastSeenAt) < CONNECTED_WITHIN_MS,
      health: this.#health(row.device),
    }))
  }

  device(name: string): FleetDevice | undefined {
    return this.devices().find((one) => one.device === name)
  }

  streams(device: string): FleetStream[] {
    const effects = this.#database.prepare(EFFECTS).all(device) as Pick<FleetStream, 'epoch' | 'stream' | 'effects'>[]
    const rows = this.#database.prepare(STREAMS).all(device) as Omit<FleetStream, 'effects'>[]
    return rows.map((row) => ({
      ...row,
      effects: effects.find((one) => one.epoch === row.epoch && one.stream === row.stream)?.effects ?? 0,
    }))
  }

  alarms(device: string): FleetAlarm[] {
    return this.#database.prepare(ALARMS).all(device) as FleetAlarm[]
  }

  cosigned(device: string): CosignedCheckpoint | null {
    const row = this.#database.prepare(COSIGNED).get(device) as
      | Pick<CosignedCheckpoint, 'note' | 'cosigned'>
      | undefined
    const checkpoint = row === undefined ? undefined : readCheckpoint(row.note)
    if (row === undefined || checkpoint === undefined) return null
    const { origin, size, root } = checkpoint
    return { origin, size, root: Buffer.from(root).toString('hex'), ...row }
  }

  #health(device: string): FleetDevice['health'] {
    const row = this.#database.prepare(LAST_HEALTH).get(device) as
      | { readonly software_version: string; readonly models: string; readonly figures: string }
      | undefined
    if (row === undefined) return null
    const { softwareVersion, models, figures } = deviceHealth.parse({
      kind: 'device-health',
      softwareVersion: row.software_version,
      models: JSON.parse(row.models) as unknown,
      figures: JSON.parse(row.figures) as unknown,
    })
    return { softwareVersion, models, figures }
  }
}
