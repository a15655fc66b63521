import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deviceStatus } from '@leadglass/ui/contract/local-api'
import type { InstanceClient } from '../cli/client.ts'
import { InstallerError } from '../errors.ts'
import { describeMachine } from '../harness/machine.ts'
import { type HarnessReport, judge } from '../harness/report.ts'
import type { Harness, HarnessOptions } from '../harness/run-harness.ts'
import { startThrowawayInstance } from '../start/throwaway.ts'
import { runStorescu, type StorescuTarget, startOrthanc, startStorescp } from '../testing/dicom-peers.ts'
import { peer } from '../testing/peers.ts'
import { writeCtSlices } from './ct-slices.ts'

const DEFAULT_OBJECTS = 400
const DEFAULT_RUNS = 3
const OBJECT_MEGABYTES = (512 * 512 * 2) / 1e6

interface Contender {
  readonly name: string
  readonly durable: string
  readonly target: StorescuTarget
}

/**
 * The same CT slices, sent by DCMTK's storescu over one association, to the product, to DCMTK's storescp and to Orthanc,
 * in turn within one run. Each contender gets each round's slices as new objects (another seed).
 */
export const receiveBench: Harness = {
  name: 'receive',
  summary: 'C-STORE of 0.52 MB CT slices against DCMTK storescp and Orthanc',
  run: benchReceive,
}

async function benchReceive(options: HarnessOptions): Promise<HarnessReport> {
  const [storescu, storescp, orthanc] = ['storescu', 'storescp', 'Orthanc'].map(requiredPeer)
  if (storescu === undefined || storescp === undefined || orthanc === undefined) throw new TypeError('peers')
  const objects = options.size ?? DEFAULT_OBJECTS
  const rounds = options.runs ?? DEFAULT_RUNS
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-bench-'))
  const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    options.progress.step('starting storescp, Orthanc and an empty Leadglass')
    const first = await startStorescp(storescp, join(folder, 'storescp'))
    stops.push(() => first.stop())
    const second = await startOrthanc(orthanc, join(folder, 'orthanc'))
    stops.push(() => second.stop())
    const product = await startThrowawayInstance(join(folder, 'leadglass'))
    stops.push(() => product.stop())
    const contenders: readonly Contender[] = [
      {
        name: 'leadglass',
        durable: 'fdatasync + journal',
        target: { port: product.ports.dimse, aeTitle: 'LEADGLASS' },
      },
      { name: 'storescp', durable: 'no', target: first },
      { name: 'orthanc', durable: 'fsync + SQLite', target: second },
    ]
    const seconds = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      options.progress.step(`round ${round + 1} of ${rounds}`)
      const slices = join(folder, 'slices')
      await writeCtSlices(slices, objects, options.seed * 1000 + round)
      for (const contender of contenders) {
        seconds.get(contender.name)?.push(await timeStore(storescu, contender, slices))
        // What the product does with a complete study must not run into the next measurement.
        await waitUntilIdle(product.client)
      }
      await rm(slices, { recursive: true })
    }
    return report(contenders, seconds, objects, rounds)
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

/** Waits until the appliance has nothing left to do. */
async function waitUntilIdle(client: InstanceClient): Promise<void> {
  for (;;) {
    const { queues } = await client.request({
      service: 'appliance',
      method: 'GET',
      path: '/api/device',
      schema: deviceStatus,
    })
    if (queues.receiving + queues.queued + queues.running === 0) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function timeStore(storescu: string, contender: Contender, slices: string): Promise<number> {
  const started = performance.now()
  const status = await runStorescu(storescu, contender.target, slices)
  const took = (performance.now() - started) / 1000
  if (status === 0) return took
  throw new InstallerError('process-failed', {
    message: `storescu ended with status ${status} against ${contender.name}`,
    effect: 'the bench has no figure for it',
    nextStep: 'run storescu by hand against the same peer to see why',
  })
}

function report(
  contenders: readonly Contender[],
  seconds: ReadonlyMap<string, readonly number[]>,
  objects: number,
  rounds: number,
): HarnessReport {
  const rate = (name: string): number => objects / median(seconds.get(name) ?? [])
  return {
    name: 'receive',
    machine: describeMachine(),
    runs: rounds,
    results: contenders.map(({ name, durable }) => ({
      contender: name,
      durable,
      associations: 1,
      objects,
      'objects/s': rate(name),
      'MB/s': rate(name) * OBJECT_MEGABYTES,
    })),
    ratios: [
      judge('leadglass / storescp', rate('leadglass') / rate('storescp'), '>= 1'),
      judge('leadglass / orthanc', rate('leadglass') / rate('orthanc'), '>= 4'),
    ],
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function requiredPeer(program: string): string {
  const path = peer(program)
  if (path !== undefined) return path
  throw new InstallerError('peer-missing', {
    message: `${program} is not installed`,
    effect: 'there is nothing to compare with',
    nextStep: 'on Debian: apt-get install dcmtk orthanc',
  })
}
