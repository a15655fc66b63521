import { aucWithInterval, type Interval } from '@leadglass/cloud-hub/statistics'
import { deviceList, type TrainingRun } from '@leadglass/ui/contract/hub-api'
import { localModelList, type StudySummary } from '@leadglass/ui/contract/local-api'
import { approveCandidate } from '../approve/approve-candidate.ts'
import type { InstanceClient } from '../cli/client.ts'
import { sendLabel } from '../cli/commands/label.ts'
import { startTraining, waitForTraining } from '../cli/commands/train.ts'
import type { Progress } from '../cli/progress.ts'
import { InstallerError } from '../errors.ts'
import { type SettledState, waitUntilSettled } from '../fault/settle.ts'
import type { Radiograph } from './data-set.ts'
import { sendRadiographs } from './send-radiographs.ts'
import { accessionOf, type Round } from './wrap.ts'

const FINDING = 'pneumonia'
const MODEL = 'chest-radiograph'
const SETTLE_WITHIN_MS = 20 * 60_000
const ACTIVATE_WITHIN_MS = 120_000

/** What the acts of the story need. */
export interface Stage {
  readonly client: InstanceClient
  readonly progress: Progress
}

/** Sends one round and waits until everything of it has arrived at the hub. */
export async function sendRound(
  stage: Stage,
  radiographs: readonly Radiograph[],
  round: Round,
  studiesBefore: number,
): Promise<{ readonly accepted: number; readonly settled: SettledState }> {
  const accepted = await sendRadiographs(stage, radiographs, round)
  const settled = await waitUntilSettled(stage.client, studiesBefore + accepted, SETTLE_WITHIN_MS, stage.progress)
  return { accepted, settled }
}

/** Verifies each study of a round by the index's label, as a reader would who has not seen a score. */
export async function labelRound(
  { client, progress }: Stage,
  radiographs: readonly Radiograph[],
  round: Round,
  settled: SettledState,
): Promise<number> {
  const studies = byAccession(settled.studies)
  for (const [index, radiograph] of radiographs.entries()) {
    const study = studyOf(studies, radiograph, round)
    await sendLabel(client, study.study, {
      finding: FINDING,
      value: radiograph.pneumonia ? 'present' : 'absent',
      blind: true,
    })
    progress.count(index + 1, radiographs.length)
  }
  return radiographs.length
}

/** A split of few patients can miss a gate by chance; each further run uses the next seed and stands in the report. */
const TRAINING_RUNS = 3

/** Trains at the hub until a run has made a candidate. @returns that run, and how many runs it took. */
export async function train(
  { client, progress }: Stage,
  seed: number,
): Promise<{ readonly run: TrainingRun; readonly runs: number }> {
  let run: TrainingRun | undefined
  for (let runs = 1; runs <= TRAINING_RUNS; runs++) {
    const started = await startTraining(client, { finding: FINDING, model: MODEL, seed: seed + runs - 1 })
    run = await waitForTraining(client, started.run, progress)
    if (run.state === 'succeeded' && run.candidate !== null) return { run, runs }
    if (run.state !== 'stopped-by-gate') break
  }
  throw new InstallerError('process-failed', {
    message: `the training run ended as "${run?.state ?? 'unknown'}": ${run?.message ?? ''}`,
    effect: 'there is no candidate to approve',
    nextStep: 'look at the gates of the run on the hub page "Training"',
  })
}

/** Two approvers sign the candidate; then the box must take it into use by itself. */
export async function approveAndDeliver(
  { client, progress }: Stage,
  run: TrainingRun,
): Promise<{ readonly signatures: number }> {
  if (run.candidate === null) throw new TypeError('the run has no candidate')
  const signatures = await approveCandidate(client, run.candidate)
  await waitUntilActive(client, run.candidate.version, progress)
  return { signatures }
}

/** The version of the shipped model that the appliance runs after its first start. */
export async function shippedVersion(client: InstanceClient): Promise<string> {
  const { models } = await client.request({
    service: 'appliance',
    method: 'GET',
    path: '/api/models',
    schema: localModelList,
  })
  const active = models.find((entry) => entry.state === 'active' && entry.model.name === MODEL)
  if (active !== undefined) return active.model.version
  throw new InstallerError('not-ready-in-time', {
    message: `no version of ${MODEL} is active after the first start`,
    effect: 'the rehearsal cannot begin',
    nextStep: 'read the logs of agent and appliance',
  })
}

/** Waits until the appliance itself says that a version is active, and the hub has heard it from the device. */
export async function waitUntilActive(client: InstanceClient, version: string, progress: Progress): Promise<void> {
  const deadline = Date.now() + ACTIVATE_WITHIN_MS
  for (let active = false; !active; ) {
    const site = await client.request({
      service: 'appliance',
      method: 'GET',
      path: '/api/models',
      schema: localModelList,
    })
    const hub = await client.request({ service: 'hub', method: 'GET', path: '/api/devices', schema: deviceList })
    const isIt = (entry: {
      readonly state: string
      readonly model: { readonly name: string; readonly version: string }
    }) => entry.state === 'active' && entry.model.name === MODEL && entry.model.version === version
    const here = site.models.some(isIt)
    const there = hub.devices.some((device) => device.models.some(isIt))
    active = here && there
    if (!active && Date.now() > deadline) {
      const refused = site.models.find((entry) => entry.model.name === MODEL && entry.model.version === version)
      throw new InstallerError('not-ready-in-time', {
        message: `version ${version} is not active after ${ACTIVATE_WITHIN_MS / 1000} s${refused?.message == null ? '' : `: ${refused.message}`}`,
        effect: 'the box goes on with the version it had',
        nextStep: 'run "leadglass doctor", and read the logs of agent and appliance',
      })
    }
    if (!active) await new Promise((resolve) => setTimeout(resolve, 300))
  }
  progress.step(`version ${version} is active, and the device has reported it`)
}

/** How well the scores of a round separate the index's labels, with DeLong's interval, and by which version. */
export function judgeRound(
  radiographs: readonly Radiograph[],
  round: Round,
  studies: readonly StudySummary[],
): { readonly auc: Interval; readonly scored: number; readonly versions: readonly string[] } {
  const found = byAccession(studies)
  const scores: number[] = []
  const labels: number[] = []
  const versions = new Set<string>()
  for (const radiograph of radiographs) {
    const score = studyOf(found, radiograph, round).scores.find((entry) => entry.code === FINDING)
    if (score === undefined) continue
    scores.push(score.value)
    labels.push(radiograph.pneumonia ? 1 : 0)
    versions.add(score.model.version)
  }
  return { auc: aucWithInterval(scores, labels), scored: scores.length, versions: [...versions] }
}

function byAccession(studies: readonly StudySummary[]): ReadonlyMap<string, StudySummary> {
  return new Map(studies.map((study) => [study.accessionNumber, study]))
}

function studyOf(studies: ReadonlyMap<string, StudySummary>, radiograph: Radiograph, round: Round): StudySummary {
  const study = studies.get(accessionOf(radiograph, round))
  if (study !== undefined) return study
  throw new InstallerError('count-disagrees', {
    message: 'a study that was sent and acknowledged is not in the worklist',
    effect: 'the rehearsal cannot go on',
    nextStep: 'keep the data folder and report this: an acknowledged study must never be missing',
  })
}
