import { join } from 'node:path'
import type { DesiredState, DeviceId } from '@leadglass/sync-agent/contract'
import { type Clock, type Logger, type Service, startInOrder } from '@leadglass/sync-agent/foundation'
import { desiredStatePatch } from '@leadglass/sync-agent/transport'
import { AnswerDesk } from './answer-desk.ts'
import { Authentication } from './authentication.ts'
import type { MethodResult } from './device-methods.ts'
import { HttpsEndpoint } from './https-endpoint.ts'
import { MqttEndpoint } from './mqtt-endpoint.ts'
import type { BatchIntake, DeviceDirectory, PolicyDirectory, UploadIntake } from './ports.ts'
import { ServiceApi } from './service-api.ts'
import { FolderTwinStore } from './twin-store.ts'
import { type Twin, Twins } from './twins.ts'
import { FolderUploadStore, type StoredUpload } from './upload-store.ts'
import { isBatchName, takeUploadedBatch } from './uploaded-batch.ts'
import { Uploads } from './uploads.ts'

const DEFAULT_MAX_UPLOAD_BYTES = 256 * 1024 * 1024
const NO_POLICIES: PolicyDirectory = { keysOf: () => [] }

/** How an endpoint listens and where it keeps things. Certificates are PEM; ports may be 0. */
export interface IotHubEndpointOptions {
  readonly host: string
  readonly mqttPort: number
  readonly httpsPort: number
  /** The hub's own name, as devices have it in their connection strings; it may carry a port. */
  readonly hostName: string
  /** Where devices send blocks to; the HTTPS address when absent. */
  readonly blobHost?: string
  /** Twins in `twins/`, uploads in `uploads/`. */
  readonly folder: string
  readonly caPem: string
  readonly certificatePem: string
  readonly keyPem: string
  readonly maxUploadBytes?: number
}

export interface IotHubEndpointParts {
  readonly devices: DeviceDirectory
  readonly intake: BatchIntake
  /** Takes files whose name says that they are batches; without it every file is kept. */
  readonly uploadIntake?: UploadIntake
  /** Policies under which services may read and change twins and call methods; none unless named. */
  readonly policies?: PolicyDirectory
  readonly clock: Clock
  readonly logger: Logger
  /** A file of a device is complete and kept. */
  readonly onUpload?: (upload: StoredUpload) => void
}

/** An endpoint to which an unmodified Azure IoT device SDK connects: MQTT, twins, direct methods, file upload. */
export class IotHubEndpoint implements Service {
  readonly #twins: Twins
  readonly #mqtt: MqttEndpoint
  readonly #https: HttpsEndpoint
  readonly #uploads: FolderUploadStore
  #stopAll: (() => Promise<void>) | undefined

  constructor(options: IotHubEndpointOptions, parts: IotHubEndpointParts) {
    const { clock, logger, intake } = parts
    const authentication = new Authentication(options.hostName, parts.devices, parts.policies ?? NO_POLICIES, clock)
    this.#twins = new Twins(new FolderTwinStore(join(options.folder, 'twins')))
    const answers = new AnswerDesk(this.#twins, clock)
    this.#uploads = new FolderUploadStore(join(options.folder, 'uploads'))
    this.#mqtt = new MqttEndpoint(
      { ...options, port: options.mqttPort },
      { authentication, twins: this.#twins, answers, intake, clock, logger },
    )
    const uploads = new Uploads(this.#uploads, clock, options.maxUploadBytes ?? DEFAULT_MAX_UPLOAD_BYTES)
    this.#https = new HttpsEndpoint(
      { ...options, port: options.httpsPort },
      {
        authentication,
        uploads,
        takeFile: async (file) => {
          if (parts.uploadIntake === undefined || !isBatchName(file.name)) return parts.onUpload?.(file)
          await takeUploadedBatch(file, { store: this.#uploads, intake: parts.uploadIntake, answers })
        },
        service: new ServiceApi(this.#twins, (...call) => this.#mqtt.invokeMethod(...call)),
        logger,
      },
    )
  }

  /** Ports that are listened on. */
  get ports(): { readonly mqtt: number; readonly https: number } {
    return { mqtt: this.#mqtt.port, https: this.#https.port }
  }

  async start(): Promise<void> {
    const store: Service = { start: () => this.#uploads.start(), stop: () => this.#twins.settle() }
    this.#stopAll = await startInOrder([store, this.#https, this.#mqtt])
  }

  async stop(): Promise<void> {
    const stopAll = this.#stopAll
    this.#stopAll = undefined
    await stopAll?.()
  }

  /** Tells a device what should be so, now or when it next connects. */
  async setDesired(device: DeviceId, state: DesiredState): Promise<void> {
    await this.#twins.patchDesired(device, desiredStatePatch(state))
  }

  /** Twin of a device: what it was told and what it reported. */
  twin(device: DeviceId): Promise<Twin> {
    return this.#twins.read(device)
  }

  /** True while a device holds a connection. */
  isConnected(device: DeviceId): boolean {
    return this.#mqtt.isConnected(device)
  }

  /** Calls a direct method of a connected device. @throws {EndpointError}. */
  invokeMethod(device: DeviceId, name: string, payload: unknown, timeoutMs?: number): Promise<MethodResult> {
    return this.#mqtt.invokeMethod(device, name, payload, timeoutMs)
  }

  /** Takes another server certificate into use for the connections to come. */
  renew(credential: { readonly certificatePem: string; readonly keyPem: string }): void {
    this.#mqtt.renew(credential)
    this.#https.renew(credential)
  }

  /** Ends the connection of one device, such as after a revocation. */
  disconnect(device: DeviceId): void {
    this.#mqtt.disconnect(device)
  }
}
