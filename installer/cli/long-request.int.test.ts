import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { longPost } from './long-request.ts'

describe('a request that may take long', () => {
  let server: Server
  let origin: string
  beforeEach(async () => {
    server = createServer((request, response) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.on('end', () => {
        response.writeHead(request.headers.authorization === 'Bearer t' ? 200 : 401, { 'x-name': 'a.dcm' })
        response.end(Buffer.concat([Buffer.from([0xff, 0x00]), ...pieces]))
      })
    })
    await new Promise<void>((ready) => {
      server.listen(0, '127.0.0.1', ready)
    })
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    await new Promise((closed) => server.close(closed))
  })

  it('gives bytes as they are, headers and status', async () => {
    const answer = await longPost(`${origin}/x`, 't', { a: 1 })
    expect([answer.status, answer.header('x-name'), answer.header('x-other')]).toEqual([200, 'a.dcm', undefined])
    expect(answer.body).toEqual(Buffer.concat([Buffer.from([0xff, 0x00]), Buffer.from('{"a":1}')]))
    expect((await longPost(`${origin}/x`, 'other')).status).toBe(401)
  })

  it('fails when nothing answers', async () => {
    await expect(longPost('http://127.0.0.1:1/x', 't')).rejects.toThrow('ECONNREFUSED')
  })
})
