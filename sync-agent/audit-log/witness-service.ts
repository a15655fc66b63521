import { checkpointText } from './checkpoint.ts'
import { type NoteSigner, signatureLine } from './note.ts'
import {
  type AddCheckpointRequest,
  considerCheckpoint,
  parseAddCheckpoint,
  type WitnessDecision,
  type WitnessedLog,
} from './witness.ts'

/** Media type of the answer 409 (C2SP tlog-witness). */
const SIZE_TYPE = 'text/x.tlog.size'
const TEXT_TYPE = 'text/plain; charset=utf-8'

/** An answer over HTTP. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422
  readonly contentType: string
  readonly body: string
}

/**
 * What a witness remembers. `judge` reads the memory of a log, lets `decide` look at it, and makes an accepted checkpoint
 * durable before it resolves; between reading and writing nobody else is let in.
 */
export interface WitnessMemory {
  judge(origin: string, decide: (known: WitnessedLog | undefined) => WitnessDecision): Promise<WitnessDecision>
}

/** What a witness works with. */
export interface WitnessDependencies {
  readonly memory: WitnessMemory
  /** A cosigner of this instant. */
  readonly cosigner: () => NoteSigner
  /** Is told every decision: where a log that forks raises its alarm. */
  readonly onDecision?: (origin: string | null, decision: WitnessDecision) => void
}

/** Answers the body of one `add-checkpoint` (C2SP tlog-witness). Never throws for what a stranger may send. */
export async function answerAddCheckpoint(body: string, dependencies: WitnessDependencies): Promise<WitnessAnswer> {
  const request = parseAddCheckpoint(body)
  const origin = request === undefined ? undefined : originOf(request)
  if (request === undefined || origin === undefined) return refused(dependencies, null, { status: 400 })
  const decision = await dependencies.memory.judge(origin, (known) => considerCheckpoint(() => known, request))
  if (decision.status !== 200) return refused(dependencies, origin, decision)
  dependencies.onDecision?.(origin, decision)
  return {
    status: 200,
    contentType: TEXT_TYPE,
    body: signatureLine(dependencies.cosigner(), checkpointText(decision.checkpoint)),
  }
}

function refused(
  { onDecision }: WitnessDependencies,
  origin: string | null,
  decision: Exclude<WitnessDecision, { readonly status: 200 }>,
): WitnessAnswer {
  onDecision?.(origin, decision)
  return decision.status === 409
    ? { status: 409, contentType: SIZE_TYPE, body: `${decision.knownSize}\n` }
    : { status: decision.status, contentType: TEXT_TYPE, body: '' }
}

function originOf(request: AddCheckpointRequest): string | undefined {
  const end = request.checkpointNote.indexOf('\n')
  return end > 0 ? request.checkpointNote.slice(0, end) : undefined
}
