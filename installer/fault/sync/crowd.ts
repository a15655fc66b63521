import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { enrolDevice, initialiseHub } from '@leadglass/cloud-hub/commands'
import { AuditLog, MemoryLogStore } from '@leadglass/sync-agent/audit-log'
import {
  type DeviceId,
  deviceId,
  type Envelope,
  type EnvelopeBody,
  STREAM_OF_KIND,
  sealEnvelope,
} from '@leadglass/sync-agent/contract'
import { AcknowledgedFile, committedSequence, exchangePaths, OutboxWriter } from '@leadglass/sync-agent/exchange'
import { systemClock } from '@leadglass/sync-agent/foundation'
import { freePort } from '../../../sync-agent/transport/testing/free-port.ts'
import { LinkFaultProxy } from '../../../sync-agent/transport/testing/link-fault-proxy.ts'
import { ENTRIES } from '../../start/entries.ts'
import { bodyOf } from './bodies.ts'
import { checkHistory, positionOf } from './check.ts'
import { differingRoots, entryOf, readHub, rootsOf } from './history.ts'
import { ManagedProcess } from './managed-process.ts'
import type { Part, PartOptions, SyncRow } from './part.ts'
import { FAST_INTERVALS, pause } from './site.ts'

const BOXES = 100
const WAVES = 3
const EACH_AT_LEAST = 12
const CHILD = fileURLToPath(import.meta.resolve('./crowd-child.ts'))
const CONVERGE_WITHIN_MS = 180_000

/** One of many boxes: what it seals in waves, and where it lies. */
class Box {
  readonly device: DeviceId
  readonly folder: string
  readonly sealed: Envelope[] = []
  readonly #log: AuditLog
  readonly #counters = new Map<string, number>()
  readonly #writer: OutboxWriter
  readonly #acknowledged: AcknowledgedFile

  constructor(root: string, index: number) {
    this.device = deviceId.parse(`box-${String(index).padStart(3, '0')}`)
    this.folder = join(root, this.device)
    this.#log = new AuditLog({
      origin: `leadglass/${this.device}/audit`,
      store: new MemoryLogStore(),
      clock: systemClock,
    })
    const exchangeFolder = join(this.folder, 'exchange')
    this.#writer = new OutboxWriter({ exchangeFolder, device: this.device })
    this.#acknowledged = new AcknowledgedFile(exchangePaths(exchangeFolder).acknowledged)
  }

  async start(): Promise<void> {
    await mkdir(join(this.folder, 'agent'), { recursive: true })
    await this.#writer.start()
  }

  /** Seals and lays out so many more, of all classes. */
  async seal(count: number): Promise<void> {
    const made = Array.from({ length: count }, (_, i) => {
      const body = i % 4 === 0 ? this.#leaf() : bodyOf(this.device, this.sealed.length + i)
      const stream = STREAM_OF_KIND[body.kind]
      const sequence = (this.#counters.get(stream) ?? 0) + 1
      this.#counters.set(stream, sequence)
      return sealEnvelope({ device: this.device, epoch: 1, sequence }, body)
    })
    this.sealed.push(...made)
    for (const stream of this.#counters.keys()) {
      const part = made.filter((envelope) => envelope.stream === stream)
      if (part.length > 0) await this.#writer.write(part)
    }
  }

  /** Positions that are sealed and not acknowledged. */
  async open(): Promise<string[]> {
    const read = await this.#acknowledged.read()
    if (read.kind !== 'value') return this.sealed.map(positionOf)
    const { value } = read
    return this.sealed.filter((one) => one.sequence > committedSequence(value, one)).map(positionOf)
  }

  #leaf(): EnvelopeBody {
    const { index, leaf } = this.#log.append({
      event: 'process.started',
      actor: { kind: 'system', id: 'harness' },
      subject: null,
      outcome: 'success',
    })
    return { kind: 'audit-leaf', index, leaf: Buffer.from(leaf).toString('base64') }
  }
}

/** A hundred boxes that lost the same hub and come back in one moment. */
export const crowd: Part = {
  name: 'crowd',
  summary: `${BOXES} boxes that reconnect at once, after kill -9 of the hub and after a reset of all links`,
  rows: 1,
  run: async (options) => [await reconnectAll(options)],
}

async function reconnectAll(options: PartOptions): Promise<SyncRow> {
  const started = performance.now()
  const fault = `${BOXES} boxes reconnect at once`
  options.progress.step(fault)
  const hubFolder = join(options.folder, 'hub')
  await mkdir(hubFolder)
  await initialiseHub({ folder: hubFolder, names: ['localhost'], accounts: [] })
  const [mqttPort, httpPort] = [await freePort(), await freePort()]
  const proxy = new LinkFaultProxy(mqttPort, options.random)
  await proxy.start()
  const boxes = Array.from({ length: BOXES }, (_, index) => new Box(options.folder, index))
  const settings = []
  for (const box of boxes) settings.push(await equip(box, hubFolder, proxy.port))
  const hubConfig = join(options.folder, 'hub.config.json')
  const crowdConfig = join(options.folder, 'crowd.json')
  await writeFile(hubConfig, JSON.stringify({ dataFolder: hubFolder, httpPort, mqttPort, broker: 'embedded' }))
  await writeFile(crowdConfig, JSON.stringify(settings))
  const hub = new ManagedProcess({ name: 'hub', nodeArguments: () => [ENTRIES.hub, '--config', hubConfig] })
  const agents = new ManagedProcess({ name: 'crowd', nodeArguments: () => [CHILD, crowdConfig] })
  const each = Math.max(EACH_AT_LEAST, Math.ceil(options.envelopes / BOXES / WAVES))
  const caught = new Set<string>()
  const failures: string[] = []
  try {
    await hub.start()
    await agents.start()
    for (let wave = 0; wave < WAVES; wave += 1) {
      for (const box of boxes) await box.seal(each)
      await pause(options.random() * 500)
      for (const box of boxes) for (const name of await box.open()) caught.add(name)
      if (wave % 2 === 0) hub.signal('SIGKILL')
      else proxy.reset()
      await pause(1500)
    }
    const over = performance.now()
    const open = await settle(boxes)
    const convergedAfter = (performance.now() - over) / 1000
    if (open > 0) failures.push(`${open} envelopes are not acknowledged`)
    if (hub.failedStarts > 0) failures.push(`${hub.failedStarts} starts of the hub failed`)
    const connections = proxy.counts.connections
    if (connections < BOXES * 2) failures.push(`only ${connections} connections: nothing reconnected`)
    await agents.stop()
    await hub.stop()
    const { history, roots } = readHub(hubFolder)
    const sealed = boxes.flatMap((box) => box.sealed.map((envelope) => entryOf(envelope, envelope.body)))
    return {
      fault,
      inflicted: connections,
      verdict: checkHistory(sealed, history, new Map(), caught),
      rootsDiffering: differingRoots(rootsOf(sealed), roots),
      convergedAfter,
      seconds: (performance.now() - started) / 1000,
      failures,
    }
  } finally {
    await agents.end()
    await hub.end()
    await proxy.stop()
  }
}

/** Waits until all is acknowledged. @returns how many envelopes are not, in the end. */
async function settle(boxes: readonly Box[]): Promise<number> {
  const deadline = Date.now() + CONVERGE_WITHIN_MS
  for (;;) {
    let open = 0
    for (const box of boxes) open += (await box.open()).length
    if (open === 0 || Date.now() > deadline) return open
    await pause(300)
  }
}

/** Enrols a box and writes its identity. @returns the settings of its agent. */
async function equip(box: Box, hubFolder: string, port: number): Promise<object> {
  await box.start()
  const identity = await enrolDevice({ folder: hubFolder, device: box.device })
  const agentFolder = join(box.folder, 'agent')
  const file = (name: string): string => join(agentFolder, name)
  await writeFile(file('hub-ca.pem'), identity.caPem)
  await writeFile(file('device.pem'), identity.certificatePem)
  await writeFile(file('device-key.pem'), identity.keyPem, { mode: 0o600 })
  return {
    device: box.device,
    exchangeFolder: join(box.folder, 'exchange'),
    agentFolder,
    hub: { mqttUrl: `mqtts://127.0.0.1:${port}`, httpUrl: 'http://127.0.0.1:1/', caFile: file('hub-ca.pem') },
    certificateFile: file('device.pem'),
    keyFile: file('device-key.pem'),
    intervals: {
      ...FAST_INTERVALS,
      pollMs: 500,
      idlePollMs: 1000,
      keepaliveSeconds: 10,
      acknowledgementTimeoutMs: 10_000,
    },
  }
}
