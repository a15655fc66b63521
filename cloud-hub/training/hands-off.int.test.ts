import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { recordedAuditEvent } from '@leadglass/sync-agent/audit-log'
import { approvalList, auditEntries, modelList, trainingTriggers } from '@leadglass/ui/contract/hub-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { HubWithLabels } from './testing/hub-with-labels.ts'

const delivery = z.object({ event: z.string(), codes: z.array(z.string()) })

describe('from labels to a candidate, without hands', () => {
  let site: HubWithLabels
  let hooks: Server
  let told: z.infer<typeof delivery>[]

  beforeEach(async () => {
    told = []
    hooks = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.once('end', () => {
        told.push(delivery.parse(JSON.parse(Buffer.concat(chunks).toString('utf8'))))
        response.writeHead(204).end()
      })
    })
    await new Promise<void>((resolve) => hooks.listen(0, '127.0.0.1', resolve))
    site = await HubWithLabels.start([{ labels: { atLeast: 300 } }])
  })
  afterEach(async () => {
    await site.close()
    await new Promise((resolve) => hooks.close(resolve))
  })

  it('trains, judges, registers and tells of it when enough labels have arrived; nobody asks for anything', async () => {
    const { port } = hooks.address() as AddressInfo
    const events = ['training.triggered', 'evaluation.recorded', 'training.finished', 'model.registered']
    await site.hub.post('/api/webhooks', { url: `http://127.0.0.1:${port}/`, events })
    const before = auditEntries.parse(await site.hub.get('/api/audit/entries?limit=1')).size
    await site.sendSite(300)
    // The webhook alone says when it is over: no request goes to the hub in between.
    await site.until(() => (told.length >= events.length ? told : undefined), 120_000)
    expect(told.map((one) => one.event).sort()).toEqual([...events].sort())
    expect(told.find((one) => one.event === 'training.finished')?.codes).toEqual([
      'version-1-1-0',
      'model.chest-radiograph',
      'finding.pneumonia',
      'cause.labels',
    ])
    const [run] = await site.runs()
    expect(run).toMatchObject({
      state: 'succeeded',
      cause: 'labels',
      requestedBy: 'hub.training',
      candidate: { name: 'chest-radiograph', version: '1.1.0' },
      record: { results: { package: run?.candidate?.digest } },
    })
    const { entries } = auditEntries.parse(await site.hub.get(`/api/audit/entries?from=${before}&limit=500`))
    const recorded = entries.map(({ event }) => recordedAuditEvent.parse(event))
    const people = recorded.filter(({ actor, event }) => actor.kind === 'person' && event !== 'log.read')
    expect(people).toEqual([])
    const { versions } = modelList.parse(await site.hub.get('/api/models'))
    expect(versions.find((one) => one.model.version === '1.1.0')).toMatchObject({
      state: 'candidate',
      author: 'hub.training',
    })
    expect(approvalList.parse(await site.hub.get('/api/approvals')).approvals).toEqual([])
    const { policies, decisions } = trainingTriggers.parse(await site.hub.get('/api/training-triggers'))
    expect(policies[0]?.standing[0]).toMatchObject({ cause: 'labels', outcome: 'too-few', newLabels: 0 })
    expect(decisions.find((one) => one.outcome === 'fired')).toMatchObject({ newLabels: 300, run: run?.run })
  }, 180_000)
})
