import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Acknowledgement } from '../contract/index.ts'
import {
  AcknowledgedFile,
  AgentStatusFile,
  DesiredStateFile,
  ensureExchangeFolders,
  KitInbox,
  OutboxReader,
  removeTemporaryFiles,
  SyncPolicyFile,
} from '../exchange/index.ts'
import { type Clock, digestOf, type Logger, type Randomness, type Service, startInOrder } from '../foundation/index.ts'
import { countBoot, RenewalLoop } from '../identity/index.ts'
import type { DeviceProof } from '../transport/azure-iot/index.ts'
import { type Credentials, MQTT_DEFAULTS, MqttTransport, type Transport } from '../transport/index.ts'
import { type AgentConfig, agentStateFolder } from './config.ts'
import { HubLogPeersFile } from './hub-log-peers-file.ts'
import { createHubLogWitness, type HubLogWitness } from './hub-log-witness.ts'
import { KitDesk } from './kit-desk.ts'
import { type OwnIdentity, openIdentity } from './own-identity.ts'
import { WINDOW_DEFAULTS } from './send-window.ts'
import { StatusReporter } from './status-reporter.ts'
import { SyncLoop } from './sync-loop.ts'
import { agentMarks, updateClient } from './update-client.ts'
import { UpdateLoop } from './update-loop.ts'
import { Uploader, type UploadPort } from './uploader.ts'

export interface AgentDependencies {
  readonly clock: Clock
  readonly monotonicClock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
}

/** The whole agent: link, outbox, updates. The configuration's paths must be absolute. */
export class Agent implements Service {
  readonly #config: AgentConfig
  readonly #dependencies: AgentDependencies
  #stopAll: (() => Promise<void>) | undefined
  #isStopping = false
  /** One new beginning after the other. */
  #turn: Promise<void> = Promise.resolve()

  constructor(config: AgentConfig, dependencies: AgentDependencies) {
    this.#config = config
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    const { clock } = this.#dependencies
    const { device, exchangeFolder, intervals } = this.#config
    const paths = await ensureExchangeFolders(exchangeFolder)
    const stateFolder = agentStateFolder(this.#config)
    await mkdir(stateFolder, { recursive: true, mode: 0o700 })
    for (const folder of [paths.inbox, paths.status]) await removeTemporaryFiles(folder)
    const status = new StatusReporter(new AgentStatusFile(paths.agentStatus), device, clock, intervals.statusMs)
    await this.#peers(status)
    const own = await openIdentity(
      this.#config,
      paths,
      () => readCredentials(this.#config),
      this.#dependencies,
      () => this.#beginAnew(),
    )
    const { renewal } = own
    const bootName = await countBoot(stateFolder, this.#dependencies.randomness)
    const link = await this.#createTransport(own, () => renewal.credentials(), bootName)
    const client = await updateClient(this.#config, paths.updates, own, this.#dependencies)
    const updates =
      client === undefined ? undefined : new UpdateLoop(intervals.updatesMs, { client, status, ...this.#dependencies })
    const loop = new SyncLoop(
      {
        pollMs: intervals.pollMs,
        idlePollMs: intervals.idlePollMs,
        limits: { ...WINDOW_DEFAULTS, acknowledgementTimeoutMs: intervals.acknowledgementTimeoutMs },
      },
      {
        ...link,
        reader: new OutboxReader({ exchangeFolder, device }),
        acknowledgedFile: new AcknowledgedFile(paths.acknowledged),
        desiredFile: new DesiredStateFile(paths.desired),
        policyFile: new SyncPolicyFile(paths.policy),
        status,
        onHint: () => updates?.hint(),
        ...this.#dependencies,
      },
    )
    const witness = await this.#hubLogWitness(stateFolder, paths.status, own, status)
    const acknowledge = async (answer: Acknowledgement): Promise<void> => loop.acknowledge(answer)
    const kits = new KitDesk({
      device,
      inbox: new KitInbox(exchangeFolder),
      stateFolder,
      trust: own.trust,
      hubLogKeyFile: own.hubLog?.keyFile ?? null,
      client,
      marks: agentMarks(this.#config, this.#dependencies.logger),
      acknowledge,
      ...this.#dependencies,
    })
    this.#stopAll = await startInOrder([
      loop,
      link.transport,
      ...this.#renewalLoop(own, status),
      own.desk,
      ...(updates === undefined ? [] : [updates]),
      ...(witness === undefined ? [] : [witness]),
      kits,
    ])
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#turn
    await this.#stopParts()
  }

  async #stopParts(): Promise<void> {
    const stopAll = this.#stopAll
    this.#stopAll = undefined
    await stopAll?.()
  }

  /** Another identity, or anchors that were missing: everything that was made with the old ones is made again. */
  #beginAnew(): void {
    // Not from within the part that noticed it: that part is about to be stopped.
    setImmediate(() => {
      this.#turn = this.#turn
        .then(async () => {
          if (this.#isStopping) return
          await this.#stopParts()
          await this.start()
        })
        .catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : 'unknown'
          this.#dependencies.logger.error('agent.not-begun-anew', { reason })
        })
    })
  }

  /** The device as a witness of the hub's log; undefined where the hub's key is not pinned. */
  async #hubLogWitness(
    stateFolder: string,
    statusFolder: string,
    { hub, hubLog }: OwnIdentity,
    status: StatusReporter,
  ): Promise<HubLogWitness | undefined> {
    const { device, intervals } = this.#config
    if (hubLog === null) return undefined
    const peers = () => this.#peers(status)
    const settings = { device, peers, hubUrl: hub.httpUrl, intervalMs: intervals.hubLogMs, stateFolder, statusFolder }
    return createHubLogWitness({ ...settings, ...hubLog }, this.#dependencies)
  }

  /** Boxes to compare with: of the settings, and as people added them since. Another choice is told as other settings. */
  async #peers(status: StatusReporter): Promise<readonly string[]> {
    const added = await new HubLogPeersFile(this.#config.agentFolder).read()
    const peers = [...new Set([...this.#config.hubLogPeers, ...added.map(({ key }) => key)])]
    status.set({ settings: digestOf(JSON.stringify({ ...this.#config, hubLogPeers: peers })).slice(0, 16) })
    return peers
  }

  /** Nothing to renew for a device that comes with a key that is shared with its hub. */
  #renewalLoop({ renewal, desk }: OwnIdentity, status: StatusReporter): Service[] {
    const { azureIot, transport, intervals } = this.#config
    if (transport === 'azure-iot' && azureIot?.sharedAccessKeyFile != null) return []
    const { logger } = this.#dependencies
    const onLook = (code: string | null): void => {
      desk.tell(code)
      if (code !== null) status.fail(code)
    }
    return [new RenewalLoop(intervals.renewalMs, { renewal, logger, onLook })]
  }

  async #createTransport(
    own: Pick<OwnIdentity, 'hub' | 'deviceUrl'>,
    certificates: () => Promise<Credentials>,
    bootName: string,
  ): Promise<{ readonly transport: Transport; readonly uploader: UploadPort }> {
    const { device, hub, intervals, transport, azureIot } = this.#config
    const { randomness, logger, monotonicClock } = this.#dependencies
    const common = {
      device,
      keepaliveSeconds: intervals.keepaliveSeconds,
      publishTimeoutMs: Math.min(MQTT_DEFAULTS.publishTimeoutMs, intervals.acknowledgementTimeoutMs),
      backoff: { firstMs: intervals.reconnectFirstMs, largestMs: intervals.reconnectLargestMs },
    }
    const dependencies = { clock: monotonicClock, randomness, logger }
    if (transport === 'mqtt' || azureIot === null) {
      const mqtt = { url: own.hub.mqttUrl, credentials: certificates, userName: bootName }
      const uploader = new Uploader(own.deviceUrl, certificates)
      return { transport: new MqttTransport({ ...common, ...mqtt }, dependencies), uploader }
    }
    // The vendor's SDK is loaded by those who use it only.
    const { AzureIotTransport } = await import('../transport/azure-iot/index.ts')
    const { sharedAccessKeyFile, tokenValiditySeconds, refusedRetryMs, ...address } = azureIot
    const credentials = async (): Promise<{ pem: Credentials; proof: DeviceProof }> => {
      if (sharedAccessKeyFile === null) {
        return { pem: await certificates(), proof: { kind: 'certificate' } }
      }
      const key = (await readFile(join(this.#config.agentFolder, sharedAccessKeyFile), 'utf8')).trim()
      const caPem = await readFile(hub.caFile, 'utf8')
      return { pem: { caPem, certificatePem: '', keyPem: '' }, proof: { kind: 'shared-access-key', key } }
    }
    const options = { ...common, address, tokenValiditySeconds, refusedRetryMs, credentials }
    const azure = new AzureIotTransport(options, dependencies)
    return { transport: azure, uploader: azure }
  }
}

/** Credentials as they were provisioned. */
export async function readCredentials(config: AgentConfig): Promise<Credentials> {
  const [caPem, certificatePem, keyPem] = await Promise.all([
    readFile(config.hub.caFile, 'utf8'),
    readFile(config.certificateFile, 'utf8'),
    readFile(config.keyFile, 'utf8'),
  ])
  return { caPem, certificatePem, keyPem }
}
