import { type DeviceId, deviceId, topics } from '@leadglass/sync-agent/contract'
import { INGEST_COMMON_NAME } from './names.ts'

/** Who holds a connection, by the certificate it came with. */
export type Peer = { readonly kind: 'hub' } | { readonly kind: 'device'; readonly device: DeviceId }

/** The peer behind a certificate's CN, or `undefined` when the name can be nobody's. */
export function peerOf(commonName: string): Peer | undefined {
  if (commonName === INGEST_COMMON_NAME) return { kind: 'hub' }
  const parsed = deviceId.safeParse(commonName)
  return parsed.success ? { kind: 'device', device: parsed.data } : undefined
}

/** The device named in an envelopes topic. */
export function deviceOfTopic(topic: string): DeviceId | undefined {
  const name = /^leadglass\/1\/devices\/([a-z0-9-]{3,48})\/envelopes$/.exec(topic)?.[1]
  const parsed = deviceId.safeParse(name)
  return parsed.success ? parsed.data : undefined
}

/**
 * A client id belongs to its certificate: the CN itself, or the CN, a colon and a suffix. Otherwise one device could
 * take over another's session (MQTT 3.1.1 3.1.4-2: the older connection of a client id is closed).
 */
export function ownsClientId(peer: Peer, clientId: string): boolean {
  const name = peer.kind === 'hub' ? INGEST_COMMON_NAME : peer.device
  return clientId === name || clientId.startsWith(`${name}:`)
}

/** A device publishes its envelopes; the hub publishes to any device. */
export function mayPublish(peer: Peer, topic: string): boolean {
  if (peer.kind === 'device') return topic === topics.envelopes(peer.device)
  return /^leadglass\/1\/devices\/[a-z0-9-]{3,48}\/(?:acknowledgements|desired)$/.test(topic)
}

/** A device hears what is meant for it; the hub hears the envelopes of all. */
export function maySubscribe(peer: Peer, filter: string): boolean {
  if (peer.kind === 'hub') return filter === topics.allEnvelopes
  return filter === topics.acknowledgements(peer.device) || filter === topics.desired(peer.device)
}
