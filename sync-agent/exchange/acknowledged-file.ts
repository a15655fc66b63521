import { z } from 'zod'
import { readCheckpoint } from '../audit-log/index.ts'
import {
  type Acknowledgement,
  acknowledgement,
  type EpochAnswer,
  epochAnswer,
  type Watermark,
  watermark,
} from '../contract/index.ts'
import { JsonFile } from './json-file.ts'

/** Refusals that are kept until the appliance has dealt with them; the oldest give way. */
const MAX_REFUSED = 2000
/** Answers about epochs that are kept: a run of statements has few rounds, and the appliance reads each at once. */
const MAX_EPOCHS = 64
const MAX_FILE_BYTES = 4 * 1024 * 1024
/** A hub that did not know a kind of message learns it; a log that did not continue yet does so later. */
const ENDS_WITH_COMMIT: ReadonlySet<string> = new Set(['gap', 'schema', 'audit-inconsistent'])

/** What the hub has told so far: how far each stream is committed, what it did not take, the newest cosigned checkpoint. */
export const acknowledgedState = z.strictObject({
  schema: z.literal('leadglass.acknowledged/1'),
  watermarks: z.array(watermark).max(10_000),
  refused: acknowledgement.shape.refused,
  cosigned: acknowledgement.shape.cosigned,
  epochs: z.array(epochAnswer).max(MAX_EPOCHS).optional(),
  at: z.iso.datetime(),
})
export type AcknowledgedState = z.infer<typeof acknowledgedState>
export type Refusal = AcknowledgedState['refused'][number]

/** `exchange/inbox/acknowledged.json`: written by the agent, read by the appliance. */
export class AcknowledgedFile extends JsonFile<AcknowledgedState> {
  constructor(path: string) {
    super(path, acknowledgedState, MAX_FILE_BYTES)
  }
}

/** Nothing acknowledged yet. */
export function nothingAcknowledged(at: string): AcknowledgedState {
  return { schema: 'leadglass.acknowledged/1', watermarks: [], refused: [], cosigned: null, at }
}

/** How far a stream of an epoch is committed; 0 when the hub never spoke of it. */
export function committedSequence(state: AcknowledgedState, position: Omit<Watermark, 'sequence'>): number {
  return state.watermarks.find((mark) => sameStream(mark, position))?.sequence ?? 0
}

/**
 * Takes an acknowledgement into the state. Watermarks only rise, because an answer can arrive late and twice.
 * @param lost a stream in which the hub lost what it had committed (a restored backup): it is set to the hub's own
 * watermark, and the appliance must send from there again.
 */
export function mergeAcknowledgement(
  state: AcknowledgedState,
  answer: Acknowledgement,
  at: string,
  lost?: Omit<Watermark, 'sequence'>,
): AcknowledgedState {
  const watermarks = [...state.watermarks]
  for (const mark of answer.watermarks) {
    const known = watermarks.findIndex((candidate) => sameStream(candidate, mark))
    const before = watermarks[known]
    if (before === undefined) watermarks.push(mark)
    else if (mark.sequence > before.sequence || (lost !== undefined && sameStream(mark, lost))) watermarks[known] = mark
  }
  const merged = { ...state, watermarks, at }
  const refused = new Map<string, Refusal>()
  for (const entry of [...state.refused, ...lowestGaps(answer.refused)]) {
    // These are over as soon as the hub has committed the place; every other refusal is for the appliance to settle.
    if (ENDS_WITH_COMMIT.has(entry.code) && committedSequence(merged, entry) >= entry.sequence) continue
    // Of the gaps of a stream only the newest matters: sending starts again at the watermark.
    const key = entry.code === 'gap' ? 'gap' : `${entry.sequence}/${entry.code}`
    const id = `${entry.epoch}/${entry.stream}/${key}`
    refused.delete(id)
    refused.set(id, entry)
  }
  return {
    ...merged,
    refused: [...refused.values()].slice(-MAX_REFUSED),
    cosigned: newerNote(state.cosigned, answer.cosigned),
    ...(answer.epochs === undefined ? {} : { epochs: newestAnswers(state.epochs ?? [], answer.epochs) }),
  }
}

/** The last answer to each statement, the oldest statements left out. */
function newestAnswers(known: readonly EpochAnswer[], incoming: readonly EpochAnswer[]): EpochAnswer[] {
  const bySerial = new Map([...known, ...incoming].map((one) => [one.serial, one]))
  return [...bySerial.values()].sort((a, b) => a.serial - b.serial).slice(-MAX_EPOCHS)
}

/** The hub names every envelope behind a gap; the first of each stream says all. */
function lowestGaps(refused: readonly Refusal[]): Refusal[] {
  return refused.filter(
    (entry) =>
      entry.code !== 'gap' ||
      !refused.some((other) => other.code === 'gap' && sameStream(other, entry) && other.sequence < entry.sequence),
  )
}

/** The note of the greater tree; the agent does not judge signatures, the appliance does. */
function newerNote(known: string | null, incoming: string | null): string | null {
  if (incoming === null || known === null) return incoming ?? known
  const before = readCheckpoint(known)?.size ?? -1
  const after = readCheckpoint(incoming)?.size ?? -1
  return after >= before ? incoming : known
}

function sameStream(a: Omit<Watermark, 'sequence'>, b: Omit<Watermark, 'sequence'>): boolean {
  return a.epoch === b.epoch && a.stream === b.stream
}
