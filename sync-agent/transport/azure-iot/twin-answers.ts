import { z } from 'zod'
import {
  type Acknowledgement,
  acknowledgement,
  type DesiredState,
  type DeviceId,
  desiredState,
  envelopePosition,
  refusalCode,
  streamName,
  watermark,
} from '../../contract/index.ts'
import type { Clock, JsonValue } from '../../foundation/index.ts'
import { isJsonObject, type JsonObject, mergePatch } from './json.ts'
import { packEpochAnswers, packedEpochAnswers, unpackEpochAnswers } from './twin-epochs.ts'

/** The one member of desired and reported properties that is ours. */
export const TWIN_MEMBER = 'leadglass'
/** Answers that the twin holds at once: twice the agent's send window, so that none is overwritten unseen. */
export const ANSWER_SLOTS = 16
/** Runs of refused sequences in one answer; with 16 slots the whole stays far below the twin's 32 KB. */
const MAX_RUNS = 12
/** Members that hold answers. */
const ANSWER_MEMBERS: readonly string[] = ['answers', 'cosigned', 'epochs']
const MAX_MARKS = 64
/** The twin takes strings of up to 4 KB. */
const MAX_LINE = 4096
/** Answers about epochs that the twin holds at once. */
const EPOCH_SLOTS = 2
/** What answers may take of the twin's 32 KB; the rest is for the desired state. */
const MAX_HELD_BYTES = 29 * 1024

const { epoch, sequence } = envelopePosition.shape

/** One answer, made small: marks are `[epoch, stream, sequence]`, runs are `[epoch, stream, first, last, code]`. */
const slot = z.strictObject({
  n: z.number().int().min(1),
  b: z.uuid(),
  w: z.array(z.tuple([epoch, streamName, watermark.shape.sequence])).max(MAX_MARKS),
  r: z.array(z.tuple([epoch, streamName, sequence, sequence, refusalCode])).max(MAX_RUNS),
  /** Where the answers about epochs are that belong to it; only a device that asked gets them. */
  e: z.string().regex(/^e\d$/).optional(),
})
type Slot = z.infer<typeof slot>

const cosignedNote = z.strictObject({ n: z.number().int().min(1), lines: z.array(z.string().max(MAX_LINE)).max(256) })

/**
 * The hub's side: acknowledgements of one device as patches of its twin's desired properties. Cloud-to-device messages
 * are not used: over MQTT they count as complete before the device has done anything with them.
 */
export class AnswerBoard {
  readonly #clock: Clock
  #number = 0
  #count = 0
  #epochCount = 0
  #held: JsonObject = {}

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The patch that puts one answer into the next slot. */
  post(answer: Acknowledgement): JsonObject {
    // Unique over restarts of the hub, so that an answer is never taken for the one that stood in its slot before.
    this.#number = Math.max(this.#number + 1, Math.trunc(this.#clock.now()))
    const key = `s${this.#count++ % ANSWER_SLOTS}`
    const n = this.#number
    const entry = {
      n,
      b: answer.batch,
      w: answer.watermarks.slice(0, MAX_MARKS).map((mark) => [mark.epoch, mark.stream, mark.sequence]),
      r: runsOf(answer.refused).slice(0, MAX_RUNS),
    }
    // A note has line breaks and may exceed what one twin string holds; its lines do not.
    const cosigned = answer.cosigned === null ? {} : { cosigned: { n, lines: answer.cosigned.split('\n') } }
    const plain = { answers: { [key]: entry }, ...cosigned }
    const patch = this.#withEpochs(answer, plain, key, n) ?? plain
    this.#held = mergePatch(this.#held, patch)
    return { [TWIN_MEMBER]: patch }
  }

  /** The patch with the answers about epochs; `undefined` without any, and where they do not fit: they are asked again. */
  #withEpochs(answer: Acknowledgement, plain: { answers: JsonObject }, key: string, n: number): JsonObject | undefined {
    if (answer.epochs === undefined || answer.epochs.length === 0) return undefined
    const place = `e${this.#epochCount % EPOCH_SLOTS}`
    const entry = plain.answers[key]
    if (!isJsonObject(entry)) return undefined
    const patch: JsonObject = {
      ...plain,
      answers: { [key]: { ...entry, e: place } },
      epochs: { [place]: { n, a: packEpochAnswers(answer.epochs) } },
    }
    if (Buffer.byteLength(JSON.stringify(mergePatch(this.#held, patch))) > MAX_HELD_BYTES) return undefined
    this.#epochCount += 1
    return patch
  }
}

/** The patch that tells a device what should be so. */
export function desiredStatePatch(state: DesiredState): JsonObject {
  return { [TWIN_MEMBER]: { state } }
}

/** The patch that removes every answer, such as those of an earlier process of the hub. */
export function clearedAnswers(): JsonObject {
  return { [TWIN_MEMBER]: Object.fromEntries(ANSWER_MEMBERS.map((member) => [member, null])) }
}

/** Desired properties without answers: an answer holds for the hub process that gave it, and is never stored. */
export function withoutAnswers(desired: JsonObject): JsonObject {
  const own = desired[TWIN_MEMBER]
  if (!isJsonObject(own)) return desired
  const kept = Object.entries(own).filter(([key]) => !ANSWER_MEMBERS.includes(key))
  return { ...desired, [TWIN_MEMBER]: Object.fromEntries(kept) }
}

/** The agent's side: tells each answer and each desired state once, however often the twin is read. */
export class AnswerReader {
  readonly #device: DeviceId
  readonly #seen = new Map<string, number>()
  #state = ''

  constructor(device: DeviceId) {
    this.#device = device
  }

  /** What is new in the desired properties, in the order in which the hub said it. Malformed members count as refused. */
  read(desired: JsonObject): { answers: Acknowledgement[]; state: DesiredState | undefined; refused: number } {
    const own = desired[TWIN_MEMBER]
    if (!isJsonObject(own)) return { answers: [], state: undefined, refused: 0 }
    let refused = 0
    const fresh: Slot[] = []
    for (const [key, value] of isJsonObject(own.answers) ? Object.entries(own.answers) : []) {
      const parsed = slot.safeParse(value)
      if (!/^s\d{1,2}$/.test(key) || !parsed.success) refused += 1
      else if (this.#seen.get(key) !== parsed.data.n) {
        this.#seen.set(key, parsed.data.n)
        fresh.push(parsed.data)
      }
    }
    const note = cosignedNote.safeParse(own.cosigned)
    const answers = fresh
      .sort((a, b) => a.n - b.n)
      .flatMap((entry) => {
        const cosigned = note.success && note.data.n === entry.n ? note.data.lines.join('\n') : null
        const epochs = epochsOf(entry, own.epochs)
        // Overwritten before it was read: the batch is not taken for answered, is sent again and answered again.
        const answer = epochs === 'gone' ? undefined : this.#answer(entry, cosigned, epochs)
        if (answer === undefined) refused += 1
        return answer === undefined ? [] : [answer]
      })
    const state = this.#readState(own.state)
    return { answers, state: state.value, refused: refused + (state.refused ? 1 : 0) }
  }

  #answer(entry: Slot, cosigned: string | null, epochs: Acknowledgement['epochs']): Acknowledgement | undefined {
    const length = entry.r.reduce((sum, [, , first, last]) => sum + Math.max(1, last - first + 1), 0)
    if (length > 2000) return undefined
    const parsed = acknowledgement.safeParse({
      schema: 'leadglass.acknowledgement/1',
      device: this.#device,
      batch: entry.b,
      watermarks: entry.w.map(([epoch, stream, sequence]) => ({ epoch, stream, sequence })),
      refused: entry.r.flatMap(([epoch, stream, first, last, code]) =>
        Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => ({ epoch, stream, sequence: first + i, code })),
      ),
      cosigned,
      ...(epochs === undefined ? {} : { epochs }),
    })
    return parsed.success ? parsed.data : undefined
  }

  #readState(value: JsonValue | undefined): { value: DesiredState | undefined; refused: boolean } {
    const text = JSON.stringify(value ?? null)
    if (value === undefined || text === this.#state) return { value: undefined, refused: false }
    this.#state = text
    const parsed = desiredState.safeParse(value)
    return { value: parsed.success ? parsed.data : undefined, refused: !parsed.success }
  }
}

/** The answers about epochs of a slot; `undefined` when it has none. */
function epochsOf(entry: Slot, member: JsonValue | undefined): Acknowledgement['epochs'] | 'gone' {
  if (entry.e === undefined) return undefined
  const packed = isJsonObject(member) ? packedEpochAnswers.safeParse(member[entry.e]) : undefined
  return packed?.success === true && packed.data.n === entry.n ? unpackEpochAnswers(packed.data.a) : 'gone'
}

/** Refusals of neighbouring sequences as runs: a gap refuses a whole batch, and would fill the twin one by one. */
function runsOf(refused: Acknowledgement['refused']): Slot['r'] {
  const runs: Slot['r'] = []
  for (const { epoch, stream, sequence, code } of refused) {
    const run = runs.at(-1)
    const continues =
      run !== undefined && run[0] === epoch && run[1] === stream && run[4] === code && run[3] + 1 === sequence
    if (continues) run[3] = sequence
    else runs.push([epoch, stream, sequence, sequence, code])
  }
  return runs
}
