import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type TLSSocket } from 'node:tls'

/** How a broker can turn a device away or leave it waiting. */
export type Refusal =
  /** CONNACK 3: server unavailable (MQTT 3.1.1 3.2.2.3). */
  | 'unavailable'
  /** CONNACK 5: not authorised. */
  | 'not-authorised'
  /** PUBACK comes seconds late. */
  | 'late-puback'
  /** PUBACK never comes, although the broker took the message. */
  | 'no-puback'
  /** What the hub acknowledges never reaches the device. */
  | 'no-acknowledgement'

const PACKET = { connack: 2, publish: 3, puback: 4 } as const
const CONNACK_CODES: Partial<Record<Refusal, number>> = { unavailable: 3, 'not-authorised': 5 }
const LATE_MS = 2500

/** PEM texts of one side of a TLS connection. */
interface Credential {
  readonly caPem: string
  readonly certificatePem: string
  readonly keyPem: string
}

/**
 * A stage in front of the broker that understands MQTT: it ends TLS with a certificate of the hub's authority, opens the
 * way on with the device's own, and refuses or holds back single packets of the broker.
 */
export class MqttStage {
  readonly #targetPort: number
  readonly #server: Credential
  readonly #device: Credential
  readonly #sockets = new Set<TLSSocket>()
  #listener: Server | undefined
  refusal: Refusal | null = null
  /** Packets that were refused, delayed or swallowed. */
  touched = 0

  constructor(targetPort: number, server: Credential, device: Credential) {
    this.#targetPort = targetPort
    this.#server = server
    this.#device = device
  }

  /** @returns the port that it listens on. */
  async start(): Promise<number> {
    const { caPem, certificatePem, keyPem } = this.#server
    const options = { ca: caPem, cert: certificatePem, key: keyPem, requestCert: true, rejectUnauthorized: true }
    const listener = createServer(options, (client) => this.#join(client))
    listener.on('tlsClientError', () => undefined)
    this.#listener = listener
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', () => resolve()))
    return (listener.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    const listener = this.#listener
    this.#listener = undefined
    if (listener === undefined) return
    const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Ends every connection, so that the next one meets the refusal in force. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(client: TLSSocket): void {
    const { caPem, certificatePem, keyPem } = this.#device
    const broker = connect({
      port: this.#targetPort,
      host: '127.0.0.1',
      ca: caPem,
      cert: certificatePem,
      key: keyPem,
    })
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(one)
      one.on('error', () => one.destroy())
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
    }
    client.on('data', (chunk: Buffer) => broker.write(chunk))
    const packets = new PacketCutter()
    broker.on('data', (chunk: Buffer) => {
      for (const packet of packets.cut(chunk)) this.#answer(packet, client)
    })
  }

  #answer(packet: Buffer, client: TLSSocket): void {
    const type = (packet[0] ?? 0) >> 4
    const { refusal } = this
    const code = refusal === null ? undefined : CONNACK_CODES[refusal]
    if (type === PACKET.connack && code !== undefined) {
      this.touched += 1
      client.end(Buffer.from([PACKET.connack << 4, 2, 0, code]))
      return
    }
    const swallowed =
      (type === PACKET.puback && refusal === 'no-puback') ||
      (type === PACKET.publish && refusal === 'no-acknowledgement')
    if (swallowed) this.touched += 1
    else if (type === PACKET.puback && refusal === 'late-puback') {
      this.touched += 1
      setTimeout(() => client.writable && client.write(packet), LATE_MS)
    } else client.write(packet)
  }
}

/** Cuts a stream of bytes into MQTT packets (MQTT 3.1.1 2.2): one byte, a length of one to four bytes, the rest. */
export class PacketCutter {
  #held: Buffer = Buffer.alloc(0)

  /** Whole packets, in order; what is left waits for more. */
  cut(chunk: Buffer): Buffer[] {
    this.#held = Buffer.concat([this.#held, chunk])
    const packets: Buffer[] = []
    for (;;) {
      const length = packetLength(this.#held)
      if (length === undefined || length > this.#held.length) return packets
      packets.push(this.#held.subarray(0, length))
      this.#held = this.#held.subarray(length)
    }
  }
}

/** Length of the first packet with its header; undefined while the header is not there. */
function packetLength(bytes: Buffer): number | undefined {
  let remaining = 0
  for (let at = 1; at <= 4; at += 1) {
    const digit = bytes[at]
    if (digit === undefined) return undefined
    remaining += (digit & 0x7f) * 128 ** (at - 1)
    if ((digit & 0x80) === 0) return 1 + at + remaining
  }
  throw new RangeError('a remaining length has at most four bytes')
}
