import { STREAMS, type StreamName } from '../contract/index.ts'

/** What a batch file covers: consecutive sequences of one stream in one epoch. */
export interface BatchRange {
  readonly epoch: number
  readonly stream: StreamName
  readonly first: number
  readonly last: number
}

const NAME = /^(\d{7})-(\d)-(\d{12})-(\d{12})\.batch$/
const MAX_SEQUENCE = 999_999_999_999

/** `<epoch 7 digits>-<stream rank 1 digit>-<first 12 digits>-<last 12 digits>.batch`; names sort as they are to be sent. */
export function batchFileName(range: BatchRange): string {
  if (range.last > MAX_SEQUENCE) throw new RangeError('a sequence has at most twelve digits')
  const rank = STREAMS.indexOf(range.stream)
  const digits = (value: number, length: number): string => String(value).padStart(length, '0')
  return `${digits(range.epoch, 7)}-${rank}-${digits(range.first, 12)}-${digits(range.last, 12)}.batch`
}

/** What a name says; `undefined` for any other file. */
export function parseBatchFileName(name: string): BatchRange | undefined {
  const match = NAME.exec(name)
  if (match === null) return undefined
  const stream = STREAMS[Number(match[2])]
  const [epoch, first, last] = [Number(match[1]), Number(match[3]), Number(match[4])]
  if (stream === undefined || epoch < 1 || first < 1 || last < first) return undefined
  return { epoch, stream, first, last }
}

/** Order of sending within a stream: older epochs first, then by sequence; of two that begin alike, the longer. */
export function compareRanges(a: BatchRange, b: BatchRange): number {
  return a.epoch - b.epoch || a.first - b.first || b.last - a.last
}
