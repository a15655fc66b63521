import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { forward } from './forward.ts'

interface Heard {
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

describe('a hub that stands by', () => {
  const heard: Heard[] = []
  const elsewhere: Heard[] = []
  let servers: Server[]
  let standby: number
  let other: number

  beforeEach(async () => {
    heard.length = 0
    elsewhere.length = 0
    const note = (to: Heard[]): Server =>
      createServer(({ url = '', headers }, response) => {
        to.push({ url, headers })
        response.writeHead(201, { 'content-type': 'text/plain' }).end('done')
      })
    const leading = note(heard)
    const foreign = note(elsewhere)
    const leader = `http://127.0.0.1:${await listening(leading)}`
    other = await listening(foreign)
    const handing = createServer((incoming, outgoing) => forward(incoming, outgoing, leader))
    standby = await listening(handing)
    servers = [leading, foreign, handing]
  })
  afterEach(async () => {
    for (const server of servers) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  const post = (path: string, headers: Record<string, string> = {}): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port: standby, method: 'POST', path, headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', reject)
        .end('{}')
    })

  it('hands a request on as it came', async () => {
    expect(await post('/api/models?x=1', { cookie: 'session=1' })).toBe(201)
    expect(heard).toMatchObject([{ url: '/api/models?x=1', headers: { cookie: 'session=1' } }])
  })

  it.each(['//127.0.0.1:{other}/latest', 'http://127.0.0.1:{other}/abs', '//', 'https://elsewhere.example/'])(
    'lets the target %s name no other host, and answers',
    async (path) => {
      const status = await new Promise<string>((resolve, reject) => {
        // Raw, because a well-behaved client would not send such a target.
        const socket = connect(standby, '127.0.0.1', () => {
          const target = path.replace('{other}', String(other))
          socket.write(`POST ${target} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
        })
        socket.once('data', (bytes: Buffer) => resolve(bytes.toString().split('\r\n', 1)[0] ?? ''))
        socket.once('error', reject)
        socket.once('close', () => resolve('closed'))
      })
      expect(status).toMatch(/^HTTP\/1\.1 (201|400|503)/)
      expect(elsewhere).toEqual([])
    },
  )

  it('hands nothing on a second time: whoever takes itself for the leader does not go round', async () => {
    expect(await post('/api/models', { 'x-leadglass-forwarded': '1' })).toBe(503)
    expect(heard).toEqual([])
  })
})
