import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deviceDetail } from '@leadglass/ui/contract/hub-api'
import type { AuditVerdict } from '../audit/audit-verdict.ts'
import { readTrustedKeys } from '../audit/trusted-keys.ts'
import { verifyAuditFile } from '../audit/verify-file.ts'
import type { InstanceClient } from '../cli/client.ts'
import { fetchLog } from '../cli/commands/audit.ts'
import type { Progress } from '../cli/progress.ts'
import { type SettledState, waitUntilSettled } from '../fault/settle.ts'
import { changeSettings } from '../harness/appliance-settings.ts'
import type { Judgement } from '../harness/report.ts'
import { startThrowawayInstance } from '../start/throwaway.ts'
import { partOf, type Radiograph, readDataSet } from './data-set.ts'
import { RehearsalRecord, type RehearsalStep } from './record.ts'
import { ResultSink } from './result-sink.ts'
import {
  approveAndDeliver,
  judgeRound,
  labelRound,
  type Stage,
  sendRound,
  shippedVersion,
  train,
  waitUntilActive,
} from './story.ts'

/** What is rehearsed, and where. */
export interface RehearsalOptions {
  readonly dataSet: string
  readonly dataFolder: string
  /** About so many images, in proportion; all when undefined. */
  readonly part: number | undefined
  readonly seed: number
  readonly progress: Progress
}

/** The whole story in figures. It went well when every check holds. */
export interface RehearsalReport {
  readonly name: 'rehearsal'
  readonly note: string
  readonly steps: readonly RehearsalStep[]
  readonly auc: Readonly<
    Record<'before' | 'after', { value: number; low: number; high: number; cases: number; version: string }>
  >
  readonly checks: readonly Judgement[]
}

const NOTE = 'NIH ChestX-ray14 pixels with synthetic headers; labels are text-mined; research only, not for diagnosis'
const DELIVERED_WITHIN_MS = 120_000

/**
 * Plays the whole story on real radiographs, on an instance of its own: send, score, return, label, train, approve,
 * deliver, send again, and compare every count on both sides.
 */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalReport> {
  const record = new RehearsalRecord(options.progress)
  // Patients of the shipped model's own split would make its figures look better than they are.
  const all = (await readDataSet(options.dataSet)).filter((radiograph) => radiograph.split !== 'shipped')
  const chosen = options.part === undefined ? all : partOf(all, options.part)
  const site = chosen.filter((radiograph) => radiograph.split === 'site')
  const test = chosen.filter((radiograph) => radiograph.split === 'test')
  const sink = new ResultSink()
  await sink.start()
  await mkdir(options.dataFolder, { recursive: true })
  const instance = await startThrowawayInstance(options.dataFolder)
  try {
    await nameDestination(instance.layout.appliance.folder, sink)
    const stage: Stage = { client: instance.client, progress: options.progress }
    const shipped = await shippedVersion(instance.client)
    await waitUntilActive(instance.client, shipped, options.progress)
    return await play(stage, record, sink, site, test, options.seed, shipped)
  } finally {
    await instance.stop()
    await sink.stop()
  }
}

async function play(
  stage: Stage,
  record: RehearsalRecord,
  sink: ResultSink,
  site: readonly Radiograph[],
  test: readonly Radiograph[],
  seed: number,
  shipped: string,
): Promise<RehearsalReport> {
  let settled: SettledState | undefined
  const send = (title: string, radiographs: readonly Radiograph[], round: 'site' | 'before' | 'after') =>
    record.step(title, async () => {
      const outcome = await sendRound(stage, radiographs, round, settled?.studies.length ?? 0)
      settled = outcome.settled
      return { sent: radiographs.length, acknowledged: outcome.accepted, patients: patientsOf(radiographs) }
    })
  await send('send the training patients', site, 'site')
  await send('send the unseen patients to the shipped version', test, 'before')
  const labels = await record.step('label the training patients from the index', async () => ({
    labels: settled === undefined ? 0 : await labelRound(stage, site, 'site', settled),
  }))
  await waitUntilSettled(stage.client, site.length + test.length, DELIVERED_WITHIN_MS, stage.progress)
  let candidateVersion = ''
  await record.step('train, approve with two keys, deliver, activate', async () => {
    const { run, runs } = await train(stage, seed)
    const { signatures } = await approveAndDeliver(stage, run)
    candidateVersion = run.candidate?.version ?? ''
    return { version: candidateVersion, 'training runs': runs, signatures, rows: run.rows.at(-1)?.rows ?? 0 }
  })
  await send('send the unseen patients to the trained version', test, 'after')
  const studies = site.length + 2 * test.length
  await record.step('results accepted by the destination', async () => {
    await waitFor(() => sink.accepted >= studies, DELIVERED_WITHIN_MS)
    return { reports: sink.accepted }
  })
  const final = await waitUntilSettled(stage.client, studies, DELIVERED_WITHIN_MS, stage.progress)
  const before = judgeRound(test, 'before', final.studies)
  const after = judgeRound(test, 'after', final.studies)
  record.agree('studies in a final state', final.studies.length, studies)
  record.agree('studies scored', final.studies.filter((study) => study.state === 'scored').length, studies)
  record.agree(
    `unseen patients scored by ${shipped}`,
    before.versions.includes(shipped) ? before.scored : 0,
    test.length,
  )
  record.agree(
    `unseen patients scored by ${candidateVersion} alone`,
    after.versions.join() === candidateVersion ? after.scored : 0,
    test.length,
  )
  record.agree('structured reports accepted', sink.accepted, studies)
  record.agree('labels recorded', labels.labels, site.length)
  compareEnvelopes(record, final)
  await compareLogs(record, stage.client)
  const figure = ({ auc, scored, versions }: typeof before) => ({ ...auc, cases: scored, version: versions.join(', ') })
  return {
    name: 'rehearsal',
    note: NOTE,
    steps: record.steps,
    auc: { before: figure(before), after: figure(after) },
    checks: record.checks,
  }
}

/** Every envelope that the box sealed is an effect at the hub, once. */
function compareEnvelopes(record: RehearsalRecord, { egress, ingest }: SettledState): void {
  const atHub = ingest.devices[0]?.streams ?? []
  for (const { epoch, stream, sealed } of egress.streams) {
    const effects = atHub.find((entry) => entry.epoch === epoch && entry.stream === stream)?.effects ?? 0
    record.agree(`envelopes of ${stream}, epoch ${epoch}: effects at the hub`, effects, sealed)
  }
}

/** Both logs verify offline with the keys of the first start, and the hub's copy of the site's log has the same root. */
async function compareLogs(record: RehearsalRecord, client: InstanceClient): Promise<void> {
  await record.step('verify both logs offline', async () => {
    const keys = await readTrustedKeys(client.layout.auditKeysFile)
    const verdicts: AuditVerdict[] = []
    for (const log of ['appliance', 'hub'] as const) {
      const file = join(client.layout.root, `rehearsal-${log}-log.json`)
      await writeFile(file, JSON.stringify(await fetchLog(client, log)), { mode: 0o600 })
      verdicts.push(verifyAuditFile(await readFile(file, 'utf8'), keys, log === 'appliance' ? 1 : 0))
    }
    record.agree('logs verified offline', verdicts.filter((verdict) => verdict.verdict === 'verified').length, 2)
    const [site, hub] = verdicts
    const { audit } = await client.request({
      service: 'hub',
      method: 'GET',
      path: `/api/devices/${client.instance.device}`,
      schema: deviceDetail,
    })
    const sameRoot = site?.verdict === 'verified' && audit !== null && (await rootAt(client, audit.size)) === audit.root
    record.agree("hub's copy of the site's log has the site's root", sameRoot ? 1 : 0, 1)
    return { ...logFacts('site', site), ...logFacts('hub', hub), 'site log at the hub': audit?.size ?? 0 }
  })
}

/** Root of the site's own log over its first `size` entries, computed here from the export. */
async function rootAt(client: InstanceClient, size: number): Promise<string> {
  const { AuditLog, MemoryLogStore } = await import('@leadglass/sync-agent/audit-log')
  const { leaves, checkpoint } = await fetchLog(client, 'appliance')
  const log = new AuditLog({ origin: checkpoint.origin, store: new MemoryLogStore(), clock: { now: () => 0 } })
  for (const leaf of leaves.slice(0, size)) log.appendLeaf(Buffer.from(leaf, 'base64'))
  return Buffer.from(log.root()).toString('hex')
}

function logFacts(name: string, verdict: AuditVerdict | undefined): Record<string, string | number> {
  return verdict?.verdict === 'verified'
    ? { [`${name} log size`]: verdict.size, [`${name} log root`]: verdict.root }
    : { [`${name} log`]: verdict?.verdict === 'refused' ? verdict.meaning : 'missing' }
}

/** Names the sink as destination in the appliance's settings, which it reads again by itself. */
async function nameDestination(applianceFolder: string, sink: ResultSink): Promise<void> {
  const destinations = [{ name: 'rehearsal', aeTitle: sink.aeTitle, host: '127.0.0.1', port: sink.port }]
  // The rehearsal has no live studies between two versions: golden cases and the trial decide there.
  await changeSettings(applianceFolder, { destinations, activation: { shadowStudies: 0 } })
}

function patientsOf(radiographs: readonly Radiograph[]): number {
  return new Set(radiographs.map((radiograph) => radiograph.patient)).size
}

async function waitFor(condition: () => boolean, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!condition() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100))
}
