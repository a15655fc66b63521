import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { hostname } from 'node:os'
import { createNoteSigner, readSigningKeyFile } from '@leadglass/sync-agent/audit-log'
import { type DeviceId, deviceId } from '@leadglass/sync-agent/contract'
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
import { AuditDesk, HUB_LOG_ORIGIN, HubAudit, HubWitness, SiteAuditMirror } from './audit/index.ts'
import { composeAudit, recordKeysInUse } from './compose-audit.ts'
import { composeChange } from './compose-change.ts'
import { composeEnrolment } from './compose-enrolment.ts'
import { composeGovernance } from './compose-governance.ts'
import { composeInbox } from './compose-inbox.ts'
import { composeMonitoring } from './compose-monitoring.ts'
import { composeRegistry } from './compose-registry.ts'
import { composeReports } from './compose-reports.ts'
import { composeTracking } from './compose-tracking.ts'
import { composeTraining } from './compose-training.ts'
import type { HubConfiguration } from './configuration.ts'
import { Delivery, mayRollOut } from './delivery-parts.ts'
import { Drift } from './drift/index.ts'
import { DesiredBook, DesiredSigner, Fleet, ReportedBook } from './fleet/index.ts'
import { GovernanceRepository, SigningAlarms } from './governance/index.ts'
import { type HubLayout, hubLayout, readHubSettings } from './hub-folder.ts'
import {
  AlarmBook,
  authorityFingerprint,
  CarriedKits,
  CertificateAuthority,
  Enrolment,
  EpochBook,
} from './ingest/index.ts'
import { InboxIntake } from './iot-hub-endpoint/index.ts'
import { Lake, LakeService } from './lake/index.ts'
import { Links } from './links.ts'
import { ModelCards } from './model-card/index.ts'
import { PackageStore, Registry } from './registry/index.ts'
import { RolloutBook, Rollouts, SiteFactReader } from './rollout/index.ts'
import { Leadership, openHubDatabase, settlePlace } from './storage/index.ts'

/** What a hub runs on. */
export interface HubPorts {
  readonly clock: Clock
  /** A clock that nobody sets: leaps of `clock` are recorded against it. */
  readonly monotonic?: Clock
  readonly randomness: Randomness
  readonly logger: Logger
  /** Another hub has taken over while this one could not reach the database: the process has to end. */
  readonly onDeposed?: () => void
}

/** The whole hub: every part is made here, once, and started in the order in which each needs the one before. */
export class Hub implements Service {
  readonly #configuration: HubConfiguration
  readonly #ports: HubPorts
  #running:
    | {
        readonly stop: () => Promise<void>
        readonly http: number
        readonly mqtt: number | null
        readonly iotHub: Links['iotHubPorts']
        readonly leads: boolean
      }
    | undefined

  constructor(configuration: HubConfiguration, ports: HubPorts) {
    this.#configuration = configuration
    this.#ports = ports
  }

  /** Ports that are listened on; `mqtt` is null with an external broker, `iotHub` without the endpoint. */
  get addresses(): { readonly http: number; readonly mqtt: number | null; readonly iotHub: Links['iotHubPorts'] } {
    const { http = 0, mqtt = null, iotHub = null } = this.#running ?? {}
    return { http, mqtt, iotHub }
  }

  /** Whether this is the one of several hubs on one database that does what is done once. */
  get leads(): boolean {
    return this.#running?.leads ?? false
  }

  /** @throws when the hub's folder was not initialised, or a port is taken. */
  async start(): Promise<void> {
    await this.#startAt(this.#configuration.httpPort)
  }

  async #startAt(httpPort: number): Promise<void> {
    const layout = hubLayout(this.#configuration.dataFolder)
    await settlePlace(layout.folder, this.#configuration.database)
    const database = openHubDatabase(layout.folder)
    try {
      await this.#startOn(database, layout, httpPort)
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

  async #startOn(database: Database.Database, layout: HubLayout, httpPort: number): Promise<void> {
    const { clock, randomness, logger } = this.#ports
    const leadership = new Leadership(database, logger)
    leadership.claim('')
    const settings = await readHubSettings(layout)
    const logKey = await readSigningKeyFile(layout.logKey)
    const audit = new HubAudit(database, logKey, clock, this.#ports.monotonic)
    const witnessKey = await readSigningKeyFile(layout.witnessKey)
    const mirror = new SiteAuditMirror(database, witnessKey, audit, clock)
    const auditDesk = new AuditDesk(database, audit, mirror, clock)
    const alarms = new AlarmBook(database, audit, clock)
    const raise = (device: string, code: string, times = 1): void => alarms.raise(device, code, times)
    mirror.reportDoubts(raise)
    const authority = new CertificateAuthority(layout.authority, clock)
    const lifetimeMs = this.#configuration.deviceCertificateDays * 86_400_000
    const enrolment = new Enrolment(database, authority, clock, lifetimeMs)
    const store = new PackageStore({ folder: layout.packages })
    const registry = new Registry({ database, store, clock })
    const governance = new GovernanceRepository({ database, clock })
    const lake = new Lake(database, layout.lake, clock)
    const fleet = new Fleet(database, clock)
    const signer = await DesiredSigner.open(layout.desiredKeys)
    const desired = new DesiredBook(database, clock, signer)
    const inboxParts = { database, mirror, witnessKey, alarms, audit, clock, logger }
    const { inbox, epochRoots, stop: closeInbox } = await composeInbox(this.#configuration.database, inboxParts)
    const drift = new Drift(database, registry, this.#configuration.drift)
    const cards = new ModelCards({ database, registry, drift })
    const change = composeChange({ database, registry, audit, clock, randomness })
    const signingAlarms = new SigningAlarms({ database, audit, clock })
    const delivery = await Delivery.open({
      alarms: signingAlarms,
      cards,
      changes: change,
      layout,
      policy: settings.policy,
      governance,
      registry,
      audit,
      clock,
      logger,
    })
    const watching = composeAudit({
      database,
      audit,
      drift,
      configuration: this.#configuration,
      raise,
      clock,
      randomness,
      logger,
    })
    const { runs, reproductions, training, triggers, triggerStore, versionToImprove, executors } = composeTraining({
      database,
      lake,
      registry,
      governance,
      releases: delivery?.releases,
      driftAlerts: watching.driftAlerts,
      configuration: this.#configuration.training,
      folder: layout.training,
      audit,
      clock,
      logger,
    })
    const tracking = composeTracking({
      settings: this.#configuration.training.mlflow,
      runs,
      folder: layout.training,
      clock,
      logger,
    })
    const monitoring = composeMonitoring({ database, registry, audit, clock, logger })
    const disconnect = (device: string): void => links.disconnect(device)
    const parts = { database, layout, enrolment, authority, alarms, audit, clock, randomness, logger, disconnect }
    const tell = (device: DeviceId): void => links.tell(device)
    const { gate, door, invitations, anchoring } = await composeEnrolment({
      ...parts,
      policy: settings.policy,
      signer,
      tell,
    })
    const links: Links = new Links(this.#configuration, { ...parts, inbox, fleet, desired, gate, door }, settings)
    // Before the key ceremony there is nothing to fetch, but the hub may wish something of its devices already.
    const announce = (): void =>
      void (delivery?.timestampVersion() ?? Promise.resolve(0))
        .then((version) => links.announce(version))
        .catch((error: unknown) => logger.error('links.not-announced', { reason: String(error) }))
    const accounts = new Accounts(database, clock, randomness)
    const approvals = {
      database,
      governance,
      accounts,
      audit,
      alarms: signingAlarms,
      settings,
      clock,
      randomness,
      logger,
    }
    const { notes, keys, signing, watch } = composeGovernance(approvals)
    const { policy } = settings
    const tools = { database, registry, store, governance, policy, runs, audit, clock, randomness, logger }
    const { aliases, mlflow, webhooks, sender } = composeRegistry(tools)
    const rollouts = new Rollouts({
      book: new RolloutBook(database),
      facts: new SiteFactReader(database, new ReportedBook(database)),
      desired,
      enrolled: () => fleet.devices().flatMap((one) => (one.revokedAt === null ? [one.device] : [])),
      mayRollOut: async (model) => mayRollOut(delivery, governance, model),
      tell: (device) => links.tell(deviceId.parse(device)),
      audit,
      clock,
      logger,
    })
    const kits = new CarriedKits({
      folder: layout.kits,
      authorityPem: () => authority.certificatePem(),
      gate,
      isAdmitted: (device) => enrolment.isAdmitted(device),
      intake: new InboxIntake(inbox, alarms),
      signer: createNoteSigner(HUB_LOG_ORIGIN, logKey),
      clock,
    })
    const { softwareVersion } = this.#configuration
    const models = { registry, cards, change, governance, signing, delivery, drift: watching.driftAlerts, policy }
    const logs = { database, layout, logKey, audit, desk: auditDesk, fleet, softwareVersion, clock }
    const reports = composeReports({ ...logs, ...models })
    const services: HubServices = {
      clock,
      logger,
      version: this.#configuration.softwareVersion,
      audit,
      mirror,
      witness: new HubWitness(database, witnessKey, clock, raise),
      alarms,
      auditDesk,
      enrolment,
      fleet,
      lake,
      training,
      runs,
      reproductions,
      triggers,
      executors,
      tracking: tracking === undefined ? () => null : () => tracking.status(),
      triggerStore,
      versionToImprove,
      drift,
      driftAlerts: watching.driftAlerts,
      performance: monitoring.performance,
      fairness: monitoring.fairness,
      auditFeeds: watching.auditFeeds,
      registry,
      aliases,
      cards,
      mlflow,
      webhooks,
      change,
      governance,
      notes,
      keys,
      signing,
      signingAlarms,
      releases: delivery?.releases,
      recalls: delivery?.recalls,
      rollouts,
      reports,
      kits,
      accounts,
      operatorTokenDigest: digestOf((await readFile(layout.operatorToken, 'utf8')).trim()),
      approvers: settings.approvers,
      epochRoots,
      epochBook: new EpochBook(database, clock),
      azureStatus: () => links.azureStatus,
      desired,
      reported: new ReportedBook(database),
      signer,
      tell,
      invitations,
      anchoring,
      authorityFingerprint: async () => authorityFingerprint(await authority.certificatePem()),
      disconnect,
      announce,
    }
    const { host, pagesFolder } = this.#configuration
    const leader = leadership.leads ? {} : { leader: () => leadership.leaderAddress() }
    const api = new ApiServer(
      { host, port: httpPort, names: settings.names, repositoryFolder: layout.repository, pagesFolder, ...leader },
      services,
    )
    const records = [
      { start: async () => undefined, stop: async () => void database.close() },
      { start: async () => undefined, stop: closeInbox },
      { start: async () => undefined, stop: async () => leadership.stop() },
    ]
    // Timers, the broker and the repository's files are of the hub that leads; one that stands by answers requests.
    const leading: readonly Service[] = [
      { start: () => store.sweep(), stop: async () => undefined },
      ...(delivery === undefined ? [] : [delivery]),
      recorded(audit),
      ...(watch === undefined ? [] : [watch]),
      new LakeService(lake, audit, logger),
      ...(tracking === undefined ? [] : [tracking]),
      training,
      triggers,
      auditDesk.following(logger),
      {
        start: () => recordKeysInUse({ database, audit, clock, logKey, witnessKey, authority, settings, delivery }),
        stop: async () => undefined,
      },
      ...watching.services,
      ...monitoring.services,
      sender,
      links,
      rollouts,
      { start: async () => announce(), stop: async () => undefined },
    ]
    const stop = await startInOrder([...records, ...(leadership.leads ? leading : []), api])
    this.#running = { stop, http: api.port, mqtt: links.port, iotHub: links.iotHubPorts, leads: leadership.leads }
    if (leadership.leads) leadership.claim(this.#configuration.leaderAddress ?? addressOf(host, api.port))
    leadership.watch((change) => {
      if (change === 'deposed') this.#ports.onDeposed?.()
      else this.#takeOver(api.port)
    })
  }

  /** Begins anew, since everything that was made while another hub led may remember what is no longer so. */
  #takeOver(httpPort: number): void {
    const { logger, onDeposed } = this.#ports
    logger.info('hub.takes-over', {})
    this.stop()
      .then(() => this.#startAt(httpPort))
      .catch((error: unknown) => {
        logger.error('hub.take-over-failed', { reason: error instanceof Error ? error.message : String(error) })
        onDeposed?.()
      })
  }
}

/** Where others reach a listener; one on all interfaces is named by this machine's name. */
function addressOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? hostname() : host
  return `http://${isIPv6(name) ? `[${name}]` : name}:${port}`
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
