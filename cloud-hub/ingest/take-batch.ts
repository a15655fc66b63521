import type { Envelope, EpochAnswer, EpochRoot, Watermark } from '@leadglass/sync-agent/contract'
import { admit } from './admission.ts'
import type { AlarmBook } from './alarms.ts'
import type { BatchResult, InboxTransaction } from './inbox-store.ts'
import type { ParsedBatch, Refusal } from './payload.ts'

/** What a batch did to one stream. */
interface Touched {
  mark: Watermark
  duplicates: number
  refused: number
}

/** A batch that was taken. Statements about epochs, new or repeated, are still to be answered in the same transaction. */
export interface TakenBatch {
  readonly result: BatchResult
  readonly statements: readonly EpochRoot[]
}

/**
 * The one way in which a batch is taken, on every database: the device's standing, then each envelope by the rule of the
 * inbox, then the watermarks and what is to be alarmed.
 * @param at ISO instant of the receipt.
 */
export function takeBatch(
  batch: ParsedBatch,
  transaction: InboxTransaction,
  alarms: Pick<AlarmBook, 'raise'>,
  at: string,
): TakenBatch {
  const { device } = batch
  const standing = transaction.standing(device)
  if (standing !== 'admitted') {
    const code = `device-${standing}` as const
    alarms.raise(device, code, 1)
    return { result: { outcome: 'turned-away', code }, statements: [] }
  }
  transaction.touch(device, at)
  const watermarks = new Map(transaction.watermarks(device).map((mark) => [streamKey(mark), mark]))
  const touched = new Map<string, Touched>()
  const refused: Refusal[] = [...batch.refused]
  let accepted = 0
  let checkpointSeen = false
  const statements: EpochRoot[] = []
  for (const envelope of batch.envelopes) {
    const { epoch, stream, sequence } = envelope
    const before = refused.length
    const current = touchedBy(envelope, touched, watermarks)
    const committed = sequence > current.mark.sequence ? undefined : transaction.committedDigest(envelope)
    const admission = admit(envelope, current.mark.sequence, committed)
    const refuse = (code: Refusal['code']): void => {
      refused.push({ epoch, stream, sequence, code })
      current.refused += 1
    }
    if (admission.outcome === 'refuse') refuse(admission.code)
    else if (admission.outcome === 'duplicate') current.duplicates += 1
    else if (transaction.isBeyondClosing(envelope)) refuse('closed-epoch')
    else if (transaction.store(envelope, at)) {
      current.mark = { epoch, stream, sequence }
      accepted += 1
    } else refuse('audit-inconsistent')
    checkpointSeen ||= envelope.body.kind === 'audit-checkpoint'
    if (envelope.body.kind === 'epoch-root' && refused.length === before) statements.push(envelope.body)
  }
  for (const { mark, duplicates, refused: turnedAway } of touched.values()) {
    transaction.writeWatermark(device, mark, duplicates, turnedAway)
  }
  raiseAlarms(batch, refused, alarms)
  const result: BatchResult = {
    outcome: 'committed',
    accepted,
    duplicates: [...touched.values()].reduce((sum, one) => sum + one.duplicates, 0),
    acknowledgement: {
      schema: 'leadglass.acknowledgement/1',
      device,
      batch: batch.batch,
      watermarks: [...touched.values()].map((one) => one.mark),
      refused,
      cosigned: checkpointSeen ? transaction.lastCosigned(device) : null,
    },
  }
  return { result, statements }
}

/** The result with the hub's answers to the statements of the batch. */
export function answered(result: BatchResult, answers: readonly EpochAnswer[]): BatchResult {
  if (result.outcome === 'turned-away' || answers.length === 0) return result
  return { ...result, acknowledgement: { ...result.acknowledgement, epochs: [...answers] } }
}

function touchedBy(
  { epoch, stream }: Envelope,
  touched: Map<string, Touched>,
  watermarks: ReadonlyMap<string, Watermark>,
): Touched {
  const key = streamKey({ epoch, stream })
  const current = touched.get(key) ?? {
    mark: watermarks.get(key) ?? { epoch, stream, sequence: 0 },
    duplicates: 0,
    refused: 0,
  }
  touched.set(key, current)
  return current
}

function raiseAlarms(batch: ParsedBatch, refused: readonly Refusal[], alarms: Pick<AlarmBook, 'raise'>): void {
  const counts = new Map<string, number>()
  for (const { code } of refused) counts.set(code, (counts.get(code) ?? 0) + 1)
  if (batch.unreadable > 0) counts.set('schema', (counts.get('schema') ?? 0) + batch.unreadable)
  for (const [code, count] of counts) alarms.raise(batch.device, code, count)
  // One place with two contents: a copied box, or one that was put back to an earlier state.
  const conflicts = refused.filter(({ code }) => code === 'conflict')
  const forks = conflicts.filter(({ stream }) => stream === 'audit').length
  if (conflicts.length > 0) alarms.raise(batch.device, 'device-cloned', conflicts.length)
  if (forks > 0) alarms.raise(batch.device, 'audit-fork', forks)
}

function streamKey(mark: Pick<Watermark, 'epoch' | 'stream'>): string {
  return `${mark.epoch}/${mark.stream}`
}
