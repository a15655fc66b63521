import { type DeviceId, deviceId } from '@leadglass/sync-agent/contract'
import { LightClient } from '../../../cloud-hub/testing/light-client.ts'
import type { Answers, Order } from './messages.ts'
import { type SealedBatch, SimulatedBox } from './workload.ts'

/** Handshakes that one process has open at once. */
const HANDSHAKES = 16

const boxes = new Map<DeviceId, SimulatedBox>()
const groups = new Map<string, Map<DeviceId, readonly SealedBatch[]>>()
const clients = new Map<DeviceId, LightClient>()

function seal(order: Extract<Order, { do: 'seal' }>): Answers['seal'] {
  const group = new Map<DeviceId, readonly SealedBatch[]>()
  const byKind: Record<string, number> = {}
  for (const name of order.devices) {
    const device = deviceId.parse(name)
    const work = boxes.get(device)?.seal(order.studies)
    if (work === undefined) throw new Error('a box that was not made')
    group.set(device, work.batches)
    for (const [kind, count] of Object.entries(work.byKind)) byKind[kind] = (byKind[kind] ?? 0) + count
  }
  groups.set(order.group, group)
  const all = [...group.values()].flat()
  return { batches: all.length, envelopes: all.reduce((sum, { envelopes }) => sum + envelopes, 0), byKind }
}

async function connect(order: Extract<Order, { do: 'connect' }>): Promise<Answers['connect']> {
  const waiting = [...order.identities]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const device = deviceId.parse(next.device)
      clients.set(device, await LightClient.connect(device, order.url, { ...next, caPem: order.caPem }))
    }
  }
  await Promise.all(Array.from({ length: HANDSHAKES }, work))
  return { connected: [...clients.values()].filter((client) => client.connected).length }
}

async function send(order: Extract<Order, { do: 'send' }>): Promise<Answers['send']> {
  const group = groups.get(order.group) ?? new Map<DeviceId, readonly SealedBatch[]>()
  const used: LightClient[] = []
  let nth = 0
  const all = [...group].map(([device, batches]) => {
    const client = clients.get(device)
    if (client === undefined) throw new Error('a box that is not connected')
    used.push(client)
    nth += 1
    // Boxes start at different moments and go on evenly.
    const begin = (order.spreadMs / Math.max(1, batches.length) / group.size) * nth
    return client.send(batches, (i) => (order.spreadMs === 0 ? 0 : begin + (order.spreadMs * i) / batches.length))
  })
  await Promise.all(all)
  return {
    latencies: used.flatMap((client) => client.latencies.splice(0)),
    refused: used.reduce((sum, client) => sum + client.refused, 0),
    sentAgain: used.reduce((sum, client) => sum + client.sentAgain, 0),
  }
}

async function obey(order: Order): Promise<Answers[Order['do']]> {
  switch (order.do) {
    case 'make':
      return order.boxes.map(({ device, seed }) => {
        const box = new SimulatedBox(deviceId.parse(device), seed)
        boxes.set(box.device, box)
        return { device: box.device, auditVerifierKey: box.auditVerifierKey }
      })
    case 'seal':
      return seal(order)
    case 'connect':
      return connect(order)
    case 'send':
      return send(order)
    case 'disconnect':
      await Promise.all([...clients.values()].map((client) => client.end()))
      clients.clear()
      return null
    case 'roots':
      return [...boxes.values()].map((box) => box.root())
  }
}

process.on('message', (order: Order) => {
  obey(order).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : String(error) }),
  )
})
