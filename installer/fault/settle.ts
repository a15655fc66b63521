import { type IngestSummary, ingestSummary } from '@leadglass/ui/contract/hub-api'
import { type EgressList, egressList, type StudySummary } from '@leadglass/ui/contract/local-api'
import type { InstanceClient } from '../cli/client.ts'
import { fetchStudies } from '../cli/commands/study.ts'
import type { Progress } from '../cli/progress.ts'
import { InstallerError } from '../errors.ts'

/** States after which nothing more happens to a study by itself. */
const FINAL = new Set(['scored', 'not-scored', 'failed', 'quarantined', 'superseded'])

/** Everything at rest: all studies final, everything that was sealed committed by the hub. */
export interface SettledState {
  readonly studies: readonly StudySummary[]
  readonly egress: EgressList
  readonly ingest: IngestSummary
}

/**
 * Waits until `expectedStudies` are final and every sealed envelope is acknowledged.
 * @throws InstallerError `not-ready-in-time` with what is still open.
 */
export async function waitUntilSettled(
  client: InstanceClient,
  expectedStudies: number,
  withinMs: number,
  progress: Progress,
): Promise<SettledState> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const studies = await tolerate(() => fetchStudies(client, { limit: 100_000 }))
    const egress = await tolerate(() => fetchEgress(client))
    const final = studies?.filter((study) => FINAL.has(study.state)).length ?? 0
    progress.count(Math.min(final, expectedStudies), expectedStudies)
    if (
      studies !== undefined &&
      egress !== undefined &&
      final >= expectedStudies &&
      final === studies.length &&
      isAcknowledged(egress)
    ) {
      return { studies, egress, ingest: await fetchIngest(client) }
    }
    if (Date.now() > deadline) {
      const open = egress?.streams
        .filter((stream) => stream.acknowledged < stream.sealed)
        .map((stream) => stream.stream)
      throw new InstallerError('not-ready-in-time', {
        message: `after ${Math.round(withinMs / 1000)} s ${final} of ${expectedStudies} studies are final; streams not acknowledged: ${open?.join(', ') ?? 'unknown'}`,
        effect: 'the counts cannot be compared',
        nextStep: `read the logs in ${client.layout.logs}`,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

/** Streams and newest envelopes as the appliance tells them. */
export function fetchEgress(client: InstanceClient, limit = 1): Promise<EgressList> {
  return client.request({ service: 'appliance', method: 'GET', path: `/api/egress?limit=${limit}`, schema: egressList })
}

/** Watermarks, effects and roots as the hub tells them. */
export function fetchIngest(client: InstanceClient): Promise<IngestSummary> {
  return client.request({ service: 'hub', method: 'GET', path: '/api/ingest/summary', schema: ingestSummary })
}

function isAcknowledged(egress: EgressList): boolean {
  return egress.streams.every((stream) => stream.acknowledged === stream.sealed)
}

/** A service that was just killed does not answer; that is no failure here. */
async function tolerate<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask()
  } catch {
    return undefined
  }
}
