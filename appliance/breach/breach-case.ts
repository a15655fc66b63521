/**
 * A suspected breach of protected health information, as 45 CFR 164.402-414 has it. A case is the sequence of its steps; nothing
 * in it is ever changed. One axis a concern: whether it was assessed and how, who was notified, whether it is closed.
 */

/** The four factors that an assessment must weigh, 45 CFR 164.402(2)(i)-(iv). */
export const FACTORS = ['natureAndExtent', 'whoUsedIt', 'acquiredOrViewed', 'mitigated'] as const
export type Factors = Readonly<Record<(typeof FACTORS)[number], string>>

/** `low-probability`: the assessment shows that the information was probably not compromised; nobody needs to be told. */
export const CONCLUSIONS = ['breach', 'low-probability'] as const
export type Conclusion = (typeof CONCLUSIONS)[number]

/** Who is to be told: 164.404, 164.406, 164.408. */
export const NOTIFIED = ['individuals', 'media', 'secretary'] as const
export type Notified = (typeof NOTIFIED)[number]

/** What was done, each once or more. */
export type BreachStep =
  | { readonly kind: 'opened'; readonly discoveredOn: string; readonly summary: string }
  /** Places in the audit log. */
  | { readonly kind: 'evidence'; readonly entries: readonly number[] }
  | {
      readonly kind: 'assessed'
      readonly conclusion: Conclusion
      readonly affected: number
      readonly mostInOneState: number
      readonly factors: Factors
    }
  | { readonly kind: 'notified'; readonly whom: Notified; readonly on: string }
  | { readonly kind: 'closed'; readonly reason: string }

/** A step with who did it and when (milliseconds since 1970). */
export interface RecordedStep {
  readonly at: number
  readonly by: string
  readonly step: BreachStep
}

/** What is due, and whether it was done. `due` and `doneOn` are days, `YYYY-MM-DD`. */
export interface Duty {
  readonly whom: Notified
  readonly due: string
  readonly clause: string
  readonly doneOn: string | null
}

/** A case as its steps make it. */
export interface BreachCase {
  readonly discoveredOn: string
  readonly summary: string
  readonly evidence: readonly number[]
  readonly assessment: Extract<BreachStep, { kind: 'assessed' }> | null
  readonly duties: readonly Duty[]
  readonly closed: boolean
}

/** Why a step may not follow what was done. */
export type StepRefusal =
  | 'already-closed'
  | 'not-assessed'
  | 'not-due'
  | 'duties-open'
  | 'before-discovery'
  | 'in-the-future'

/** From when many are affected on, media and the Secretary are told at once (164.406(a): more than; 164.408(b): or more). */
const MANY = 500
/** 164.404(b), 164.406(b), 164.408(b): never later than 60 calendar days after discovery. */
const DAYS = 60

/** Puts the steps of a case together; the first one opened it. @throws RangeError when it did not. */
export function caseOf(steps: readonly RecordedStep[]): BreachCase {
  const opened = steps[0]?.step
  if (opened?.kind !== 'opened') throw new RangeError('a case begins with being opened')
  const evidence = new Set<number>()
  const done = new Map<Notified, string>()
  let assessment: BreachCase['assessment'] = null
  let closed = false
  for (const { step } of steps) {
    if (step.kind === 'evidence') for (const entry of step.entries) evidence.add(entry)
    // Whoever knows more assesses again; the last assessment counts.
    if (step.kind === 'assessed') assessment = step
    if (step.kind === 'notified') done.set(step.whom, step.on)
    if (step.kind === 'closed') closed = true
  }
  const { discoveredOn, summary } = opened
  const duties =
    assessment === null
      ? []
      : dutiesOf(discoveredOn, assessment).map((duty) => ({ ...duty, doneOn: done.get(duty.whom) ?? null }))
  return { discoveredOn, summary, evidence: [...evidence].sort((a, b) => a - b), assessment, duties, closed }
}

/**
 * Why a step may not be added; `undefined` when it may. Evidence may be added to a closed case: it takes nothing away.
 * @param today `YYYY-MM-DD` in UTC.
 */
export function judgeStep(found: BreachCase, step: BreachStep, today: string): StepRefusal | undefined {
  if (step.kind === 'evidence') return undefined
  if (found.closed) return 'already-closed'
  if (step.kind === 'notified') {
    if (found.assessment === null) return 'not-assessed'
    if (step.on < found.discoveredOn) return 'before-discovery'
    if (isToCome(step.on, today)) return 'in-the-future'
    return found.duties.some(({ whom }) => whom === step.whom) ? undefined : 'not-due'
  }
  if (step.kind === 'closed') {
    if (found.assessment === null) return 'not-assessed'
    return found.duties.some(({ doneOn }) => doneOn === null) ? 'duties-open' : undefined
  }
  return undefined
}

/**
 * True for a day that is over nowhere yet: a discovery to come would put every duty off (164.404(a)(2) counts from the day
 * on which the breach is known), and nobody was told tomorrow. West of the date line the day is one ahead of UTC.
 */
export function isToCome(day: string, today: string): boolean {
  return day > daysAfter(today, 1)
}

/** Duties whose day has passed. @param today `YYYY-MM-DD`. */
export function overdue({ duties }: BreachCase, today: string): readonly Duty[] {
  return duties.filter(({ due, doneOn }) => doneOn === null && today > due)
}

function dutiesOf(
  discoveredOn: string,
  { conclusion, affected, mostInOneState }: NonNullable<BreachCase['assessment']>,
): Omit<Duty, 'doneOn'>[] {
  if (conclusion === 'low-probability') return []
  const soon = daysAfter(discoveredOn, DAYS)
  const duties: Omit<Duty, 'doneOn'>[] = [{ whom: 'individuals', due: soon, clause: '45 CFR 164.404(b)' }]
  if (mostInOneState > MANY) duties.push({ whom: 'media', due: soon, clause: '45 CFR 164.406' })
  duties.push(
    affected >= MANY
      ? { whom: 'secretary', due: soon, clause: '45 CFR 164.408(b)' }
      : // 164.408(c): fewer than 500, 60 days after the end of the calendar year of the discovery.
        { whom: 'secretary', due: daysAfter(`${discoveredOn.slice(0, 4)}-12-31`, DAYS), clause: '45 CFR 164.408(c)' },
  )
  return duties
}

function daysAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}
