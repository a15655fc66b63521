import { type KeyObject, X509Certificate } from 'node:crypto'
import { AuditFeeds, SqliteFeedBook, WitnessRound } from '@leadglass/sync-agent/audit-log'
import { type Clock, type Logger, type Randomness, RepeatedLook, type Service } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import {
  fingerprintOf,
  type HubAudit,
  HubWitnessSource,
  OWN_RECORDING_EVERY_MS,
  OwnRecordingWatch,
  RECORDING_EVERY_MS,
  RecordingWatch,
  recordKeyChanges,
} from './audit/index.ts'
import type { HubConfiguration } from './configuration.ts'
import type { Delivery } from './delivery-parts.ts'
import { type Drift, DriftAlerts } from './drift/index.ts'
import { CONTACT_EVERY_MS, ContactWatch } from './fleet/index.ts'
import type { HubSettings } from './hub-folder.ts'
import type { CertificateAuthority } from './ingest/index.ts'

/** Between two rounds to the witnesses of others. */
const WITNESS_INTERVAL_MS = 60_000

/** What the watching of logs, devices and distributions works with. */
export interface AuditParts {
  readonly database: Database.Database
  readonly audit: HubAudit
  readonly drift: Drift
  readonly configuration: HubConfiguration
  readonly raise: (device: string, code: string, times?: number) => void
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
}

/** Everything that goes on beside the acts of people: feeds, witnesses, and the watches that write what they find. */
export function composeAudit(parts: AuditParts): {
  readonly auditFeeds: AuditFeeds
  readonly driftAlerts: DriftAlerts
  readonly services: readonly Service[]
} {
  const { database, audit, drift, configuration, raise, clock, randomness, logger } = parts
  const auditFeeds = new AuditFeeds({
    log: audit.log,
    feeds: new SqliteFeedBook(database),
    settings: () => configuration.auditFeeds,
    source: { device: 'hub', softwareVersion: configuration.softwareVersion },
    clock,
    randomness,
    logger,
  })
  const recording = new RecordingWatch(database, clock, raise)
  const ownRecording = new OwnRecordingWatch({ database, log: audit.log, audit, logger })
  const contact = new ContactWatch({ database, audit, clock })
  const watches = [
    { name: 'audit.recording', everyMs: RECORDING_EVERY_MS, look: () => recording.look() },
    { name: 'audit.own-recording', everyMs: OWN_RECORDING_EVERY_MS, look: () => ownRecording.look(), atStart: true },
    { name: 'fleet.contact', everyMs: CONTACT_EVERY_MS, look: () => contact.look() },
  ]
  const driftAlerts = new DriftAlerts({ database, drift, rules: configuration.drift, audit, clock, logger })
  return {
    auditFeeds,
    driftAlerts,
    services: [
      ...watches.map((one) => new RepeatedLook({ ...one, logger })),
      driftAlerts,
      auditFeeds,
      new WitnessRound({
        source: new HubWitnessSource(audit),
        targets: () => configuration.witnesses,
        intervalMs: WITNESS_INTERVAL_MS,
        logger,
      }),
    ],
  }
}

/** Writes down which signing keys came into use or went since the last start. */
export async function recordKeysInUse(parts: {
  readonly database: Database.Database
  readonly audit: HubAudit
  readonly clock: Clock
  readonly logKey: KeyObject
  readonly witnessKey: KeyObject
  readonly authority: CertificateAuthority
  readonly settings: HubSettings
  readonly delivery: Delivery | undefined
}): Promise<void> {
  const { logKey, witnessKey, authority, settings, delivery } = parts
  const authorityKey = new X509Certificate(await authority.certificatePem()).publicKey
  recordKeyChanges(parts, [
    { role: 'hub-log', fingerprint: fingerprintOf(logKey) },
    { role: 'hub-witness', fingerprint: fingerprintOf(witnessKey) },
    { role: 'device-authority', fingerprint: fingerprintOf(authorityKey) },
    ...settings.approvers.map(({ role, publicKey }) => ({ role: `approver-${role}`, fingerprint: publicKey })),
    ...((await delivery?.keysInUse()) ?? []),
  ])
}
