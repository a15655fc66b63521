import { readFile } from 'node:fs/promises'
import { readSigningKeyFile } from '@leadglass/sync-agent/audit-log'
import {
  type Clock,
  digestOf,
  type Logger,
  type Randomness,
  type Service,
  startInOrder,
} from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { Accounts, ApiServer, type HubServices } from './api/index.ts'
import { HubAudit, SiteAuditMirror } from './audit/index.ts'
import type { HubConfiguration } from './configuration.ts'
import { Delivery } from './delivery-parts.ts'
import { Drift } from './drift/index.ts'
import { Fleet } from './fleet/index.ts'
import { GovernanceRepository } from './governance/index.ts'
import { type HubLayout, hubLayout, readHubSettings } from './hub-folder.ts'
import { AlarmBook, CertificateAuthority, Enrolment, EpochRootCache, Inbox } from './ingest/index.ts'
import { Lake } from './lake/index.ts'
import { Links } from './links.ts'
import { PackageStore, Registry } from './registry/index.ts'
import { openHubDatabase } from './storage/index.ts'
import { LocalExecutor, RunStore, Training } from './training/index.ts'

/** What a hub runs on. */
export interface HubPorts {
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
}

/** The whole hub: every part is made here, once, and started in the order in which each needs the one before. */
export class Hub implements Service {
  readonly #configuration: HubConfiguration
  readonly #ports: HubPorts
  #running: { readonly stop: () => Promise<void>; readonly http: number; readonly mqtt: number | null } | undefined

  constructor(configuration: HubConfiguration, ports: HubPorts) {
    this.#configuration = configuration
    this.#ports = ports
  }

  /** Ports that are listened on; `mqtt` is null with an external broker. */
  get addresses(): { readonly http: number; readonly mqtt: number | null } {
    return { http: this.#running?.http ?? 0, mqtt: this.#running?.mqtt ?? null }
  }

  /** @throws when the hub's folder was not initialised, or a port is taken. */
  async start(): Promise<void> {
    const layout = hubLayout(this.#configuration.dataFolder)
    const database = openHubDatabase(layout.folder)
    try {
      await this.#startOn(database, layout)
    } catch (error) {
      database.close()
      throw error
    }
  }

  async stop(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    await running?.stop()
  }

  async #startOn(database: Database.Database, layout: HubLayout): Promise<void> {
    const { clock, randomness, logger } = this.#ports
    const settings = await readHubSettings(layout)
    const audit = new HubAudit(database, await readSigningKeyFile(layout.logKey), clock)
    const mirror = new SiteAuditMirror(database, await readSigningKeyFile(layout.witnessKey), audit, clock)
    const alarms = new AlarmBook(database, audit, clock)
    const authority = new CertificateAuthority(layout.authority, clock)
    const enrolment = new Enrolment(database, authority, clock)
    const store = new PackageStore({ folder: layout.packages })
    const registry = new Registry({ database, store, clock })
    const governance = new GovernanceRepository({ database, clock })
    const lake = new Lake(database, layout.lake, clock)
    const runs = new RunStore(database, clock)
    const executor = new LocalExecutor()
    const training = new Training({ store: runs, lake, registry, executor, audit, logger, folder: layout.training })
    const fleet = new Fleet(database, clock)
    const inbox = new Inbox(database, mirror, alarms, clock)
    const delivery = await Delivery.open({ layout, policy: settings.policy, governance, registry, clock, logger })
    const links = new Links(
      this.#configuration,
      { authority, enrolment, inbox, alarms, fleet, logger, clock },
      settings,
    )
    const announce = (): void => void delivery?.timestampVersion().then((version) => links.announce(version))
    const roots = new EpochRootCache(database)
    const services: HubServices = {
      clock,
      logger,
      version: this.#configuration.softwareVersion,
      audit,
      mirror,
      enrolment,
      fleet,
      lake,
      training,
      runs,
      drift: new Drift(database, registry),
      registry,
      governance,
      releases: delivery?.releases,
      accounts: new Accounts(database, clock, randomness),
      operatorTokenDigest: digestOf((await readFile(layout.operatorToken, 'utf8')).trim()),
      approvers: settings.approvers,
      epochRoots: () => roots.read(),
      disconnect: (device) => links.disconnect(device),
      announce,
    }
    const { host, httpPort, pagesFolder } = this.#configuration
    const api = new ApiServer(
      { host, port: httpPort, names: settings.names, repositoryFolder: layout.repository, pagesFolder },
      services,
    )
    const stop = await startInOrder([
      { start: async () => undefined, stop: async () => void database.close() },
      { start: () => store.sweep(), stop: async () => undefined },
      ...(delivery === undefined ? [] : [delivery]),
      recorded(audit),
      training,
      links,
      { start: async () => announce(), stop: async () => undefined },
      api,
    ])
    this.#running = { stop, http: api.port, mqtt: links.port }
  }
}

/** Writes the beginning and the orderly end of recording into the log. */
function recorded(audit: HubAudit): Service {
  const record = (event: 'process.started' | 'process.stopped'): void =>
    audit.record({
      event,
      actor: { kind: 'system', id: 'hub' },
      subject: { kind: 'process', id: 'hub' },
      outcome: 'success',
    })
  return { start: async () => record('process.started'), stop: async () => record('process.stopped') }
}
