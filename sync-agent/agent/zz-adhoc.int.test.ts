import { expect, it } from 'vitest'
import { mkdtemp, readFile } from 'node:fs/promises'
import { createHubCore } from '/work/main/cloud-hub/testing/hub-core.ts'
import { Broker } from '/work/main/cloud-hub/ingest/broker.ts'
import { IngestClient } from '/work/main/cloud-hub/ingest/ingest-client.ts'
import { IngestPipeline } from '/work/main/cloud-hub/ingest/pipeline.ts'
import { INGEST_COMMON_NAME } from '/work/main/cloud-hub/ingest/names.ts'
import { silentLogger } from '/work/main/sync-agent/foundation/index.ts'
import { deviceId, sealEnvelope } from '/work/main/sync-agent/contract/index.ts'
import { AgentProcess } from '/work/main/sync-agent/agent/testing/agent-process.ts'
import { OutboxWriter, AcknowledgedFile, exchangePaths } from '/work/main/sync-agent/exchange/index.ts'
import { AuditLog, MemoryLogStore, createNoteSigner, generateSigningKey, verifierKeyOf, encodeVerifierKey } from '/work/main/sync-agent/audit-log/index.ts'
it('real hub', async () => {
  const core = await createHubCore()
  const server = await core.authority.issueServer('broker', ['127.0.0.1', 'localhost'])
  const own = await core.authority.issueClient(INGEST_COMMON_NAME)
  const caPem = await core.authority.certificatePem()
  const broker = new Broker({ host: '127.0.0.1', port: 0, caPem, ...server, isAdmitted: (n: string) => core.enrolment.isAdmitted(n) } as never, silentLogger)
  await broker.start()
  const url = `mqtts://localhost:${broker.port}`
  const pipeline: IngestPipeline = new IngestPipeline(core.inbox, core.alarms, (t: string, m: unknown) => client.send(t, m), silentLogger)
  const client = new IngestClient({ url, caPem, ...own, waitForBroker: true } as never, (n, p) => pipeline.take(n, p), silentLogger)
  await client.start()
  const BOX = deviceId.parse('box-01')
  const identity = await core.enrolment.enrol(BOX)
  const folder = await mkdtemp('/tmp/rh-')
  const agent = await AgentProcess.prepare(folder, BOX, url, identity as never)
  const w = new OutboxWriter({ exchangeFolder: agent.config.exchangeFolder, device: BOX })
  await w.start()
  const log = new AuditLog({ origin: `leadglass/${BOX}/audit`, store: new MemoryLogStore(), clock: { now: () => Date.now() } })
  const key = generateSigningKey()
  const signer = createNoteSigner(log.origin, key)
  let seq = 0
  const envs = []
  for (let i = 0; i < 20_000; i++) { const l = log.append({ event: 'study.scored', actor: { kind: 'system', id: 'appliance' }, subject: null, outcome: 'success' }); envs.push(sealEnvelope({ device: BOX, epoch: 1, sequence: ++seq }, { kind: 'audit-leaf', index: l.index, leaf: Buffer.from(l.leaf).toString('base64') })) }
  envs.push(sealEnvelope({ device: BOX, epoch: 1, sequence: ++seq }, { kind: 'audit-checkpoint', note: log.checkpoint(signer) }))
  console.log((await w.write(envs)).length, 'files')
  const t = performance.now()
  await agent.start()
  const f = new AcknowledgedFile(exchangePaths(agent.config.exchangeFolder).acknowledged)
  let state: any
  for (let i = 0; i < 600; i++) { const r = await f.read(); if (r.kind === 'value') { state = r.value; if (state.watermarks[0]?.sequence === seq) break } await new Promise(r => setTimeout(r, 50)) }
  console.log(Math.round(performance.now() - t), 'ms', JSON.stringify(state).slice(0, 700))
  console.log(agent.errors)
  expect(state.watermarks[0].sequence).toBe(seq)
  await agent.end('SIGTERM'); await client.stop(); await broker.stop(); await core.close()
}, 60000)
