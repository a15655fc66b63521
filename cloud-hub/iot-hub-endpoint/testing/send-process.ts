import { createInterface } from 'node:readline'
import { clientFor, Message } from '../../../sync-agent/transport/azure-iot/testing/sdk.ts'

/**
 * An application of the SDK in a process of its own: opens, says so, and at each base64 line on standard input gives the
 * SDK a message without waiting for what becomes of it. `node send-process.ts CONNECTION-STRING CA-PEM`.
 */
const [connection = '', ca = ''] = process.argv.slice(2)
const client = clientFor(connection)
client.on('error', () => undefined)
await client.setOptions({ ca, keepalive: 20 })
await client.open()
process.stdout.write('open\n')
for await (const line of createInterface({ input: process.stdin })) {
  client.sendEvent(new Message(Buffer.from(line, 'base64'))).catch(() => undefined)
  process.stdout.write('given\n')
}
