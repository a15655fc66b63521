import type { ExecutionProvider } from './execution.ts'
import type { ExplainOutcome } from './explain-outcome.ts'
import type { Lane } from './lane-queue.ts'
import type { WorkerReply, WorkerRequest } from './messages.ts'
import type { GoldenOutcome, InstanceOutcome, JobFailure, ScoringOutcome } from './outcome.ts'

/** A job on its way through the pool: what is asked, how long it may take, and who waits for its end. */
export interface PoolJob {
  readonly request: WorkerRequest
  readonly lane: Lane
  readonly timeoutMs: number
  /** What the model may hold; 0 when that is not known. */
  readonly memoryMiB: number
  /** How many workers have died with this job. */
  deaths: number
  /** Forgets what an earlier worker reported; called whenever the job is handed out. */
  begin(): void
  /** Takes a reply for this job. @returns true when the job has ended with it. */
  take(reply: WorkerReply): boolean
  fail(reason: JobFailure, detail: string): void
}

type ScoreRequest = Extract<WorkerRequest, { kind: 'score' }>
type GoldenRequest = Extract<WorkerRequest, { kind: 'golden' }>
type ExplainRequest = Extract<WorkerRequest, { kind: 'explain' }>

/** A job that scores files. A worker that reports other instances than it was given counts as having crashed. */
export function scoringJob(
  request: ScoreRequest,
  lane: Lane,
  bounds: { readonly timeoutMs: number; readonly memoryMiB: number },
  resolve: (outcome: ScoringOutcome) => void,
): PoolJob {
  let instances: (InstanceOutcome | undefined)[] = []
  const expected = request.row === undefined ? request.files.length : 1
  let begun = 0
  const fail = (reason: JobFailure, detail: string): void => resolve({ kind: 'failed', reason, detail })
  const complete = (provider: ExecutionProvider | undefined): void => {
    const reported = instances.flatMap((outcome) => (outcome === undefined ? [] : [outcome]))
    if (reported.length === expected) {
      resolve({ kind: 'completed', instances: reported, provider, ms: performance.now() - begun })
    } else fail('crashed', 'the worker ended the job without all instances')
  }
  return {
    request,
    lane,
    ...bounds,
    deaths: 0,
    begin: () => {
      begun = performance.now()
      instances = new Array<InstanceOutcome | undefined>(expected).fill(undefined)
    },
    take: (reply) => {
      if (reply.kind === 'instance' && reply.outcome.instance < expected) {
        instances[reply.outcome.instance] = reply.outcome
      }
      if (reply.kind === 'failed') fail(reply.reason, reply.detail)
      if (reply.kind === 'completed') complete(reply.provider)
      return reply.kind === 'failed' || reply.kind === 'completed'
    },
    fail,
  }
}

/** A job that runs a package's golden cases. */
export function goldenJob(
  request: GoldenRequest,
  bounds: { readonly timeoutMs: number; readonly memoryMiB: number },
  resolve: (outcome: GoldenOutcome) => void,
): PoolJob {
  const fail = (reason: JobFailure, detail: string): void => resolve({ kind: 'failed', reason, detail })
  return {
    request,
    lane: 'routine',
    ...bounds,
    deaths: 0,
    begin: () => undefined,
    take: (reply) => {
      if (reply.kind === 'failed') fail(reply.reason, reply.detail)
      if (reply.kind === 'golden') resolve(judge(reply))
      return reply.kind === 'failed' || reply.kind === 'golden'
    },
    fail,
  }
}

/** A job that explains one score. */
export function explainJob(
  request: ExplainRequest,
  lane: Lane,
  bounds: { readonly timeoutMs: number; readonly memoryMiB: number },
  resolve: (outcome: ExplainOutcome) => void,
): PoolJob {
  const fail = (reason: JobFailure, detail: string): void => resolve({ kind: 'failed', reason, detail })
  return {
    request,
    lane,
    ...bounds,
    deaths: 0,
    begin: () => undefined,
    take: (reply) => {
      if (reply.kind === 'failed') fail(reply.reason, reply.detail)
      if (reply.kind === 'explained') resolve(reply.outcome)
      return reply.kind === 'failed' || reply.kind === 'explained'
    },
    fail,
  }
}

function judge(reply: Extract<WorkerReply, { kind: 'golden' }>): GoldenOutcome {
  const { cases, maximumDeviation, withinTolerance, provider } = reply
  if (withinTolerance && cases > 0) return { kind: 'passed', cases, maximumDeviation, provider }
  return { kind: 'failed', reason: 'deviates', detail: `a value differs by ${maximumDeviation.toExponential(2)}` }
}
