import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type PeerCertificate } from 'node:tls'
import { ManualClock, systemClock } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConsoleDoor, doorCredential } from './index.ts'

const YEAR_MS = 365 * 86_400_000

describe('the door for consoles', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'console-door-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('keeps its key, and so its pin, over renewals and over a certificate that a power cut left broken', async () => {
    const clock = new ManualClock(Date.now())
    const first = await doorCredential(folder, 'box-01', clock)
    expect((await doorCredential(folder, 'box-01', clock)).certificatePem).toBe(first.certificatePem)
    clock.advance(YEAR_MS)
    const renewed = await doorCredential(folder, 'box-01', clock)
    expect(renewed.certificatePem).not.toBe(first.certificatePem)
    await writeFile(join(folder, 'console.pem'), first.certificatePem.slice(0, 200))
    const mended = await doorCredential(folder, 'box-01', clock)
    expect(mended.certificatePem).toContain('END CERTIFICATE')
    expect([renewed.pin, mended.pin]).toEqual([first.pin, first.pin])
    expect(first.pin).toMatch(/^[\w-]{43}$/)
    expect(await readFile(join(folder, 'console.key.pem'), 'utf8')).toBe(first.keyPem)
  })

  it('answers over TLS 1.3 under that key, and speaks nothing older and nothing in plain', async () => {
    const credential = await doorCredential(folder, 'box-01', systemClock)
    const door = new ConsoleDoor({ host: '127.0.0.1', port: 0, credential }, (_request, response) => {
      response.end('hello')
    })
    await door.start()
    const { port } = door
    const answer = await new Promise<string>((resolve, reject) => {
      request({ host: '127.0.0.1', port, ca: credential.certificatePem, servername: 'box-01' }, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        response.on('end', () => resolve(text))
      })
        .on('error', reject)
        .end()
    })
    expect(answer).toBe('hello')
    const older = new Promise<string>((resolve) => {
      connect({ host: '127.0.0.1', port, rejectUnauthorized: false, maxVersion: 'TLSv1.2' })
        .on('error', (error: Error) => resolve(error.message))
        .on('secureConnect', () => resolve('connected'))
    })
    expect(await older).toMatch(/protocol version|alert/i)
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
    const shown = await new Promise<PeerCertificate>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate())
        socket.destroy()
      }).on('error', reject)
    })
    expect(shown.subject.CN).toBe('box-01')
    await door.stop()
    await door.stop()
    await expect(fetch(`https://127.0.0.1:${port}/`)).rejects.toThrow()
  })
})
