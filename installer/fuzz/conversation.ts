import fc from 'fast-check'
import type { Seed } from './corpus.ts'
import { anyObjectCase, type ObjectCase, objectOf } from './object-case.ts'
import {
  associateRequest,
  commandSet,
  dataPdus,
  echoCommand,
  PDU,
  type Proposal,
  pdu,
  pdv,
  RELEASE,
  storeCommand,
  VERIFICATION,
} from './wire.ts'

/** One thing that a caller says in an association. */
type Step =
  | { readonly kind: 'echo' }
  | {
      readonly kind: 'store'
      readonly object: ObjectCase
      readonly fragment: number
      readonly groupLength: number | null
    }
  /** The data set ends inside a fragment, and something else follows. */
  | { readonly kind: 'half-store'; readonly object: ObjectCase; readonly kept: number; readonly abort: boolean }
  /** Two requests whose data sets are sent in turns. */
  | { readonly kind: 'interleaved'; readonly object: ObjectCase }
  | { readonly kind: 'wrong-context'; readonly object: ObjectCase; readonly contextId: number }
  | {
      readonly kind: 'command'
      readonly values: readonly (readonly [number, number | string])[]
      readonly groupLength: number
    }
  | {
      readonly kind: 'pdv'
      readonly contextId: number
      readonly control: number
      readonly bytes: Uint8Array
      readonly declared: number | null
    }
  | { readonly kind: 'empty-pdvs'; readonly control: number; readonly count: number }
  | { readonly kind: 'pdu'; readonly type: number; readonly body: Uint8Array; readonly declared: number | null }

/** One thing done to the PDUs of a conversation. */
interface Damage {
  readonly kind: 'drop' | 'repeat' | 'swap' | 'flip' | 'length' | 'cut'
  readonly where: number
  readonly value: number
}

/** A conversation as it was made up: what is said, what is then broken, and in how many writes it is sent. */
export interface Conversation {
  /** Take this one of the recorded conversations instead of `steps`. */
  readonly recorded: number | null
  readonly steps: readonly Step[]
  readonly damage: readonly Damage[]
  readonly pieceBytes: number
}

const LENGTHS = [0, 1, 2, 3, 4, 5, 6, 7, 0xffff, 0x20000, 0x20001, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]
const ELEMENTS = [
  0x0000, 0x0002, 0x0003, 0x0100, 0x0110, 0x0120, 0x0600, 0x0700, 0x0800, 0x0900, 0x1000, 0x1008, 0xffff,
]
const TEXTS = [
  '1.2.840.10008.1.1',
  '1.2.840.10008.5.1.4.1.1.2',
  '1.2.3',
  '',
  'a'.repeat(70),
  '1..2',
  '\0\0',
  '../../etc',
]
/** Answers may be long, a conversation not: an object is cut into so many bytes at least. */
const SMALLEST_FRAGMENT = 512

const object = anyObjectCase({ minLength: 0, maxLength: 3 })
const declared = fc.option(fc.constantFrom(...LENGTHS), { freq: 3 })
const bytes = fc.uint8Array({ maxLength: 64 })

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('echo' as const) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('store' as const),
      object,
      fragment: fc.nat(20_000),
      groupLength: fc.option(fc.nat(0xffffffff), { freq: 2, nil: null }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('half-store' as const),
      object,
      kept: fc.nat(100_000),
      abort: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('interleaved' as const), object }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wrong-context' as const), object, contextId: fc.nat(255) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('command' as const),
      values: fc.array(fc.tuple(fc.constantFrom(...ELEMENTS), fc.oneof(fc.nat(0xffff), fc.constantFrom(...TEXTS))), {
        maxLength: 8,
      }),
      groupLength: fc.nat(0xffffffff),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('pdv' as const),
      contextId: fc.nat(255),
      control: fc.nat(255),
      bytes,
      declared,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('empty-pdvs' as const), control: fc.nat(3), count: fc.nat(300) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pdu' as const), type: fc.nat(255), body: bytes, declared }) },
)

const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom('drop', 'repeat', 'swap', 'flip', 'length', 'cut'),
  where: fc.nat(0xffffff),
  value: fc.nat(0xffffff),
})

/** Any conversation; shrinks to fewer steps, less damage, and fewer writes. */
export const anyConversation: fc.Arbitrary<Conversation> = fc.record({
  recorded: fc.option(fc.nat(7), { freq: 2, nil: null }),
  steps: fc.array(step, { minLength: 1, maxLength: 5 }),
  damage: fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(damage, { minLength: 1, maxLength: 3 }) },
  ),
  pieceBytes: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3000 }) },
  ),
})

/** The bytes of a conversation, in the pieces in which they are to be written. */
export function bytesOf(
  conversation: Conversation,
  corpus: readonly Seed[],
  recordings: readonly (readonly Buffer[])[],
): Buffer[] {
  const { recorded, steps, pieceBytes } = conversation
  const recording = recorded === null ? undefined : recordings[recorded % recordings.length]
  const pdus = conversation.damage.reduce(applyDamage, recording === undefined ? said(steps, corpus) : [...recording])
  if (pieceBytes === 0) return pdus
  const whole = Buffer.concat(pdus)
  // A write a byte of a large object would take minutes and show nothing new.
  const size = Math.max(pieceBytes, Math.ceil(whole.length / 400))
  return Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
    whole.subarray(index * size, (index + 1) * size),
  )
}

function said(steps: readonly Step[], corpus: readonly Seed[]): Buffer[] {
  const proposals: Proposal[] = [{ id: 1, abstractSyntax: VERIFICATION, transferSyntax: '1.2.840.10008.1.2' }]
  const pdus = steps.flatMap((one, index) => wordsOf(one, index + 1, corpus, proposals))
  return [associateRequest(proposals), ...pdus, RELEASE]
}

function wordsOf(one: Step, messageId: number, corpus: readonly Seed[], proposals: Proposal[]): Buffer[] {
  if (one.kind === 'echo') return dataPdus(1, true, echoCommand(messageId))
  if (one.kind === 'command') return dataPdus(1, true, commandSet(one.values, one.groupLength))
  if (one.kind === 'pdu') return [pdu(one.type, one.body, one.declared ?? undefined)]
  if (one.kind === 'pdv') return [pdu(PDU.data, pdv(one.contextId, one.control, one.bytes, one.declared ?? undefined))]
  if (one.kind === 'empty-pdvs')
    return [pdu(PDU.data, Buffer.concat(Array.from({ length: one.count }, () => pdv(3, one.control, Buffer.alloc(0)))))]
  const { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSet } = objectOf(corpus, one.object)
  const id = 2 * proposals.length + 1
  proposals.push({ id, abstractSyntax: sopClassUid, transferSyntax: transferSyntaxUid })
  const command = (groupLength?: number): Buffer[] =>
    dataPdus(id, true, storeCommand(messageId, sopClassUid, sopInstanceUid, groupLength))
  switch (one.kind) {
    case 'store': {
      const fragment = Math.min(16_376, SMALLEST_FRAGMENT + one.fragment) & ~1
      return [...command(one.groupLength ?? undefined), ...dataPdus(id, false, dataSet, fragment)]
    }
    case 'half-store': {
      const whole = Buffer.concat(dataPdus(id, false, dataSet))
      const half = whole.subarray(0, Math.min(one.kept, whole.length - 1))
      return [...command(), half, ...(one.abort ? [pdu(PDU.abort, Buffer.alloc(4))] : [])]
    }
    case 'interleaved': {
      const [first = Buffer.alloc(0), ...rest] = dataPdus(id, false, dataSet, SMALLEST_FRAGMENT)
      return [...command(), first, ...command(), ...rest]
    }
    case 'wrong-context':
      return [...command(), ...dataPdus(one.contextId, false, dataSet)]
  }
}

function applyDamage(pdus: readonly Buffer[], { kind, where, value }: Damage): Buffer[] {
  const index = where % Math.max(1, pdus.length)
  const chosen = pdus[index]
  if (chosen === undefined || chosen.length === 0) return [...pdus]
  const changed = Buffer.from(chosen)
  switch (kind) {
    case 'drop':
      return pdus.filter((_, at) => at !== index)
    case 'repeat':
      return pdus.flatMap((one, at) => (at === index ? [one, one] : [one]))
    case 'swap': {
      const other = value % pdus.length
      return pdus.map((one, at) => (at === index ? (pdus[other] ?? one) : at === other ? chosen : one))
    }
    case 'flip':
      changed[value % Math.min(changed.length, 200)] = (value >>> 8) & 0xff
      break
    case 'length':
      if (changed.length >= 6) changed.writeUInt32BE(LENGTHS[value % LENGTHS.length] ?? 0, 2)
      break
    case 'cut':
      return [...pdus.slice(0, index), changed.subarray(0, value % changed.length)]
  }
  return pdus.map((one, at) => (at === index ? changed : one))
}
