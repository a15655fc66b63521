import type { DeviceStatus } from '@leadglass/ui/contract/local-api'
import { type Finding, fail, ok, warning } from './checks.ts'

/** Whether the plan is of this machine, and whether what it plans with still loads. */
export function scoringFindings({ scoring }: Pick<DeviceStatus, 'scoring'>): readonly Finding[] {
  if (scoring === undefined) return []
  const { plan, noPlan, providers, pool } = scoring
  const planFinding =
    plan === null
      ? warning(
          'scoring plan',
          `none is in force: ${noPlan ?? 'unknown'}`,
          'leave the box at rest for two minutes and it measures one, or run "leadglass scoring tune"',
        )
      : ok(
          'scoring plan',
          `${plan.workers} workers x ${plan.threads} threads, batches of ${plan.batch}, on ${plan.provider}; ${plan.imagesPerSecond} images/s (${plan.kind})`,
        )
  const loads = providers.filter(({ available }) => available).map(({ provider }) => provider)
  const planned = providers.find(({ provider }) => provider === plan?.provider)
  const found = providers.length === 0 ? 'not probed yet' : `loads: ${loads.join(', ')}`
  const missing = plan !== null && planned !== undefined && !planned.available
  return [
    planFinding,
    missing
      ? (plan.cpuFallback ? warning : fail)(
          'scoring providers',
          `${plan.provider} is planned and does not load: ${planned.detail}`,
          'look at driver and libraries with "leadglass scoring gpu-check", or measure again',
        )
      : ok('scoring providers', found),
    pool.ready > 0
      ? ok('scoring workers', `${pool.ready} ready, ${pool.busy} busy, ${pool.queued} jobs wait, ${pool.deaths} ended`)
      : warning('scoring workers', 'none is ready', 'read the log of the appliance'),
  ]
}
