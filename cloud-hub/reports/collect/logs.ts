import { deviceId } from '@leadglass/sync-agent/contract'
import type Database from 'better-sqlite3'
import type { AuditDesk, HubAudit } from '../../audit/index.ts'
import { HUB_LOG_ORIGIN, siteLogOrigin } from '../../audit/log-names.ts'
import { RETENTION_YEARS } from '../../audit/retention.ts'
import type { Fleet } from '../../fleet/index.ts'
import { type Collected, type Evidence, type Finding, recordEvidence } from '../evidence.ts'
import { asJson, together } from './collector.ts'

const WITNESSES = 'SELECT witness, max(size) AS size FROM hub_log_cosignature GROUP BY witness ORDER BY witness'

/** The logs as a whole: signed, cosigned, mirrored, kept. */
export function collectLogs(parts: {
  readonly database: Database.Database
  readonly audit: HubAudit
  readonly desk: AuditDesk
  readonly fleet: Fleet
}): Collected {
  const { database, audit, desk, fleet } = parts
  const evidence: Evidence[] = []
  const own = desk.logs.of(HUB_LOG_ORIGIN)
  if (own !== undefined && own.size > 0) {
    const content = { origin: HUB_LOG_ORIGIN, size: own.size, checkpoint: own.note, key: audit.verifierKey() }
    evidence.push(recordEvidence('hub-log', 'hub log', `signed checkpoint over ${own.size} entries`, content))
  }
  const witnesses = database.prepare(WITNESSES).all() as { readonly witness: string; readonly size: number }[]
  for (const { witness, size } of witnesses) {
    const content = { witness, size, checkpoint: audit.checkpointAt(size) }
    evidence.push(
      recordEvidence('hub-log-witnessed', 'hub_log_cosignature', `${witness} cosigned ${size} entries`, content),
    )
  }
  const epochs = desk.retention.epochs()
  const retention = {
    years: RETENTION_YEARS,
    epochs: asJson(epochs),
    holds: asJson(desk.retention.holds().map(({ reason: _, ...one }) => one)),
  }
  evidence.push(
    recordEvidence(
      'log-retention',
      'audit retention',
      `kept ${RETENTION_YEARS} years; ${epochs.length} years of logs here`,
      retention,
    ),
  )
  return together([{ evidence, findings: [] }, siteLogs(desk, fleet)])
}

function siteLogs(desk: AuditDesk, fleet: Fleet): Collected {
  const evidence: Evidence[] = []
  const findings: Finding[] = []
  for (const { device, revokedAt } of fleet.devices()) {
    if (revokedAt !== null) continue
    const signed = desk.logs.of(siteLogOrigin(deviceId.parse(device)))
    if (signed === undefined) {
      findings.push({ fact: 'site-logs', words: `Nothing of the log of ${device} was cosigned yet.` })
      continue
    }
    const content = { device, size: signed.size, checkpoint: signed.note, key: signed.keys[0] ?? '' }
    evidence.push(
      recordEvidence('site-logs', `log of ${device}`, `mirrored and cosigned up to ${signed.size} entries`, content),
    )
  }
  return { evidence, findings }
}
