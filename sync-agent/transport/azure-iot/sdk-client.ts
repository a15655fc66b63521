import { EventEmitter } from 'node:events'
import type { Agent } from 'node:https'
import { Duplex } from 'node:stream'
import azureIotDevice from 'azure-iot-device'
import azureIotDeviceMqtt from 'azure-iot-device-mqtt'
import type { DeviceId, UploadAnnouncement } from '../../contract/index.ts'
import type { Credentials } from '../mqtt-link.ts'

const { Client, Message, SharedAccessKeyAuthenticationProvider, X509AuthenticationProvider } = azureIotDevice
const { Mqtt } = azureIotDeviceMqtt

export type SdkClient = InstanceType<typeof Client>
export type SdkMessage = InstanceType<typeof Message>
export type SdkTransport = InstanceType<typeof Mqtt>

/** Where the hub is. Names may carry a port. */
export interface HubAddress {
  /** The hub's own name: it stands in the user name and in what a shared access signature covers. */
  readonly hostName: string
  /** Where to connect instead, such as a gateway or another port. */
  readonly gatewayHostName: string | null
  /** Where files are sent to instead of port 443 of the hub's name; HTTPS knows no gateway. */
  readonly filesHostName?: string | null
}

/** How the device shows who it is. */
export type DeviceProof =
  | { readonly kind: 'certificate' }
  | { readonly kind: 'shared-access-key'; readonly key: string }

/** One client of the SDK and how to end what it holds. */
export interface SdkSession {
  readonly client: SdkClient
  /**
   * The client's own transport, for the twin: the SDK's `Twin` merges what comes into one cached object, by index where
   * there are arrays, and so can show a state that never was.
   */
  readonly transport: SdkTransport
  /** A fresh token for a request of our own; `undefined` for a device with a certificate. */
  readonly authorization: () => Promise<string | undefined>
  /** Stops the timer that would renew the token. */
  readonly stopRenewal: () => void
  /** Closes the socket: after a client that was still dialling is closed, the SDK leaves it open. */
  readonly destroySocket: () => void
}

const UNKNOWN_SDK = 'this version of the SDK is not the one that was tested'

/** Every failure ends the link: the outer loop makes a new client, because the SDK's own retry gives up after 240 s. */
const NO_RETRY = { shouldRetry: () => false, nextRetryTimeout: () => -1 }

/**
 * Makes a client of the unmodified SDK and sets its options, which must be done before it is opened.
 * @param keepaliveSeconds the SDK's own default of 180 s leaves a dead link unseen for minutes.
 * @param tokenValiditySeconds the SDK would renew a token after nine tenths of it; the transport changes over before.
 */
export async function createSdkSession(options: {
  readonly address: HubAddress
  readonly device: DeviceId
  readonly proof: DeviceProof
  readonly credentials: Credentials
  readonly keepaliveSeconds: number
  readonly tokenValiditySeconds: number
  /** Makes connections of the SDK's own HTTPS calls. */
  readonly httpAgent?: Agent
}): Promise<SdkSession> {
  const { address, device, proof, credentials, keepaliveSeconds, tokenValiditySeconds, httpAgent } = options
  const common = {
    host: address.hostName,
    deviceId: device,
    ...(address.gatewayHostName === null ? {} : { gatewayHostName: address.gatewayHostName }),
  }
  const http = httpAgent === undefined ? {} : { http: { agent: httpAgent } }
  const base = { ca: credentials.caPem, keepalive: keepaliveSeconds, ...http }
  if (proof.kind === 'certificate') {
    const x509 = { cert: credentials.certificatePem, key: credentials.keyPem }
    // The SDK's factory for connection strings loses GatewayHostName with certificates, so the provider is made here.
    const provider = new X509AuthenticationProvider({ ...common, x509 })
    const parts = newClient(provider)
    await parts.client.setOptions({ ...base, ...x509 })
    return { ...parts, authorization: async () => undefined, stopRenewal: () => undefined }
  }
  const margin = Math.max(1, Math.floor(tokenValiditySeconds / 10))
  const provider = new SharedAccessKeyAuthenticationProvider(
    { ...common, sharedAccessKey: proof.key },
    tokenValiditySeconds,
    margin,
  )
  const parts = newClient(provider)
  await parts.client.setOptions(base)
  const authorization = async (): Promise<string | undefined> =>
    (await provider.getDeviceCredentials()).sharedAccessSignature
  return { ...parts, authorization, stopRenewal: () => provider.stop() }
}

/** A telemetry message around a batch: its id is the batch's, and its body is gzip-compressed JSON. */
export function batchMessage(batch: string, bytes: Uint8Array): SdkMessage {
  const message = new Message(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  message.messageId = batch
  message.contentType = 'application/json'
  // `$.ce` may be any text; the SDK's types know only the three that content routing understands.
  Object.assign(message, { contentEncoding: 'gzip' })
  message.properties.add('schema', 'leadglass.batch/1')
  return message
}

/** A telemetry message that says where a batch lies which fits into no message. */
export function uploadMessage(announcement: UploadAnnouncement): SdkMessage {
  const message = new Message(JSON.stringify(announcement))
  message.messageId = announcement.sha256
  message.contentType = 'application/json'
  message.contentEncoding = 'utf-8'
  message.properties.add('schema', announcement.schema)
  return message
}

function newClient(provider: Parameters<typeof Client.fromAuthenticationProvider>[0]) {
  const transports: SdkTransport[] = []
  // The factory makes the transport itself and keeps it to itself.
  const KnownMqtt = class extends Mqtt {
    constructor(...parameters: ConstructorParameters<typeof Mqtt>) {
      super(...parameters)
      transports.push(this)
    }
  }
  const client = Client.fromAuthenticationProvider(provider, KnownMqtt)
  const [transport] = transports
  if (transport === undefined) throw new TypeError(UNKNOWN_SDK)
  const base = guardMessages(transport)
  client.setRetryPolicy(NO_RETRY)
  // Without a listener an 'error' event would end the process.
  client.on('error', () => undefined)
  const destroySocket = (): void => {
    const mqttClient: unknown = Reflect.get(base, '_mqttClient')
    const stream: unknown = typeof mqttClient === 'object' && mqttClient !== null && Reflect.get(mqttClient, 'stream')
    if (stream instanceof Duplex) stream.destroy()
  }
  return { client, transport, destroySocket }
}

/**
 * The SDK parses what the hub sends inside an event listener without catching anything: one malformed twin would end the
 * agent. Its listeners are called by a guard instead; a message that one of them cannot read is dropped.
 */
function guardMessages(transport: object): object {
  const base: unknown = Reflect.get(transport, '_mqtt')
  if (!(base instanceof EventEmitter)) throw new TypeError(UNKNOWN_SDK)
  const listeners = base.listeners('message')
  base.removeAllListeners('message')
  base.on('message', (...message: unknown[]) => {
    for (const listener of listeners) {
      try {
        Reflect.apply(listener, base, message)
      } catch {
        // Malformed; whoever waits for it runs into its own time limit.
      }
    }
  })
  return base
}
