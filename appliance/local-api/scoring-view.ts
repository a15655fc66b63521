import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { DeviceStatus } from '@leadglass/ui/contract/local-api'
import type { ScoringStatus } from '../compose-scoring-plan.ts'

/** What runs the models here, as the interface shows it. */
export function scoringView({ found, plan, noPlan, pool }: ScoringStatus): NonNullable<DeviceStatus['scoring']> {
  const measured = plan?.trials.find(
    (one) => one.provider === plan.provider && one.workers === plan.workers && one.threads === plan.threads,
  )
  return {
    probedAt: found === null ? null : toIsoInstant(found.at),
    providers: found?.providers.map((one) => ({ ...one })) ?? [],
    plan:
      plan === null
        ? null
        : {
            kind: plan.kind ?? 'full',
            measuredAt: plan.measuredAt,
            provider: plan.provider,
            workers: plan.workers,
            threads: plan.threads,
            batch: plan.batch,
            cpuFallback: plan.cpuFallback,
            imagesPerSecond: measured?.imagesPerSecond ?? 0,
          },
    noPlan,
    pool: { ...pool },
  }
}
