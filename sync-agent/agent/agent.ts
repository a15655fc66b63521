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
} from '../exchange/index.ts'
import { type Clock, type Logger, type Randomness, type Service, startInOrder } from '../foundation/index.ts'
import type { DeviceProof } from '../transport/azure-iot/index.ts'
import { type Credentials, MQTT_DEFAULTS, MqttTransport, type Transport } from '../transport/index.ts'
import { FileHighWaterMarks, HttpFetcher, UpdateClient } from '../updates/index.ts'
import { type AgentConfig, agentStateFolder } from './config.ts'
import { WINDOW_DEFAULTS } from './send-window.ts'
import { StatusReporter } from './status-reporter.ts'
import { SyncLoop } from './sync-loop.ts'
import { UpdateLoop } from './update-loop.ts'

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
    const transport = await this.#createTransport()
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
        status,
        onHint: () => updates?.hint(),
        ...this.#dependencies,
      },
    )
    this.#stopAll = await startInOrder([loop, transport, ...(updates === undefined ? [] : [updates])])
  }

  async stop(): Promise<void> {
    const stopAll = this.#stopAll
    this.#stopAll = undefined
    await stopAll?.()
  }

  async #createTransport(): Promise<Transport> {
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
      const credentials = () => readCredentials(this.#config)
      return new MqttTransport({ ...common, url: hub.mqttUrl, credentials }, dependencies)
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
