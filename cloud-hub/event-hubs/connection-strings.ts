import { AzureServiceError } from './errors.ts'

const LOOPBACK = /^(?:localhost|127\.0\.0\.1)$/

/** Where an Event Hub is. `text` holds a secret and goes to the SDK only. */
export interface EventHubConnection {
  readonly text: string
  readonly namespace: string
  readonly eventHub: string
}

/** Where the service side of an IoT Hub is, and in whose name the hub speaks. `key` is base64. */
export interface ServiceConnection {
  readonly hostName: string
  readonly policy: string
  readonly key: string
}

/** Reads `Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…;EntityPath=…`. @throws {AzureServiceError}. */
export function parseEventHubConnection(text: string): EventHubConnection {
  const fields = fieldsOf(text)
  const namespace = /^sb:\/\/([A-Za-z0-9.-]{1,253}(?::\d{1,5})?)\/?$/.exec(fields.get('Endpoint') ?? '')?.[1]
  const eventHub = fields.get('EntityPath')
  const named = fields.has('SharedAccessKeyName') && fields.has('SharedAccessKey')
  if (namespace === undefined || eventHub === undefined || !/^[A-Za-z0-9._-]{1,256}$/.test(eventHub) || !named) {
    throw malformed('Event Hubs')
  }
  const isEmulator = fields.get('UseDevelopmentEmulator') === 'true'
  if (isEmulator && !LOOPBACK.test(namespace.replace(/:\d+$/, ''))) {
    throw new AzureServiceError('plaintext-refused', 'an emulator speaks without TLS, and this one is elsewhere')
  }
  return { text: text.trim(), namespace, eventHub }
}

/** Reads `HostName=…;SharedAccessKeyName=…;SharedAccessKey=…`. @throws {AzureServiceError}. */
export function parseServiceConnection(text: string): ServiceConnection {
  const fields = fieldsOf(text)
  const hostName = fields.get('HostName')
  const policy = fields.get('SharedAccessKeyName')
  const key = fields.get('SharedAccessKey')
  const isHost = /^[A-Za-z0-9.-]{1,253}(?::\d{1,5})?$/.test(hostName ?? '')
  if (!isHost || hostName === undefined || policy === undefined || key === undefined) throw malformed('IoT Hub')
  return { hostName, policy, key }
}

function fieldsOf(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  if (text.length > 2048 || /[\r\n]/.test(text.trim())) return fields
  for (const part of text.trim().split(';')) {
    const equals = part.indexOf('=')
    if (equals > 0 && !fields.has(part.slice(0, equals))) fields.set(part.slice(0, equals), part.slice(equals + 1))
  }
  return fields
}

/** The text itself is not told: it holds a key. */
function malformed(service: string): AzureServiceError {
  return new AzureServiceError('connection-string-malformed', `this is no connection string of ${service}`)
}
