/**
 * Started by a test with NODE_EXTRA_CA_CERTS: the blob part of an upload uses Node's own trust store, whatever the
 * client's options say. Uploads `BYTES` bytes under `NAME` through the unmodified SDK and prints how it went.
 */
import { Agent } from 'node:https'
import { Readable } from 'node:stream'
import { clientFor } from '../../../sync-agent/transport/azure-iot/testing/sdk.ts'

const [connectionString = '', ca = '', port = '', name = '', bytes = '0'] = process.argv.slice(2)
const client = clientFor(connectionString)
const content = Buffer.alloc(Number(bytes), 'leadglass')
try {
  await client.setOptions({ ca, http: { agent: Object.assign(new Agent({ ca }), { defaultPort: Number(port) }) } })
  await client.uploadToBlob(name, Readable.from([content]), content.length)
  process.stdout.write('uploaded\n')
} catch (error) {
  process.stdout.write(`failed ${error instanceof Error ? error.message : ''}\n`)
}
process.exit(0)
