import { type DeviceId, deviceId } from '@leadglass/sync-agent/contract'

const MAX_USERNAME = 1024
const MAX_BAG = 4096
const MAX_PROPERTIES = 64

/** Who says to be connecting. */
export interface ClaimedIdentity {
  readonly hostName: string
  readonly device: DeviceId
}

/** Reads `{hub name}/{device}/?api-version=…`; module identities are not served. `undefined` for anything else. */
export function parseUsername(username: string): ClaimedIdentity | undefined {
  if (username.length > MAX_USERNAME) return undefined
  const match = /^([A-Za-z0-9.:-]{1,260})\/([^/]{1,128})\/\?api-version=\d{4}-\d{2}-\d{2}(?:-preview)?(?:&|$)/.exec(
    username,
  )
  const device = deviceId.safeParse(match?.[2])
  const hostName = match?.[1]
  return device.success && hostName !== undefined ? { hostName, device: device.data } : undefined
}

/** A topic to which a device publishes. */
export type PublishTopic =
  | { readonly kind: 'telemetry'; readonly bag: string }
  | { readonly kind: 'twin-get'; readonly request: string }
  | { readonly kind: 'twin-report'; readonly request: string }
  | { readonly kind: 'method-response'; readonly status: number; readonly request: string }

/** The documented topics of one device; `undefined` for every other, also for another device's. */
export function parsePublishTopic(topic: string, device: DeviceId): PublishTopic | undefined {
  const events = `devices/${device}/messages/events/`
  if (topic.startsWith(events)) return { kind: 'telemetry', bag: topic.slice(events.length) }
  const twin =
    /^\$iothub\/twin\/(GET\/|PATCH\/properties\/reported\/)\?\$rid=([A-Za-z0-9-]{1,64})(?:&\$version=\d{1,16})?$/
  const request = twin.exec(topic)
  if (request?.[2] !== undefined) {
    return { kind: request[1] === 'GET/' ? 'twin-get' : 'twin-report', request: request[2] }
  }
  const response = /^\$iothub\/methods\/res\/(-?\d{1,9})\/\?\$rid=([A-Za-z0-9-]{1,64})$/.exec(topic)
  if (response?.[2] === undefined) return undefined
  return { kind: 'method-response', status: Number(response[1]), request: response[2] }
}

/** What a device may subscribe to. */
export type SubscriptionKind = 'twin-responses' | 'twin-desired' | 'methods' | 'devicebound'

/** The documented filters of one device; `undefined` for every other. */
export function parseFilter(filter: string, device: DeviceId): SubscriptionKind | undefined {
  switch (filter) {
    case '$iothub/twin/res/#':
      return 'twin-responses'
    case '$iothub/twin/PATCH/properties/desired/#':
      return 'twin-desired'
    case '$iothub/methods/POST/#':
      return 'methods'
    case `devices/${device}/messages/devicebound/#`:
      return 'devicebound'
    default:
      return undefined
  }
}

/** System properties (keys with `$.`) and application properties of one message. */
export interface MessageProperties {
  readonly system: ReadonlyMap<string, string>
  readonly application: ReadonlyMap<string, string>
}

/**
 * Reads the property bag at the end of a telemetry topic: `%24.mid=…&%24.ct=…&key=value`, percent-encoded; a trailing
 * slash is allowed. The SDK encodes the `$`, other clients do not. `undefined` when it is malformed.
 */
export function parsePropertyBag(bag: string): MessageProperties | undefined {
  const text = bag.endsWith('/') ? bag.slice(0, -1) : bag
  const system = new Map<string, string>()
  const application = new Map<string, string>()
  if (text.length > MAX_BAG) return undefined
  const pairs = text === '' ? [] : text.replace(/^\?/, '').split('&')
  if (pairs.length > MAX_PROPERTIES) return undefined
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    const key = decode(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1))
    if (key === undefined || value === undefined || key === '') return undefined
    const target = key.startsWith('$.') ? system : application
    if (target.has(key)) return undefined
    target.set(key, value)
  }
  return { system, application }
}

function decode(value: string): string | undefined {
  try {
    const text = decodeURIComponent(value)
    return /[\x00-\x1f\x7f]/.test(text) ? undefined : text
  } catch {
    return undefined
  }
}
