import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApprovalPolicy } from '@leadglass/sync-agent/contract'
import { type Clock, silentLogger, systemClock, systemRandomness } from '@leadglass/sync-agent/foundation'
import { freePort } from '../../../sync-agent/transport/testing/free-port.ts'
import { DesiredSigner } from '../../fleet/index.ts'
import {
  Broker,
  CertificateAuthority,
  CertificateChain,
  Enrolment,
  INGEST_COMMON_NAME,
  IngestClient,
  IngestPipeline,
} from '../../ingest/index.ts'
import { createHubCore, type HubCore } from '../../testing/hub-core.ts'
import { Anchoring, DeviceGate, EnrolmentDoor, Invitations, Joining, Renewing } from '../index.ts'

/** How a hub of a test differs from one in a hospital. */
export interface EnrolmentHubOptions {
  readonly lifetimeMs?: number
  readonly graceMs?: number
  readonly clock?: Clock
  /** What boxes pin for updates; nothing unless told. */
  readonly updates?: { readonly policy: ApprovalPolicy; readonly repository: string }
}

/** The parts of a hub that take boxes in, on real sockets and with certificates as short-lived as a test needs. */
export class EnrolmentHub {
  readonly core: HubCore
  readonly enrolment: Enrolment
  readonly invitations: Invitations
  readonly broker: Broker
  readonly anchoring: Anchoring
  /** Signs what the hub wishes. */
  readonly signer: DesiredSigner
  readonly #client: IngestClient
  readonly #pipeline: IngestPipeline

  private constructor(
    core: HubCore,
    enrolment: Enrolment,
    invitations: Invitations,
    broker: Broker,
    client: IngestClient,
    pipeline: IngestPipeline,
    anchoring: Anchoring,
    signer: DesiredSigner,
  ) {
    this.core = core
    this.enrolment = enrolment
    this.invitations = invitations
    this.broker = broker
    this.#client = client
    this.#pipeline = pipeline
    this.anchoring = anchoring
    this.signer = signer
  }

  /** `mqtts://127.0.0.1:port`, for MQTT and for enrolment. */
  get url(): string {
    return `mqtts://127.0.0.1:${this.broker.port}`
  }

  static async start(options: EnrolmentHubOptions = {}): Promise<EnrolmentHub> {
    const core = await createHubCore()
    const { lifetimeMs = 86_400_000, graceMs = 0, clock = systemClock } = options
    const { database, authority, alarms, audit } = core
    // Certificates are made by the host's clock: TLS looks at it.
    const issuer = new CertificateAuthority(join(core.folder, 'ca'), systemClock)
    const enrolment = new Enrolment(database, issuer, clock, lifetimeMs, new CertificateChain(database, clock, graceMs))
    const invitations = new Invitations(database, enrolment, clock, systemRandomness)
    const disconnect = (device: string): void => broker.disconnect(device)
    const gate = new DeviceGate({ database, enrolment, alarms, audit, clock, disconnect, graceMs })
    const joining = new Joining({ invitations, enrolment, authority, audit, clock, hubKeys: [], disconnect })
    const renewing = new Renewing({ enrolment, audit, gate })
    const signer = await DesiredSigner.open(join(core.folder, 'desired-keys.json'))
    const anchoring = new Anchoring({
      database,
      audit,
      clock,
      hubKeys: [],
      desiredKey: () => signer.current,
      policy: options.updates?.policy ?? null,
      repository: options.updates?.repository ?? core.folder,
      onAnchored: () => undefined,
    })
    const door = new EnrolmentDoor({ anchoring, joining, renewing, gate, alarms, clock, logger: silentLogger })
    const caPem = await authority.certificatePem()
    const broker: Broker = new Broker(
      {
        host: '127.0.0.1',
        port: await freePort(),
        caPem,
        ...(await authority.issueServer('broker', ['127.0.0.1', 'localhost'])),
        isAdmitted: (name) => enrolment.isAdmitted(name),
        gate,
        door: (socket) => door.take(socket),
      },
      silentLogger,
    )
    await broker.start()
    const url = `mqtts://127.0.0.1:${broker.port}`
    const pipeline = new IngestPipeline(
      core.inbox,
      alarms,
      (topic, message) => client.send(topic, message),
      silentLogger,
    )
    const client: IngestClient = new IngestClient(
      { url, caPem, ...(await authority.issueClient(INGEST_COMMON_NAME)), waitForBroker: true },
      (name, payload) => pipeline.take(name, payload),
      silentLogger,
    )
    await client.start()
    return new EnrolmentHub(core, enrolment, invitations, broker, client, pipeline, anchoring, signer)
  }

  /** How often something was alarmed, under any device or one. */
  alarms(code: string, device?: string): number {
    const sql =
      'SELECT coalesce(sum(occurrences), 0) AS n FROM ingest_alarm WHERE code = ? AND device = coalesce(?, device)'
    return (this.core.database.prepare(sql).get(code, device ?? null) as { readonly n: number }).n
  }

  /** Certificates of a device, newest link last. */
  links(device: string): number {
    const sql = 'SELECT coalesce(max(link), 0) AS n FROM device_certificate WHERE device = ? AND proven_at IS NOT NULL'
    return (this.core.database.prepare(sql).get(device) as { readonly n: number }).n
  }

  /** Why a device is held; null when it is not. */
  held(device: string): string | null {
    return this.enrolment.identities().find((one) => one.device === device)?.heldReason ?? null
  }

  async stop(): Promise<void> {
    await this.#client.stop()
    await this.broker.stop()
    await this.#pipeline.settle()
    await this.core.close()
    await rm(this.core.folder, { recursive: true, force: true })
  }
}
