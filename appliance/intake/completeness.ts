import type { CompletionReason } from '../records/index.ts'
import type { Settings } from '../settings.ts'

/** What is known of a revision that may still grow. Times are milliseconds since 1970. */
export interface Gathering {
  readonly openedAt: number
  readonly lastInstanceAt: number
  /** Associations that sent to it and are still open. */
  readonly openAssociations: number
  /** It was found open when the process started: whether its associations ended in order is not known. */
  readonly found: boolean
  /** What peers said about how much belongs to the study; absent where nobody said anything. */
  readonly evidence?: Evidence | undefined
}

/** Instances that a peer named, and how many of them are not here. */
export interface NamedInstances {
  readonly instances: number
  readonly missing: number
}

/** What peers said about a study beside sending it. */
export interface Evidence {
  /** Instances of the revision. */
  readonly held: number
  /** Its procedure steps (MPPS): how many are under way, and what they name as made. */
  readonly procedureStep: (NamedInstances & { readonly inProgress: number }) | undefined
  /** What notifications of availability (IAN) name. */
  readonly availability: NamedInstances | undefined
  /** What the source told when it was asked: a number, that it is still being asked, or that it does not tell. */
  readonly count: { readonly kind: 'told'; readonly instances: number } | { readonly kind: 'asking' } | undefined
}

/**
 * Decides whether a revision is complete, and by which sign. C-STORE itself never says so (PS3.4 B.1), so the signs are
 * weighed, evidence first: a finished procedure step whose instances are all here (PS3.4 F.7); an announcement of
 * availability likewise (PS3.4 R.3); the number of instances that the source has (0020,1208), once nothing is being
 * sent. Where evidence names more than is here, the timers wait longer for it. Without evidence, or where more is here
 * than it knows of: the associations that sent have ended and it was quiet; or it was quiet for long although one is
 * open; or, whatever was said, it has taken too long.
 */
export function judgeCompleteness(
  gathering: Gathering,
  timers: Pick<Settings['assembly'], 'quietMs' | 'idleMs' | 'capMs' | 'evidenceMs'>,
  now: number,
): CompletionReason | undefined {
  const word = weigh(gathering)
  if (word.kind === 'complete') return word.reason
  // A clock that went backwards must not hold a study for ever: count from now.
  const quiet = Math.max(0, now - gathering.lastInstanceAt)
  if (word.kind === 'incomplete') {
    if (quiet >= timers.evidenceMs) return 'quiet-timer'
  } else {
    if (gathering.openAssociations === 0 && quiet >= timers.quietMs) {
      return gathering.found ? 'restart' : 'association-end-and-quiet'
    }
    if (quiet >= timers.idleMs) return 'quiet-timer'
  }
  if (now - gathering.openedAt >= timers.capMs) return 'cap'
  return undefined
}

type Word =
  | { readonly kind: 'complete'; readonly reason: CompletionReason }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'silent' }

/** What the evidence says, all of it together: one witness that misses something outweighs another that does not. */
function weigh({ evidence, openAssociations }: Gathering): Word {
  if (evidence === undefined) return { kind: 'silent' }
  const { held, procedureStep, availability, count } = evidence
  const misses =
    (procedureStep !== undefined && (procedureStep.inProgress > 0 || procedureStep.missing > 0)) ||
    (availability !== undefined && availability.missing > 0) ||
    (count?.kind === 'told' && count.instances > held)
  if (misses) return { kind: 'incomplete' }
  if (procedureStep !== undefined && namesAll(procedureStep, held))
    return { kind: 'complete', reason: 'procedure-step' }
  if (availability !== undefined && namesAll(availability, held))
    return { kind: 'complete', reason: 'instance-availability' }
  // A source that is still sending counts what it has sent so far.
  if (count?.kind === 'told' && count.instances === held && openAssociations === 0)
    return { kind: 'complete', reason: 'instance-count' }
  // The timers wait for an answer that is on its way; who has spoken already need not.
  return { kind: count?.kind === 'asking' ? 'incomplete' : 'silent' }
}

/** Where more is here than was named, the witness does not know of everything and proves nothing. */
function namesAll({ instances, missing }: NamedInstances, held: number): boolean {
  return missing === 0 && instances > 0 && instances >= held
}

/** How many instances the strongest witness names; `undefined` where none does. For people: "12 of 14". */
export function expectedInstances(evidence: Evidence | undefined): number | undefined {
  if (evidence === undefined) return undefined
  const { procedureStep, availability, count } = evidence
  const named = [
    procedureStep?.instances ?? 0,
    availability?.instances ?? 0,
    count?.kind === 'told' ? count.instances : 0,
  ]
  const most = Math.max(...named)
  return most === 0 ? undefined : most
}
