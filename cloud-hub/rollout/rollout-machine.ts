/**
 * How a rollout stands.
 * - `running`: the rings up to the present one are assigned.
 * - `paused`: a person holds it; nothing further is assigned, nothing is taken back.
 * - `halted`: a stop rule broke, or a person ended it; it never goes on. Going back is a release of its own.
 * - `finished`: every site of every ring uses the version.
 */
export const ROLLOUT_STATES = ['running', 'paused', 'halted', 'finished'] as const
export type RolloutState = (typeof ROLLOUT_STATES)[number]

/** How the version stands at one site, by what its device signed. */
export type SiteProgress = 'not-assigned' | 'assigned' | 'on-its-way' | 'in-use' | 'taken-back' | 'stopped'

/** What may not be exceeded among the sites that have the version; shares in thousandths. */
export interface StopRules {
  readonly maximumErrorPermille: number
  readonly maximumNotScoredPermille: number
  /** Sites that took the version back or gave it up. */
  readonly maximumRollbacks: number
  /** Alarms of drift since the ring began. */
  readonly maximumDriftAlarms: number
  /** A site without a report for so long is not well. */
  readonly reportWithinHours: number
  /** How long every site of a ring must have used the version before the next ring begins. */
  readonly soakHours: number
}

/** What a hub knows of one site of the plan. `runs` counts images with a score or a reason since it was assigned. */
export interface SiteFacts {
  readonly device: string
  readonly progress: SiteProgress
  readonly runs: number
  readonly errors: number
  readonly notScored: number
  readonly driftAlarms: number
  readonly lastReportAt: number | null
}

export interface Rollout {
  readonly state: RolloutState
  /** Index of the ring that is assigned last. */
  readonly ring: number
  readonly ringSince: number
  /** When every site of the present ring used the version; null while one does not. */
  readonly settledSince: number | null
  /** Why it was halted or paused, in words. */
  readonly reason: string | null
}

export interface RolloutPlan {
  readonly rings: readonly (readonly string[])[]
  readonly rules: StopRules
}

export type RolloutCommand =
  | { readonly kind: 'pause' | 'halt'; readonly reason: string }
  | { readonly kind: 'resume'; readonly reason: string }

/** Below so many images shares are not judged, since one failure would be a tenth of them. */
export const LEAST_RUNS = 20
const HOUR_MS = 3_600_000

/** A rollout begins with its first ring. */
export function beginRollout(now: number): Rollout {
  return { state: 'running', ring: 0, ringSince: now, settledSince: null, reason: null }
}

/** The devices that may have the version now. Never fewer than before while it runs, and never one outside the plan. */
export function assignedDevices(plan: RolloutPlan, rollout: Rollout): readonly string[] {
  return plan.rings.slice(0, rollout.ring + 1).flat()
}

/**
 * Looks at the sites and goes on: a broken rule halts before anything else, and a ring is entered only when every site of
 * the one before has used the version for as long as the rules ask. Paused and halted rollouts assign nothing new.
 */
export function advance(plan: RolloutPlan, rollout: Rollout, sites: readonly SiteFacts[], now: number): Rollout {
  if (rollout.state === 'halted' || rollout.state === 'finished') return rollout
  const assigned = new Set(assignedDevices(plan, rollout))
  const concerned = sites.filter(({ device }) => assigned.has(device))
  const broken = brokenRules(plan.rules, rollout, concerned, now)
  if (broken.length > 0) return { ...rollout, state: 'halted', reason: broken.join('; ') }
  const using = new Set(concerned.flatMap(({ device, progress }) => (progress === 'in-use' ? [device] : [])))
  const isSettled = [...assigned].every((device) => using.has(device))
  const settledSince = isSettled ? (rollout.settledSince ?? now) : null
  const next = { ...rollout, settledSince }
  if (rollout.state === 'paused' || settledSince === null) return next
  if (now - settledSince < plan.rules.soakHours * HOUR_MS) return next
  return rollout.ring + 1 < plan.rings.length
    ? { ...next, ring: rollout.ring + 1, ringSince: now, settledSince: null }
    : { ...next, state: 'finished' }
}

/** What a person decides. @returns undefined when the rollout cannot do that now. */
export function command(rollout: Rollout, { kind, reason }: RolloutCommand, now: number): Rollout | undefined {
  if (kind === 'pause' && rollout.state === 'running') return { ...rollout, state: 'paused', reason }
  // The soak begins again: nobody watched while it was paused.
  if (kind === 'resume' && rollout.state === 'paused') {
    return { ...rollout, state: 'running', reason: null, settledSince: null, ringSince: now }
  }
  const isOpen = rollout.state === 'running' || rollout.state === 'paused'
  return kind === 'halt' && isOpen ? { ...rollout, state: 'halted', reason } : undefined
}

/** Every rule that is broken now, in words. */
export function brokenRules(
  rules: StopRules,
  { ringSince }: Pick<Rollout, 'ringSince'>,
  sites: readonly SiteFacts[],
  now: number,
): string[] {
  const sum = (of: (site: SiteFacts) => number): number => sites.reduce((total, site) => total + of(site), 0)
  const runs = sum(({ runs: of }) => of)
  const found: string[] = []
  const share = (what: string, count: number, limit: number): void => {
    if (runs >= LEAST_RUNS && count * 1000 > limit * runs) {
      found.push(`${what}: ${count} of ${runs} images, more than ${limit} in a thousand`)
    }
  }
  share(
    'errors',
    sum(({ errors }) => errors),
    rules.maximumErrorPermille,
  )
  share(
    'not scored',
    sum(({ notScored }) => notScored),
    rules.maximumNotScoredPermille,
  )
  const back = sites.filter(({ progress }) => progress === 'taken-back' || progress === 'stopped').length
  if (back > rules.maximumRollbacks) found.push(`taken back or stopped at ${back} site(s)`)
  const alarms = sum(({ driftAlarms }) => driftAlarms)
  if (alarms > rules.maximumDriftAlarms) found.push(`${alarms} drift alarm(s)`)
  const within = rules.reportWithinHours * HOUR_MS
  const silent = sites.filter(({ lastReportAt }) => now - Math.max(lastReportAt ?? 0, ringSince) > within)
  if (silent.length > 0) found.push(`no report within ${rules.reportWithinHours} h from ${silent.length} site(s)`)
  return found
}
