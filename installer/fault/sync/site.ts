import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { enrolDevice, initialiseHub } from '@leadglass/cloud-hub/commands'
import { agentConfig, permissionArguments } from '@leadglass/sync-agent/agent'
import { createSigningKeyFile, encodeVerifierKey, verifierKeyOf } from '@leadglass/sync-agent/audit-log'
import { type DeviceId, deviceId } from '@leadglass/sync-agent/contract'
import { AcknowledgedFile, ensureExchangeFolders, exchangePaths } from '@leadglass/sync-agent/exchange'
import { freePort } from '../../../sync-agent/transport/testing/free-port.ts'
import { LinkFaultProxy } from '../../../sync-agent/transport/testing/link-fault-proxy.ts'
import { ENTRIES } from '../../start/entries.ts'
import { ManagedProcess } from './managed-process.ts'
import { type SourceOptions, type SourceStatus, sourceLine } from './source-options.ts'

const KEY = '5a'.repeat(32)
const SOURCE = fileURLToPath(import.meta.resolve('./source-child.ts'))
const POLL_MS = 100

/** Times that make a fault of seconds as long as one of minutes is for a box in a hospital. */
export const FAST_INTERVALS = {
  pollMs: 100,
  idlePollMs: 200,
  acknowledgementTimeoutMs: 3000,
  keepaliveSeconds: 2,
  reconnectFirstMs: 100,
  reconnectLargestMs: 1000,
  updatesMs: 1000,
  statusMs: 1000,
}

/** How a site is to be. */
export interface SiteRequest {
  /** An empty folder, which may be a mount point of its own for each zone. */
  readonly folder: string
  readonly envelopes: number
  readonly perSecond: number
  readonly random: () => number
  readonly awayHours?: number
  /** What is sealed; one small body of each kind in turn unless told. */
  readonly load?: SourceOptions['load']
  /** Times of the agent; unless told they are such that a fault of seconds is a long one. */
  readonly intervals?: object
  /** Puts another stage between agent and broker, on top of the proxy. @returns the port for the agent. */
  readonly stage?: (site: Site) => Promise<number>
  /** What the agent is told of updates; none unless given. */
  readonly updates?: { readonly httpUrl: string; readonly initialRootFile: string; readonly policyFile: string }
  /** Changes the hub's folder after it was made and before it starts. */
  readonly prepareHub?: (hubFolder: string) => void
}

/** A name that a source process gave to an envelope after its commit: epoch, stream, sequence, digest. */
export type Told = readonly [number, string, number, string]

/** One box and one hub as real processes, with a fault proxy between them. */
export class Site {
  readonly device: DeviceId = deviceId.parse('fault-box')
  readonly proxy: LinkFaultProxy
  readonly processes: Readonly<Record<'hub' | 'agent' | 'source', ManagedProcess>>
  readonly folders: ReturnType<typeof foldersOf>
  readonly mqttPort: number
  readonly identity: Awaited<ReturnType<typeof enrolDevice>>
  /** What the source told it had sealed, in order. */
  readonly told: Told[] = []
  status: SourceStatus | undefined
  /** Envelopes that were sealed and not acknowledged when a fault began. */
  readonly caught = new Set<string>()
  readonly #request: SiteRequest
  #agentPort = 0

  private constructor(request: SiteRequest, mqttPort: number, httpPort: number, identity: Site['identity']) {
    this.#request = request
    this.folders = foldersOf(request.folder)
    this.mqttPort = mqttPort
    this.identity = identity
    this.proxy = new LinkFaultProxy(mqttPort, request.random)
    const { hubConfig, agentConfigFile } = this.folders
    this.processes = {
      hub: new ManagedProcess({ name: 'hub', nodeArguments: () => [ENTRIES.hub, '--config', hubConfig] }),
      agent: new ManagedProcess({
        name: 'agent',
        nodeArguments: () => [...this.#permissions(), ENTRIES.agent, '--config', agentConfigFile],
      }),
      source: new ManagedProcess({
        name: 'source',
        nodeArguments: () => [SOURCE, JSON.stringify(this.#sourceOptions())],
        onLine: (line) => this.#hear(line),
      }),
    }
    this.#hubSettings = { dataFolder: this.folders.hub, httpPort, mqttPort, broker: 'embedded' }
  }

  readonly #hubSettings: object

  /** Makes hub, identity, keys and settings. Nothing runs yet. */
  static async prepare(request: SiteRequest): Promise<Site> {
    const folders = foldersOf(request.folder)
    for (const folder of [folders.hub, folders.source, folders.agent]) await mkdir(folder, { recursive: true })
    await ensureExchangeFolders(folders.exchange)
    await initialiseHub({ folder: folders.hub, names: ['localhost'], accounts: [] })
    const logKey = await createSigningKeyFile(folders.logKey)
    const auditVerifierKey = encodeVerifierKey(verifierKeyOf('leadglass/fault-box/audit', logKey))
    const identity = await enrolDevice({ folder: folders.hub, device: 'fault-box', auditVerifierKey })
    request.prepareHub?.(folders.hub)
    return new Site(request, await freePort(), await freePort(), identity)
  }

  /** Starts everything. @throws InstallerError when a process does not get ready. */
  async start(order: readonly ('hub' | 'agent' | 'source')[] = ['hub', 'agent', 'source']): Promise<void> {
    const { folders, identity } = this
    await writeFile(folders.hubConfig, JSON.stringify(this.#hubSettings))
    await writeFile(join(folders.agent, 'hub-ca.pem'), identity.caPem)
    await writeFile(join(folders.agent, 'device.pem'), identity.certificatePem)
    await writeFile(join(folders.agent, 'device-key.pem'), identity.keyPem, { mode: 0o600 })
    await this.proxy.start()
    this.#agentPort = (await this.#request.stage?.(this)) ?? this.proxy.port
    await writeFile(folders.agentConfigFile, JSON.stringify(this.#agentSettings()))
    for (const name of order) await this.processes[name].start()
  }

  /** Notes which envelopes are on their way in this instant: a fault begins. */
  async noteFault(): Promise<void> {
    const read = await new AcknowledgedFile(exchangePaths(this.folders.exchange).acknowledged)
      .read()
      .catch(() => undefined)
    const marks = read?.kind === 'value' ? read.value.watermarks : []
    for (const { epoch, stream, lastSequence } of this.status?.counters ?? []) {
      const done = marks.find((mark) => mark.epoch === epoch && mark.stream === stream)?.sequence ?? 0
      for (let sequence = done + 1; sequence <= lastSequence; sequence += 1) {
        this.caught.add(`${epoch}/${stream}/${sequence}`)
      }
    }
  }

  /** True when everything is sealed and the hub has acknowledged all of it. */
  get isAtRest(): boolean {
    const { status } = this
    return status?.done === true && status.counters.every((one) => one.acknowledged === one.lastSequence)
  }

  /** Waits for a condition. @returns false when it does not hold in time. */
  async until(condition: () => boolean, withinMs: number): Promise<boolean> {
    const deadline = Date.now() + withinMs
    while (!condition()) {
      if (Date.now() > deadline) return false
      await pause(POLL_MS)
    }
    return true
  }

  /** Ends everything in order, source first. Whatever does not end in time is killed. */
  async stop(): Promise<void> {
    const { hub, agent, source } = this.processes
    await source.stop()
    await agent.stop()
    await hub.stop()
    await this.proxy.stop()
  }

  /** Ends everything at once; harmless after `stop`. */
  async end(): Promise<void> {
    await Promise.all(Object.values(this.processes).map((one) => one.end()))
    await this.proxy.stop()
  }

  #hear(line: unknown): void {
    const parsed = sourceLine.safeParse(line)
    if (!parsed.success) return
    if ('sealed' in parsed.data) this.told.push(...parsed.data.sealed)
    else this.status = parsed.data
  }

  #sourceOptions(): object {
    const { envelopes, perSecond, awayHours = 0, load = 'every-kind' } = this.#request
    const { source, logKey, exchange } = this.folders
    return {
      device: this.device,
      folder: source,
      key: KEY,
      logKeyFile: logKey,
      exchangeFolder: exchange,
      envelopes,
      perSecond,
      awayHours,
      load,
    }
  }

  #agentSettings(): object {
    const { agent, exchange } = this.folders
    const { updates, intervals = FAST_INTERVALS } = this.#request
    return {
      device: this.device,
      exchangeFolder: exchange,
      agentFolder: agent,
      hub: {
        mqttUrl: `mqtts://127.0.0.1:${this.#agentPort}`,
        httpUrl: updates?.httpUrl ?? 'http://127.0.0.1:1/',
        caFile: join(agent, 'hub-ca.pem'),
      },
      certificateFile: join(agent, 'device.pem'),
      keyFile: join(agent, 'device-key.pem'),
      ...(updates && { updates: { initialRootFile: updates.initialRootFile, policyFile: updates.policyFile } }),
      intervals,
    }
  }

  #permissions(): string[] {
    return permissionArguments(agentConfig.parse(this.#agentSettings()), this.folders.agentConfigFile)
  }
}

/** Where everything of a site lies. */
export function foldersOf(folder: string) {
  return {
    root: folder,
    hub: join(folder, 'hub'),
    agent: join(folder, 'agent'),
    source: join(folder, 'source'),
    exchange: join(folder, 'exchange'),
    logKey: join(folder, 'source', 'log.key.pem'),
    hubConfig: join(folder, 'hub.config.json'),
    agentConfigFile: resolve(folder, 'agent.config.json'),
  } as const
}

/** The key of the source's records. */
export const SOURCE_KEY = Buffer.from(KEY, 'hex')

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms))
}
