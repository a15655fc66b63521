import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { HubAudit } from '../audit/hub-audit.ts'
import { SiteAuditMirror } from '../audit/site-mirror.ts'
import { AlarmBook } from '../ingest/alarms.ts'
import { CertificateAuthority } from '../ingest/certificate-authority.ts'
import { Enrolment } from '../ingest/enrolment.ts'
import { Inbox } from '../ingest/inbox.ts'
import { openHubDatabase } from '../storage/database.ts'
import { placeTestHub } from './databases.ts'

/** The parts of a hub below its sockets, in a temporary folder. */
export interface HubCore {
  readonly folder: string
  readonly clock: ManualClock
  readonly database: Database.Database
  readonly authority: CertificateAuthority
  readonly enrolment: Enrolment
  readonly audit: HubAudit
  readonly mirror: SiteAuditMirror
  readonly alarms: AlarmBook
  readonly inbox: Inbox
  readonly witnessKey: KeyObject
  close(): Promise<void>
}

/** When tests begin. Real time, since certificates are checked against the host's clock. */
const START = Date.now()

/** Builds the parts. @param existing a folder of an earlier core, to come up again after its end. */
export async function createHubCore(existing?: { readonly folder: string; readonly keys: HubKeys }): Promise<HubCore> {
  const folder = existing?.folder ?? (await mkdtemp(join(tmpdir(), 'hub-core-')))
  const { logKey, witnessKey } = existing?.keys ?? makeKeys()
  const clock = new ManualClock(START)
  placeTestHub(folder)
  const database = openHubDatabase(folder)
  const authority = new CertificateAuthority(join(folder, 'ca'), clock)
  await authority.initialise()
  const audit = new HubAudit(database, logKey, clock)
  const mirror = new SiteAuditMirror(database, witnessKey, audit, clock)
  const alarms = new AlarmBook(database, audit, clock)
  const inbox = new Inbox(database, mirror, alarms, clock)
  const enrolment = new Enrolment(database, authority, clock)
  const close = async (): Promise<void> => {
    database.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { folder, clock, database, authority, enrolment, audit, mirror, alarms, inbox, witnessKey, close }
}

/** The hub's private keys. */
export interface HubKeys {
  readonly logKey: KeyObject
  readonly witnessKey: KeyObject
}

/** Fresh keys. */
export function makeKeys(): HubKeys {
  return {
    logKey: generateKeyPairSync('ed25519').privateKey,
    witnessKey: generateKeyPairSync('ed25519').privateKey,
  }
}
