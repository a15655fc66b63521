import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AssociationRequester, type OutgoingInstance, splitPart10 } from '@leadglass/appliance/dimse'
import { InstallerError } from '../../errors.ts'
import type { StorescuTarget } from '../../testing/dicom-peers.ts'

/** What a sender of our own saw. */
export interface LatencyFigures {
  readonly seconds: number
  /** C-STORE-RQ to C-STORE-RSP of each instance, in milliseconds, sorted. */
  readonly latencies: readonly number[]
}

/**
 * Sends the files of a folder over so many associations at once and measures each C-STORE from its first byte to its
 * response: storescu does not tell. @throws InstallerError when one was not stored.
 */
export async function measureLatency(
  target: StorescuTarget,
  folder: string,
  associations: number,
): Promise<LatencyFigures> {
  const names = (await readdir(folder)).sort()
  const shares = Array.from({ length: associations }, (_, share) =>
    names.filter((_name, index) => index % associations === share),
  )
  const destination = { host: '127.0.0.1', port: target.port, calledAeTitle: target.aeTitle, callingAeTitle: 'BENCH' }
  const latencies: number[] = []
  const sendShare = async (share: readonly string[]): Promise<void> => {
    let begun = 0
    const timed = async function* (): AsyncGenerator<OutgoingInstance> {
      for (const name of share) {
        const instance = await splitPart10(join(folder, name))
        yield {
          ...instance,
          open: () => {
            begun = performance.now()
            return instance.open()
          },
        }
      }
    }
    await new AssociationRequester().sendInstances(destination, timed(), (_instance, result) => {
      if (result.kind !== 'accepted') throw notStored(target.aeTitle)
      latencies.push(performance.now() - begun)
    })
  }
  const started = performance.now()
  await Promise.all(shares.map(sendShare))
  return { seconds: (performance.now() - started) / 1000, latencies: latencies.sort((a, b) => a - b) }
}

/** Nearest rank. @param values sorted. */
export function percentile(values: readonly number[], percent: number): number {
  return values[Math.max(0, Math.ceil((percent / 100) * values.length) - 1)] ?? Number.NaN
}

function notStored(title: string): InstallerError {
  return new InstallerError('process-failed', {
    message: `an instance was not stored by ${title}`,
    effect: 'the bench has no figure for it',
    nextStep: 'look into the log of the receiver',
  })
}
