import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { approvalPolicy } from '../contract/index.ts'
import {
  AcknowledgedFile,
  AgentStatusFile,
  DesiredStateFile,
  ensureExchangeFolders,
  OutboxReader,
  removeTemporaryFiles,
  SyncPolicyFile,
} from '../exchange/index.ts'
import { type Clock, type Logger, type Randomness, type Service, startInOrder } from '../foundation/index.ts'
import { countBoot, IdentityStore, Renewal, RenewalLoop } from '../identity/index.ts'
import type { DeviceProof } from '../transport/azure-iot/index.ts'
import { type Credentials, MQTT_DEFAULTS, MqttTransport, type Transport } from '../transport/index.ts'
import { FileHighWaterMarks, HttpFetcher, UpdateClient } from '../updates/index.ts'
import { type AgentConfig, agentStateFolder } from './config.ts'
import { createHubLogWitness, type HubLogWitness } from './hub-log-witness.ts'
import { WINDOW_DEFAULTS } from './send-window.ts'
import { StatusReporter } from './status-reporter.ts'
import { SyncLoop } from './sync-loop.ts'
import { UpdateLoop } from './update-loop.ts'
import { Uploader } from './uploader.ts'

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
    const renewal = new Renewal({
      device,
      hubUrl: this.#config.hub.mqttUrl,
      store: new IdentityStore(stateFolder),
      provisioned: () => readCredentials(this.#config),
      clock,
    })
    const bootName = await countBoot(stateFolder, this.#dependencies.randomness)
    const transport = await this.#createTransport(() => renewal.credentials(), bootName)
    const updates = await this.#updateLoop(status, paths.updates, stateFolder)
    const loop = new SyncLoop(
      {
        pollMs: intervals.pollMs,
        idlePollMs: intervals.idlePollMs,
        limits: { ...WINDOW_DEFAULTS, acknowledgementTimeoutMs: intervals.acknowledgementTimeoutMs },
      },
      {
        transport,
        reader: new OutboxReader({ exchangeFolder, device }),
        acknowledgedFile: new AcknowledgedFile(paths.acknowledged),
        desiredFile: new DesiredStateFile(paths.desired),
        policyFile: new SyncPolicyFile(paths.policy),
        ...(this.#config.transport === 'mqtt'
          ? { uploader: new Uploader(this.#config.hub.mqttUrl, () => renewal.credentials()) }
          : {}),
        status,
        onHint: () => updates?.hint(),
        ...this.#dependencies,
      },
    )
    const witness = await this.#hubLogWitness(stateFolder, paths.status)
    this.#stopAll = await startInOrder([
      loop,
      transport,
      ...this.#renewalLoop(renewal, status),
      ...(updates === undefined ? [] : [updates]),
      ...(witness === undefined ? [] : [witness]),
    ])
  }

  async stop(): Promise<void> {
    const stopAll = this.#stopAll
    this.#stopAll = undefined
    await stopAll?.()
  }

  /** The device as a witness of the hub's log; undefined where it was not provisioned as one. */
  async #hubLogWitness(stateFolder: string, statusFolder: string): Promise<HubLogWitness | undefined> {
    const { device, hub, hubLog, intervals } = this.#config
    if (hubLog === null) return undefined
    const settings = { device, hubUrl: hub.httpUrl, intervalMs: intervals.hubLogMs, stateFolder, statusFolder }
    return createHubLogWitness({ ...settings, ...hubLog }, this.#dependencies)
  }

  /** Nothing to renew for a device that comes with a key that is shared with its hub. */
  #renewalLoop(renewal: Renewal, status: StatusReporter): Service[] {
    if (this.#config.transport !== 'mqtt') return []
    const { logger } = this.#dependencies
    const onProblem = (code: string): void => status.fail(code)
    return [new RenewalLoop(this.#config.intervals.renewalMs, { renewal, logger, onProblem })]
  }

  async #createTransport(mqttCredentials: () => Promise<Credentials>, bootName: string): Promise<Transport> {
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
      const mqtt = { url: hub.mqttUrl, credentials: mqttCredentials, userName: bootName }
      return new MqttTransport({ ...common, ...mqtt }, dependencies)
    }
    // The vendor's SDK is loaded by those who use it only.
    const { AzureIotTransport } = await import('../transport/azure-iot/index.ts')
    const { hostName, gatewayHostName, sharedAccessKeyFile, tokenValiditySeconds } = azureIot
    const credentials = async (): Promise<{ pem: Credentials; proof: DeviceProof }> => {
      if (sharedAccessKeyFile === null) {
        return { pem: await readCredentials(this.#config), proof: { kind: 'certificate' } }
      }
      const key = (await readFile(join(this.#config.agentFolder, sharedAccessKeyFile), 'utf8')).trim()
      const caPem = await readFile(hub.caFile, 'utf8')
      return { pem: { caPem, certificatePem: '', keyPem: '' }, proof: { kind: 'shared-access-key', key } }
    }
    const address = { hostName, gatewayHostName }
    return new AzureIotTransport({ ...common, address, tokenValiditySeconds, credentials }, dependencies)
  }

  async #updateLoop(status: StatusReporter, kitFolder: string, stateFolder: string): Promise<UpdateLoop | undefined> {
    const { hub, updates, intervals } = this.#config
    if (updates === null) return undefined
    const { logger, clock } = this.#dependencies
    const policy = approvalPolicy.parse(JSON.parse(await readFile(updates.policyFile, 'utf8')))
    const client = new UpdateClient({
      fetcher: new HttpFetcher({
        repositoryUrl: new URL(updates.repositoryPath, hub.httpUrl).href,
        ca: await readFile(hub.caFile, 'utf8'),
      }),
      kitFolder,
      stateFolder: join(stateFolder, 'updates'),
      initialRoot: await readFile(updates.initialRootFile),
      policy,
      highWaterMarks: new FileHighWaterMarks({ folder: join(stateFolder, 'marks'), logger }),
      clock,
      logger,
    })
    return new UpdateLoop(intervals.updatesMs, { client, status, ...this.#dependencies })
  }
}

async function readCredentials(config: AgentConfig): Promise<Credentials> {
  const [caPem, certificatePem, keyPem] = await Promise.all([
    readFile(config.hub.caFile, 'utf8'),
    readFile(config.certificateFile, 'utf8'),
    readFile(config.keyFile, 'utf8'),
  ])
  return { caPem, certificatePem, keyPem }
}
