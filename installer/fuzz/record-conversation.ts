import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'
import { AssociationRequester, splitPart10 } from '@leadglass/appliance/dimse'
import type { Seed } from './corpus.ts'
import { pdu, pdusOf } from './wire.ts'

/**
 * What a real caller says to the listener at `port` while it stores one object, PDU by PDU: taken from the wire between
 * the two.
 */
export async function recordStore(port: number, seed: Seed): Promise<Buffer[]> {
  const said: Buffer[] = []
  const sockets: Socket[] = []
  const server = createServer((caller) => {
    const listener = createConnection({ port, host: '127.0.0.1' })
    sockets.push(caller, listener)
    for (const socket of [caller, listener]) socket.on('error', () => undefined)
    caller.on('data', (chunk: Buffer) => said.push(chunk))
    caller.pipe(listener).pipe(caller)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port to record on')
    const instance = await splitPart10(async function* () {
      yield Buffer.concat([seed.meta, seed.dataSet])
    })
    await new AssociationRequester().sendInstances(
      { host: '127.0.0.1', port: address.port, calledAeTitle: 'LEADGLASS', callingAeTitle: 'FUZZER' },
      [instance],
      () => undefined,
    )
    return pdusOf(Buffer.concat(said)).pdus.map(({ type, body }) => pdu(type, body))
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}
