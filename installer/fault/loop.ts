import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AssociationRequester, type OutgoingInstance, splitPart10 } from '@leadglass/appliance/dimse'
import { phantomDicom } from '@leadglass/models'
import { localModelList } from '@leadglass/ui/contract/local-api'
import { fetchLog } from '../cli/commands/audit.ts'
import type { Progress } from '../cli/progress.ts'
import { InstallerError } from '../errors.ts'
import { changeSettings } from '../harness/appliance-settings.ts'
import { describeMachine } from '../harness/machine.ts'
import { type HarnessReport, judge } from '../harness/report.ts'
import type { Harness, HarnessOptions } from '../harness/run-harness.ts'
import { startThrowawayInstance, type ThrowawayInstance } from '../start/throwaway.ts'
import { Killer, seededRandom } from './killer.ts'
import { type SettledState, waitUntilSettled } from './settle.ts'

const DEFAULT_STUDIES = 1000
const SETTLE_WITHIN_MS = 15 * 60_000
const RETRY_MS = 200
const TRIALS_WITHIN_MS = 60_000

/**
 * Studies flow while hub, agent and appliance are killed at random. The sender behaves as a modality does: what was not
 * acknowledged is sent again. In the end every acknowledged study has a result, and the hub holds each effect once.
 */
export const loopFault: Harness = {
  name: 'loop',
  summary: 'kill -9 of hub, agent and appliance at random while studies flow',
  run: faultLoop,
}

async function faultLoop(options: HarnessOptions): Promise<HarnessReport> {
  const total = options.size ?? DEFAULT_STUDIES
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-fault-'))
  options.progress.step('starting an empty instance')
  const instance = await startThrowawayInstance(folder)
  const killer = new Killer(instance, seededRandom(options.seed))
  try {
    await endTrials(instance)
    killer.start()
    options.progress.step(`sending ${total} studies`)
    const resent = await sendAll(instance, total, options)
    await killer.stop()
    options.progress.step('no more kills; waiting until everything is at rest')
    const settled = await waitUntilSettled(instance.client, total, SETTLE_WITHIN_MS, options.progress)
    return await report(instance, settled, total, resent, killer)
  } finally {
    await killer.stop()
    await instance.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * A model that is killed again and again within its trial is given up, as it should be; here it is the box that is killed. So
 * the trials end before the first kill.
 */
async function endTrials(instance: ThrowawayInstance): Promise<void> {
  await changeSettings(instance.layout.appliance.folder, { activation: { trialSeconds: 0 } })
  const request = { service: 'appliance', method: 'GET', path: '/api/models', schema: localModelList } as const
  for (const deadline = Date.now() + TRIALS_WITHIN_MS; Date.now() < deadline; ) {
    const { models } = await instance.client.request(request)
    if (models.every(({ activation }) => activation === null || activation.state === 'committed')) return
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
  throw new InstallerError('not-ready-in-time', {
    message: 'the models did not end their trial in a minute',
    effect: 'nothing was sent',
    nextStep: 'look at the log of the appliance',
  })
}

/** Sends each study until it is acknowledged. @returns how many sends had to be repeated. */
async function sendAll(instance: ThrowawayInstance, total: number, options: HarnessOptions): Promise<number> {
  let repeated = 0
  for (let index = 0; index < total; index++) {
    const { bytes } = phantomDicom({ seed: options.seed, index: index + 1, rows: 256, columns: 256 })
    const outgoing = await splitPart10(async function* () {
      yield bytes
    })
    while (!(await storeOnce(instance, outgoing))) {
      repeated += 1
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
    progressOf(options.progress, index + 1, total)
  }
  return repeated
}

function progressOf(progress: Progress, done: number, total: number): void {
  progress.count(done, total)
}

async function storeOnce(instance: ThrowawayInstance, outgoing: OutgoingInstance): Promise<boolean> {
  let accepted = false
  await new AssociationRequester().sendInstances(
    { host: '127.0.0.1', port: instance.ports.dimse, calledAeTitle: 'LEADGLASS', callingAeTitle: 'FAULT' },
    [outgoing],
    (_, result) => {
      accepted = result.kind === 'accepted'
    },
  )
  return accepted
}

async function report(
  instance: ThrowawayInstance,
  settled: SettledState,
  total: number,
  resent: number,
  killer: Killer,
): Promise<HarnessReport> {
  const { studies, egress, ingest } = settled
  const device = ingest.devices[0]
  const hubStream = (epoch: number, stream: string) =>
    device?.streams.find((entry) => entry.epoch === epoch && entry.stream === stream)
  const lost = egress.streams.map(({ epoch, stream, sealed }) => sealed - (hubStream(epoch, stream)?.effects ?? 0))
  const site = await fetchLog(instance.client, 'appliance')
  const scored = studies.filter((study) => study.state === 'scored').length
  return {
    name: 'loop',
    machine: describeMachine(),
    runs: 1,
    results: egress.streams.map(({ epoch, stream, sealed }) => ({
      epoch,
      stream,
      sealed,
      'effects at the hub': hubStream(epoch, stream)?.effects ?? 0,
      'duplicates dropped': hubStream(epoch, stream)?.duplicates ?? 0,
    })),
    checks: [
      judge('studies acknowledged and without a final state', total - studies.length, '== 0'),
      judge('studies scored', scored / total, '== 1'),
      judge('studies that failed', studies.filter((study) => study.state === 'failed').length, '== 0'),
      judge(
        'envelopes lost',
        lost.filter((count) => count > 0).reduce((sum, count) => sum + count, 0),
        '== 0',
      ),
      judge('effects doubled', -lost.filter((count) => count < 0).reduce((sum, count) => sum + count, 0), '== 0'),
      judge('entries of the audit log', site.checkpoint.size, '>= 1'),
      judge('kills of the hub', killer.kills.hub, '>= 1'),
      judge('kills of the agent', killer.kills.agent, '>= 1'),
      judge('kills of the appliance', killer.kills.appliance, '>= 1'),
      judge('sends that had to be repeated', resent, '>= 0'),
    ],
  }
}
