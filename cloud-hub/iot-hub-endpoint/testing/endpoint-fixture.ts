import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DeviceId, deviceId } from '@leadglass/sync-agent/contract'
import {
  type Logger,
  type Service,
  silentLogger,
  systemClock,
  systemRandomness,
} from '@leadglass/sync-agent/foundation'
import type { Credentials, LinkState } from '@leadglass/sync-agent/transport'
import {
  AzureIotTransport,
  type AzureIotTransportOptions,
  type DeviceProof,
} from '../../../sync-agent/transport/azure-iot/index.ts'
import { TestCertificateAuthority } from '../../../sync-agent/transport/testing/certificate-authority.ts'
import { freePort } from '../../../sync-agent/transport/testing/free-port.ts'
import { IotHubEndpoint } from '../endpoint.ts'
import type { StoredUpload } from '../upload-store.ts'
import { FakeIntake } from './fake-intake.ts'

/** The hub's own name: resolvable nowhere, so that only GatewayHostName can lead there. */
export const HUB_NAME = 'hub.test'
export const DEVICE = deviceId.parse('test-box')
export const DEVICE_KEY = Buffer.alloc(32, 7).toString('base64')

/** An endpoint on ports that stay the same over restarts, with a private authority and an inbox in memory. */
export class EndpointFixture implements Service {
  readonly authority = new TestCertificateAuthority()
  readonly intake = new FakeIntake()
  readonly uploads: StoredUpload[] = []
  readonly admitted = new Set<string>([DEVICE])
  readonly events: string[] = []
  readonly folder: string
  readonly mqttPort: number
  readonly httpsPort: number
  #endpoint: IotHubEndpoint | undefined
  readonly #hostName: string

  private constructor(folder: string, mqttPort: number, httpsPort: number, hostName: string) {
    this.folder = folder
    this.mqttPort = mqttPort
    this.httpsPort = httpsPort
    this.#hostName = hostName
  }

  static async create(hostName = HUB_NAME): Promise<EndpointFixture> {
    const folder = await mkdtemp(join(tmpdir(), 'iot-hub-'))
    return new EndpointFixture(folder, await freePort(), await freePort(), hostName)
  }

  get endpoint(): IotHubEndpoint {
    if (this.#endpoint === undefined) throw new Error('the endpoint is not running')
    return this.#endpoint
  }

  async start(): Promise<void> {
    const server = this.authority.server()
    const logger: Logger = {
      ...silentLogger,
      warn: (event, fields) => void this.events.push(`${event} ${String(fields?.code ?? '')}`),
    }
    const endpoint = new IotHubEndpoint(
      {
        host: '127.0.0.1',
        mqttPort: this.mqttPort,
        httpsPort: this.httpsPort,
        hostName: this.#hostName,
        blobHost: `localhost:${this.httpsPort}`,
        folder: this.folder,
        ...server,
      },
      {
        devices: {
          isAdmitted: (device) => this.admitted.has(device),
          keysOf: (device) => (device === DEVICE ? [DEVICE_KEY] : []),
        },
        intake: this.intake,
        uploadIntake: this.intake,
        clock: systemClock,
        logger,
        onUpload: (upload) => void this.uploads.push(upload),
      },
    )
    await endpoint.start()
    this.#endpoint = endpoint
  }

  async stop(): Promise<void> {
    const endpoint = this.#endpoint
    this.#endpoint = undefined
    await endpoint?.stop()
  }

  /** Ends everything, and forgets the twins. */
  async remove(): Promise<void> {
    await this.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** A transport for a fixture, and what it told. */
export function transportTo(
  fixture: EndpointFixture,
  options: Partial<AzureIotTransportOptions> & {
    readonly port?: number
    readonly proof?: () => DeviceProof
    readonly pem?: Credentials
    readonly device?: DeviceId
  } = {},
) {
  const { port, proof, pem: given, ...rest } = options
  const pem = given ?? fixture.authority.client(options.device ?? DEVICE)
  const states: LinkState[] = []
  const answers: string[] = []
  const marks = new Map<string, number>()
  const desired: number[] = []
  const transport = new AzureIotTransport(
    {
      address: {
        hostName: HUB_NAME,
        gatewayHostName: `localhost:${port ?? fixture.mqttPort}`,
        filesHostName: `localhost:${fixture.httpsPort}`,
      },
      device: DEVICE,
      credentials: async () => ({
        pem,
        proof: proof?.() ?? { kind: 'shared-access-key', key: DEVICE_KEY },
      }),
      keepaliveSeconds: 2,
      connectTimeoutMs: 2000,
      publishTimeoutMs: 2000,
      reportMs: 50,
      backoff: { firstMs: 50, largestMs: 300 },
      refusedRetryMs: 60_000,
      credentialsPollMs: 50,
      ...rest,
    },
    { clock: { now: () => performance.now() }, randomness: systemRandomness, logger: silentLogger },
  )
  transport.onLink((state) => void states.push(state))
  transport.onAcknowledgement((answer) => {
    answers.push(answer.batch)
    for (const mark of answer.watermarks) marks.set(mark.stream, Math.max(marks.get(mark.stream) ?? 0, mark.sequence))
  })
  transport.onDesired((state) => void desired.push(state.version))
  const up = (): boolean => states.at(-1)?.kind === 'up'
  const codes = (): (string | null)[] => states.flatMap((state) => (state.kind === 'down' ? [state.code] : []))
  return { transport, states, answers, marks, desired, up, codes }
}
