import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { HubAudit } from '../audit/index.ts'
import {
  type AlarmBook,
  type ConnectionGate,
  type Enrolment,
  type GateAnswer,
  type ShownCertificate,
  UNKNOWN_DEVICE,
} from '../ingest/index.ts'

/** Connections overtake each other on slow links: an earlier start of a box is believed to be late for so long. */
const GRACE_MS = 120_000
/** What an agent says as its MQTT user name: how often it was started, and which start this is. */
const BOOT = /^boot-(\d{1,9})-([0-9a-f]{16})$/

const READ_BOOT = 'SELECT boot, boot_run, boot_at FROM device WHERE device = ?'
const WRITE_BOOT = 'UPDATE device SET boot = ?, boot_run = ?, boot_at = ? WHERE device = ?'

/** What the gate works with. */
export interface DeviceGateParts {
  readonly database: Database.Database
  readonly enrolment: Enrolment
  readonly alarms: AlarmBook
  readonly audit: HubAudit
  readonly clock: Clock
  /** Ends the connections of a device. */
  readonly disconnect: (device: string) => void
  readonly graceMs?: number
}

/**
 * Decides about each connection, and finds copies: a box counts its starts, and its certificates follow each other, so two
 * boxes with one identity sooner or later say something that one box never says. Both are held then until a person decides.
 */
export class DeviceGate implements ConnectionGate {
  readonly #parts: DeviceGateParts

  constructor(parts: DeviceGateParts) {
    this.#parts = parts
  }

  /** Judges the certificate of a connection that the TLS layer has verified. */
  admitCertificate({ commonName, serial }: ShownCertificate): GateAnswer {
    const { enrolment, alarms } = this.#parts
    const judged = enrolment.chain.judge(commonName, serial)
    if (judged.outcome === 'admitted') {
      enrolment.chain.prove(serial)
      return judged
    }
    if (judged.code === 'device-cloned') this.holdAsCloned(commonName, 'certificate.superseded')
    else alarms.raise(enrolment.isKnown(commonName) ? commonName : UNKNOWN_DEVICE, `refused-${judged.code}`, 1)
    return judged
  }

  /** Judges the start that a box says it is. A box that says nothing is an older one, and is let in. */
  admitSession(device: string, userName: string): GateAnswer {
    const { database, clock, graceMs = GRACE_MS } = this.#parts
    const [, count, run] = BOOT.exec(userName) ?? []
    if (count === undefined || run === undefined) return { outcome: 'admitted' }
    const boot = Number(count)
    const row = database.prepare(READ_BOOT).get(device) as
      | { readonly boot: number; readonly boot_run: string | null; readonly boot_at: string | null }
      | undefined
    if (row === undefined) return { outcome: 'refused', code: 'device-unknown' }
    if (boot > row.boot) {
      database.prepare(WRITE_BOOT).run(boot, run, toIsoInstant(clock.now()), device)
      return { outcome: 'admitted' }
    }
    if (boot === row.boot && run === row.boot_run) return { outcome: 'admitted' }
    const late = boot < row.boot && clock.now() - Date.parse(row.boot_at ?? '') < graceMs
    if (late) return { outcome: 'refused', code: 'boot-superseded' }
    this.holdAsCloned(device, boot === row.boot ? 'boot.conflict' : 'boot.backwards')
    return { outcome: 'refused', code: 'device-cloned' }
  }

  /** Notes a connection whose certificate the TLS layer did not verify. */
  refuseCertificate(claimedName: string, reason: string): void {
    const { enrolment, alarms } = this.#parts
    const code = reason === 'CERT_HAS_EXPIRED' ? 'certificate-expired' : 'certificate-untrusted'
    alarms.raise(enrolment.isKnown(claimedName) ? claimedName : UNKNOWN_DEVICE, code, 1)
  }

  /** Two boxes have one identity: neither is listened to until a person decides. */
  holdAsCloned(device: string, sign: string): void {
    const { enrolment, alarms, audit, disconnect } = this.#parts
    alarms.raise(device, 'device-cloned', 1)
    if (enrolment.hold(device, sign)) {
      audit.record({
        event: 'device.held',
        actor: { kind: 'system', id: 'hub' },
        subject: { kind: 'device', id: device },
        outcome: 'success',
        codes: [sign],
      })
    }
    disconnect(device)
  }
}
