import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { silentLogger, systemRandomness } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isOnPostgres } from '../testing/databases.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { WEBHOOK_EVENTS } from './events.ts'
import { KEPT_MS, MOST_ATTEMPTS, SQL_DUE, WebhookBook } from './webhook-book.ts'
import { WebhookSender } from './webhook-sender.ts'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const DIGEST = 'a'.repeat(64)

describe('webhooks', () => {
  let core: HubCore
  let receiver: Server
  let received: Received[]
  let status: number
  let book: WebhookBook
  let sender: WebhookSender

  beforeEach(async () => {
    core = await createHubCore()
    received = []
    status = 200
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        received.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') })
        response.writeHead(status, { location: 'http://127.0.0.1:9/' }).end()
      })
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    restart()
  })
  afterEach(async () => {
    receiver.closeAllConnections()
    await new Promise((resolve) => receiver.close(resolve))
    await core.close()
  })

  /** Book and sender as after a restart of the hub: everything they know is in the database. */
  function restart(): void {
    const { database, audit, clock } = core
    book = new WebhookBook({ database, log: audit.log, clock, randomness: systemRandomness })
    sender = new WebhookSender(book, clock, silentLogger)
  }
  const url = (): string => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
  const register = (): void =>
    core.audit.record({
      event: 'model.registered',
      actor: { kind: 'person', id: 'mlops' },
      subject: { kind: 'model', id: DIGEST },
      outcome: 'success',
    })

  it('tell of models, aliases, approvals and releases, and of nothing else', () => {
    expect(WEBHOOK_EVENTS).toEqual(
      expect.arrayContaining(['model.registered', 'alias.changed', 'approval.signed', 'release.published']),
    )
    // What the approvers and the security unit must hear of: deadlines, lock-outs, metadata that could not be signed.
    expect(WEBHOOK_EVENTS).toEqual(
      expect.arrayContaining(['approval.reminded', 'approval.expired', 'signing.locked', 'metadata.published']),
    )
    expect(WEBHOOK_EVENTS.filter((event) => event.startsWith('session.') || event.startsWith('log.'))).toEqual([])
  })

  it('send what happens from then on, signed over delivery, time and body, without naming a person', async () => {
    register()
    const { secret } = book.add(url(), ['model.registered'], 'operator')
    register()
    core.audit.record({
      event: 'log.read',
      actor: { kind: 'person', id: 'auditor' },
      subject: null,
      outcome: 'success',
    })
    await sender.round()
    expect(received).toHaveLength(1)
    const { headers, body } = received[0] ?? { headers: {}, body: '' }
    expect(JSON.parse(body)).toMatchObject({ event: 'model.registered', subject: { kind: 'model', id: DIGEST } })
    expect(body).not.toContain('mlops')
    const signed = [headers['x-mlflow-delivery-id'], headers['x-mlflow-timestamp'], body].join('.')
    expect(headers['x-mlflow-signature']).toBe(`v1,${createHmac('sha256', secret).update(signed).digest('base64')}`)
    expect(headers['x-mlflow-timestamp']).toBe(String(Math.floor(core.clock.now() / 1000)))
    await sender.round()
    expect(received).toHaveLength(1)
    expect(book.webhooks()).toMatchObject([{ waiting: 0, delivered: 1 }])
    expect(JSON.stringify(book.webhooks())).not.toContain(secret)
  })

  it.each([500, 404, 302])(
    'are tried again with growing waits after status %i, under the same delivery, also over a restart',
    async (code) => {
      book.add(url(), ['model.registered'], 'operator')
      register()
      status = code
      await sender.round()
      await sender.round()
      expect(received).toHaveLength(1)
      restart()
      core.clock.advance(10_000)
      await sender.round()
      expect(received).toHaveLength(2)
      core.clock.advance(10_000)
      await sender.round()
      expect(received).toHaveLength(2)
      status = 200
      core.clock.advance(10_000)
      await sender.round()
      expect(new Set(received.map((one) => one.headers['x-mlflow-delivery-id'])).size).toBe(1)
      expect(book.webhooks()).toMatchObject([{ waiting: 0, delivered: 1, lastFailure: null }])
    },
  )

  it('lose nothing when the hub is killed between log and outbox, and send nothing twice after a restart', async () => {
    book.add(url(), ['model.registered'], 'operator')
    for (let index = 0; index < 5; index += 1) register()
    restart()
    await sender.round()
    restart()
    await sender.round()
    expect(received).toHaveLength(5)
  })

  it('are given up after the last attempt, and people see it', async () => {
    book.add('http://127.0.0.1:9/', ['model.registered'], 'operator')
    register()
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      await sender.round()
      core.clock.advance(3_600_000)
    }
    expect(book.due()).toEqual([])
    expect(book.webhooks()).toMatchObject([{ given: 1, waiting: 0, lastFailure: 'no connection' }])
  })

  it('end with their webhook', async () => {
    const { webhook } = book.add(url(), ['model.registered'], 'operator')
    register()
    book.collect()
    expect(book.remove(webhook)).toBe(true)
    expect(book.remove(webhook)).toBe(false)
    await sender.round()
    expect(received).toEqual([])
  })

  it('are forgotten a month after they ended, and never while they wait', async () => {
    book.add(url(), ['model.registered'], 'operator')
    register()
    await sender.round()
    core.clock.advance(KEPT_MS)
    await sender.round()
    expect(book.webhooks()).toMatchObject([{ delivered: 1 }])
    register()
    book.collect()
    core.clock.advance(KEPT_MS + 3_600_000)
    status = 500
    await sender.round()
    expect(book.webhooks()).toMatchObject([{ delivered: 0, waiting: 1 }])
    expect(core.database.prepare('SELECT count(*) AS n FROM webhook_delivery').get()).toEqual({ n: 1 })
  })

  // A plan is SQLite's own.
  it.skipIf(isOnPostgres)('find what is due by index', () => {
    const plan = core.database.prepare(`EXPLAIN QUERY PLAN ${SQL_DUE}`).all(0) as { detail: string }[]
    expect(plan.map((row) => row.detail).join('; ')).toMatch(/USING INDEX webhook_delivery_due/)
  })
})
