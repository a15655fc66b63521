import { createServer, type Server, type Socket } from 'node:net'
import type { Service } from '@leadglass/sync-agent/foundation'
import rhea, { type Connection, type EventContext, type Message, type Sender } from 'rhea'
import { freePort } from '../../../sync-agent/transport/testing/free-port.ts'

const NAME = 'telemetry'

/** One event in a partition. */
interface StoredEvent {
  readonly sequence: number
  readonly offset: string
  readonly body: Uint8Array
  readonly annotations: Readonly<Record<string, unknown>>
  readonly properties: Readonly<Record<string, string>>
}

/** A receiver's link and how far it was served. */
interface Reader {
  readonly partition: number
  readonly group: string
  sender: Sender
  next: number
}

/**
 * The part of an Event Hub that its SDK speaks to, over AMQP 1.0: tokens at `$cbs`, properties at `$management`, and one link a
 * partition and consumer group, from the offset in its filter on. Events are kept, as the service does for days.
 */
export class EventHubServer implements Service {
  readonly partitions: StoredEvent[][]
  /** Claims that were put; a test may refuse the next ones by setting `claimStatus`. */
  readonly claims: string[] = []
  /** Filters of the links that were opened, by `group/partition`. */
  readonly filters: string[] = []
  claimStatus = 202
  /** When set, links of receivers are refused with this condition. */
  refusal: string | undefined
  /** Added to the place from which a link is served: below zero, what was read comes again. */
  replay = 0
  readonly port: number
  #server: Server | undefined
  readonly #sockets = new Set<Socket>()
  readonly #connections = new Set<Connection>()
  readonly #replies = new WeakMap<Connection, Map<string, Sender>>()
  #readers: Reader[] = []

  private constructor(partitions: number, port: number) {
    this.port = port
    this.partitions = Array.from({ length: partitions }, () => [])
  }

  static async create(partitions: number): Promise<EventHubServer> {
    return new EventHubServer(partitions, await freePort())
  }

  /** As Azure gives it, for the emulator's way of connecting. */
  get connectionString(): string {
    const key = 'SharedAccessKeyName=iothubowner;SharedAccessKey=c2VjcmV0IG9mIGEgdGVzdCBvbmx5'
    return `Endpoint=sb://localhost:${this.port};${key};EntityPath=${NAME};UseDevelopmentEmulator=true`
  }

  /** Adds what an IoT Hub routes here: all of a device in one partition. */
  add(
    device: string | undefined,
    body: Uint8Array,
    change: Readonly<Record<string, unknown>> = {},
    schema = 'leadglass.batch/1',
  ): void {
    const index = [...(device ?? '')].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % this.partitions.length
    const partition = this.partitions[index]
    if (partition === undefined) throw new Error('no such partition')
    const sequence = partition.length
    const annotations = {
      ...(device === undefined ? {} : { 'iothub-connection-device-id': device }),
      'iothub-connection-auth-method': '{"scope":"device","type":"sas","issuer":"iothub"}',
      'iothub-enqueuedtime': Date.now(),
      'iothub-message-source': 'Telemetry',
      ...change,
    }
    partition.push({ sequence, offset: String(sequence * 1000), body, annotations, properties: { schema } })
    for (const reader of this.#readers) if (reader.partition === index) this.#serve(reader)
  }

  async start(): Promise<void> {
    const container = rhea.create_container({ id: 'event-hub' })
    // The SDK comes with the name of its policy and proves it by tokens afterwards.
    invoke(container.sasl_server_mechanisms, 'enable_anonymous')
    container.on('connection_open', ({ connection }: EventContext) => void this.#connections.add(connection))
    container.on('disconnected', ({ connection }: EventContext) => {
      this.#connections.delete(connection)
      this.#readers = this.#readers.filter(({ sender }) => sender.connection !== connection)
    })
    for (const ignored of [
      'connection_error',
      'session_error',
      'sender_error',
      'receiver_error',
      'error',
      'protocol_error',
    ]) {
      container.on(ignored, () => undefined)
    }
    container.on('sender_open', ({ sender }: EventContext) => {
      if (sender !== undefined) this.#open(sender)
    })
    container.on('sender_close', ({ sender }: EventContext) => {
      this.#readers = this.#readers.filter((reader) => reader.sender !== sender)
    })
    container.on('sendable', ({ sender }: EventContext) => {
      for (const reader of this.#readers) if (reader.sender === sender) this.#serve(reader)
    })
    container.on('message', (context: EventContext) => this.#request(context))
    const server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      socket.on('error', () => undefined)
      invoke(container.create_connection(), 'accept', socket)
    })
    this.#server = server
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve))
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    this.cut()
    await closed
    this.#readers = []
  }

  /** Breaks every connection without a word. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Detaches every receiver's link, as the service does when it moves a partition. */
  detach(condition = 'amqp:link:detach-forced'): void {
    for (const { sender } of this.#readers) sender.close({ condition, description: 'moved' })
    this.#readers = []
  }

  /** Receivers' links that are open now. */
  get links(): number {
    return this.#readers.length
  }

  #open(sender: Sender): void {
    const source: unknown = Reflect.get(sender, 'remote')
    const { address, filter } = sourceOf(source)
    sender.set_source({ address })
    if (address === '$cbs' || address.endsWith('$management')) {
      const replies = this.#replies.get(sender.connection) ?? new Map<string, Sender>()
      this.#replies.set(sender.connection, replies.set(address, sender))
      return
    }
    const match = /^[^/]+\/ConsumerGroups\/([^/]+)\/Partitions\/(\d+)$/.exec(address)
    if (this.refusal !== undefined || match?.[1] === undefined) {
      const description = `The messaging entity '${address}' could not be found.`
      const condition = this.refusal ?? 'amqp:not-found'
      sender.close({ condition, description: condition === 'amqp:not-found' ? description : 'refused' })
      return
    }
    const partition = Number(match[2])
    this.filters.push(`${match[1]}/${partition} ${filter}`)
    const place = /offset (>=?) '(-?\d+)'/.exec(filter)
    const after = place === null ? -1 : Math.floor(Number(place[2]) / 1000)
    const next = Math.max(0, after + 1 + this.replay)
    const reader = { partition, group: match[1], sender, next }
    this.#readers.push(reader)
    this.#serve(reader)
  }

  #serve(reader: Reader): void {
    const events = this.partitions[reader.partition] ?? []
    while (reader.sender.sendable() && reader.next < events.length) {
      const event = events[reader.next]
      reader.next += 1
      if (event === undefined) continue
      const body: unknown = rhea.message.data_section(Buffer.from(event.body))
      reader.sender.send({
        body,
        application_properties: event.properties,
        content_type: 'application/json',
        content_encoding: 'gzip',
        message_annotations: {
          'x-opt-sequence-number': event.sequence,
          'x-opt-offset': event.offset,
          'x-opt-enqueued-time': new Date(),
          ...event.annotations,
        },
      })
    }
  }

  #request({ connection, message, receiver }: EventContext): void {
    if (message === undefined || receiver === undefined) return
    const address = String(targetOf(Reflect.get(receiver, 'remote')))
    const asked = message.application_properties ?? {}
    const reply = (properties: Readonly<Record<string, unknown>>, body?: unknown): void => {
      const sender = this.#replies.get(connection)?.get(address)
      const answer: Message = { correlation_id: message.message_id ?? '', application_properties: properties, body }
      sender?.send(answer)
    }
    if (address === '$cbs') {
      this.claims.push(textOf(asked.name))
      reply({ 'status-code': this.claimStatus, 'status-description': 'as asked' })
      return
    }
    reply(
      { 'status-code': 200, 'status-description': 'OK' },
      {
        name: NAME,
        type: textOf(asked.type),
        created_at: new Date(),
        partition_count: this.partitions.length,
        partition_ids: this.partitions.map((_, i) => String(i)),
        georeplication_factor: 1,
      },
    )
  }
}

/** Address and filter of a link's source, as the other side attached it. */
function sourceOf(remote: unknown): { readonly address: string; readonly filter: string } {
  const source = member(member(remote, 'attach'), 'source')
  const filter = member(member(source, 'filter'), 'apache.org:selector-filter:string')
  const value = member(filter, 'value') ?? filter
  return { address: textOf(member(source, 'address')), filter: textOf(member(value, 'value') ?? value) }
}

function targetOf(remote: unknown): unknown {
  return member(member(member(remote, 'attach'), 'target'), 'address')
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Calls what the library's types do not describe. */
function invoke(target: unknown, name: string, ...parameters: readonly unknown[]): void {
  const method = member(target, name)
  if (typeof method !== 'function') throw new TypeError(`the library has no ${name}`)
  Reflect.apply(method, target, parameters)
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
