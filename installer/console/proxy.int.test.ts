import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConsoleDoor, doorCredential } from '@leadglass/appliance/console-door'
import { systemClock } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ApplianceProxy } from '../../ui/electron/appliance-proxy.ts'

const TOKEN = 't'.repeat(43)

describe('what the desk carries between a page and the appliance', () => {
  let folder: string
  let door: ConsoleDoor
  let proxy: ApplianceProxy
  let pin: string
  const heard: { readonly url: string; readonly headers: IncomingMessage['headers']; readonly bytes: number }[] = []
  let answer: (request: IncomingMessage, response: ServerResponse) => void

  const open = async (keys: string, port = 0): Promise<ConsoleDoor> => {
    const credential = await doorCredential(keys, 'box-01', systemClock)
    pin = credential.pin
    const opened = new ConsoleDoor({ host: '127.0.0.1', port, credential }, (request, response) => {
      let bytes = 0
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      request.on('end', () => {
        heard.push({ url: request.url ?? '', headers: request.headers, bytes })
        answer(request, response)
      })
    })
    await opened.start()
    return opened
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'desk-proxy-'))
    heard.length = 0
    answer = (_request, response) => void response.end('{}')
    door = await open(folder)
    proxy = new ApplianceProxy()
    proxy.use({ host: '127.0.0.1', port: door.port, pin })
  })
  afterEach(async () => {
    proxy.use(undefined)
    await door.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const ask = (path: string, init?: RequestInit): Promise<Response> =>
    proxy.answer(new Request(`http://page${path}`, init))

  it('keeps the session, shows it to the appliance alone, and drops it when the appliance does', async () => {
    answer = ({ url }, response) => {
      if (url === '/api/in') response.setHeader('set-cookie', `leadglass-session=${TOKEN}; Path=/; HttpOnly; Secure`)
      if (url === '/api/out')
        response.setHeader('set-cookie', 'leadglass-session=; Path=/; HttpOnly; Secure; Max-Age=0')
      response.setHeader('x-anything', 'else')
      response.end('{}')
    }
    const signedIn = await ask('/api/in', {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    expect([...signedIn.headers.keys()]).not.toContain('set-cookie')
    expect([...signedIn.headers.keys()]).not.toContain('x-anything')
    await ask('/api/x?y=1')
    await ask('/api/out', { method: 'DELETE' })
    await ask('/api/z')
    const cookie = `leadglass-session=${TOKEN}`
    expect(heard.map(({ url, headers }) => [url, headers.cookie])).toEqual([
      ['/api/in', undefined],
      ['/api/x?y=1', cookie],
      ['/api/out', cookie],
      ['/api/z', undefined],
    ])
  })

  it('passes no word of a page that could stand for somebody else', async () => {
    await ask('/api/x', {
      headers: { authorization: 'Bearer x', 'x-forwarded-for': '10.0.0.1', accept: 'a/b', 'x-leadglass-page': '1' },
    })
    const headers: IncomingMessage['headers'] = heard[0]?.headers ?? {}
    expect([headers.authorization, headers['x-forwarded-for'], headers.origin]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect([headers.accept, headers['x-leadglass-page']]).toEqual(['a/b', '1'])
  })

  it('sends nothing that is larger than the interface takes', async () => {
    const answered = await ask('/api/x', { method: 'POST', body: new Uint8Array(1_048_577) })
    expect([answered.status, heard.length]).toEqual([413, 0])
  })

  it('says so in the words of the interface when nobody answers, and comes back by itself', async () => {
    const { port } = door
    await door.stop()
    const answered = await ask('/api/x')
    expect([answered.status, ((await answered.json()) as { error: { code: string } }).error.code]).toEqual([
      502,
      'unreachable',
    ])
    door = await open(folder, port)
    expect((await ask('/api/x')).status).toBe(200)
  })

  it('sends not a byte to a machine that took the address and holds another key', async () => {
    const { port } = door
    await ask('/api/before')
    await door.stop()
    const elsewhere = await mkdtemp(join(tmpdir(), 'desk-proxy-other-'))
    door = await open(elsewhere, port)
    expect((await ask('/api/after', { method: 'POST', body: 'secret' })).status).toBe(502)
    expect(heard.map(({ url }) => url)).toEqual(['/api/before'])
    await rm(elsewhere, { recursive: true, force: true })
  })

  it('takes no session of one appliance to another that the desk was paired with meanwhile', async () => {
    answer = (_request, response) => {
      response.setHeader('set-cookie', `leadglass-session=${TOKEN}; Path=/; HttpOnly; Secure`)
      response.end('{}')
    }
    await ask('/api/in', { method: 'POST', body: '{}' })
    const keys = await mkdtemp(join(tmpdir(), 'desk-proxy-second-'))
    const second = await open(keys)
    let finish: () => void = () => undefined
    const slow = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from('{'))
        finish = () => {
          controller.enqueue(Buffer.from('}'))
          controller.close()
        }
      },
    })
    const asked = ask('/api/slow', { method: 'POST', body: slow, duplex: 'half' })
    proxy.use({ host: '127.0.0.1', port: second.port, pin })
    finish()
    expect((await asked).status).toBe(502)
    await ask('/api/second')
    expect(heard.map(({ url, headers }) => [url, headers.cookie])).toEqual([
      ['/api/in', undefined],
      ['/api/second', undefined],
    ])
    await second.stop()
    await rm(keys, { recursive: true, force: true })
  })
})
