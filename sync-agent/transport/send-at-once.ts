import { Socket } from 'node:net'
import type { MqttClient } from 'mqtt'

/**
 * Turns Nagle's algorithm off on the connection that a client has now. Batches and answers are small and alternate: with it
 * each waits some 40 ms for the delayed acknowledgement of the one before (RFC 9293 3.7.4). The MQTT client hands its
 * options to the TLS socket, which does not take `noDelay` from them.
 */
export function sendAtOnce(client: MqttClient): void {
  if (client.stream instanceof Socket) client.stream.setNoDelay(true)
}
