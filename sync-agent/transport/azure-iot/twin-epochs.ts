import { z } from 'zod'
import { type EpochAnswer, epochAnswer, MAX_EPOCH_RANGES, streamName } from '../../contract/index.ts'

const ROOT_BYTES = 32
/** One string of a twin holds 4 KB: the roots of 64 ranges are 2,732 characters. */
const MAX_ROOTS = 4096
/** Answers in one slot; whoever states more at once asks again for the rest. */
const MAX_ANSWERS = 4

const count = z.number().int().min(0)

/** Epoch, serial, envelopes, envelopes of each range, all roots in one string (the whole first), and what is beyond. */
const packed = z.tuple([
  epochAnswer.shape.epoch,
  epochAnswer.shape.serial,
  count,
  z.array(count).max(MAX_EPOCH_RANGES),
  z.base64().max(MAX_ROOTS),
  z.array(z.tuple([streamName, count, count])).max(5),
])
type Packed = z.infer<typeof packed>

/** Answers about epochs as they stand in a twin, with the number of the slot to which they belong. */
export const packedEpochAnswers = z.strictObject({
  n: z.number().int().min(1),
  a: z.array(packed).max(MAX_ANSWERS),
})

/** Makes answers small enough for a twin; those beyond the first few are left out. */
export function packEpochAnswers(answers: readonly EpochAnswer[]): Packed[] {
  return answers
    .slice(0, MAX_ANSWERS)
    .map(({ epoch, serial, envelopes, root, ranges, beyond }) => [
      epoch,
      serial,
      envelopes,
      ranges.map((range) => range.envelopes),
      Buffer.from([root, ...ranges.map((range) => range.root)].join(''), 'hex').toString('base64'),
      beyond.map(({ stream, from, to }) => [stream, from, to]),
    ])
}

/** The answers again; what is inconsistent gives a form that no schema accepts. */
export function unpackEpochAnswers(packedAnswers: readonly Packed[]): EpochAnswer[] {
  return packedAnswers.map(([epoch, serial, envelopes, counts, text, beyond]) => {
    const roots = Buffer.from(text, 'base64')
    const rootAt = (i: number): string => roots.subarray(i * ROOT_BYTES, (i + 1) * ROOT_BYTES).toString('hex')
    const isWhole = roots.length === (counts.length + 1) * ROOT_BYTES
    return {
      epoch,
      serial,
      envelopes,
      root: isWhole ? rootAt(0) : '',
      ranges: counts.map((one, i) => ({ envelopes: one, root: rootAt(i + 1) })),
      beyond: beyond.map(([stream, from, to]) => ({ stream, from, to })),
    }
  })
}
