import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DimseError } from '../errors.ts'
import { MalformedPduError } from './malformed.ts'
import { ABORT_REASON, PDU_TYPE, type PduEvent } from './pdu.ts'
import { PduReader } from './pdu-reader.ts'
import { encodeAbort, encodeDataPdus, encodePdu, encodeReleaseRequest, encodeReleaseResponse } from './pdu-writer.ts'

const LIMITS = { maxDataBytes: 4096, maxAssociateBytes: 8192 }

/** Events with the pieces of one fragment joined, as a plain value to compare. */
function readAll(chunks: readonly Uint8Array[], reader = new PduReader(LIMITS)): unknown[] {
  const events: unknown[] = []
  let data: { key: string; bytes: Buffer[] } | undefined
  const close = () => {
    if (data !== undefined) events.push([data.key, Buffer.concat(data.bytes).toString('hex')])
    data = undefined
  }
  const add = (event: PduEvent) => {
    if (event.kind !== 'data') {
      close()
      events.push('body' in event ? [event.kind, Buffer.from(event.body).toString('hex')] : event)
      return
    }
    const key = `${event.contextId} ${event.command}`
    if (data?.key !== key) close()
    data ??= { key, bytes: [] }
    data.bytes.push(Buffer.from(event.bytes))
    if (event.last) {
      close()
      events.push('last')
    }
  }
  for (const chunk of chunks) {
    reader.push(chunk)
    for (let event = reader.next(); event !== undefined; event = reader.next()) add(event)
  }
  close()
  return events
}

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...at, bytes.length].map((end, index) => bytes.subarray(at[index - 1] ?? 0, end))
}

const evenBytes = fc
  .uint8Array({ maxLength: 3000 })
  .map((bytes) => (bytes.length % 2 === 0 ? bytes : bytes.subarray(1)))

const anyPdu = fc.oneof(
  fc
    .tuple(fc.nat({ max: 127 }), fc.boolean(), evenBytes, fc.integer({ min: 8, max: 4096 }))
    .map(([id, command, bytes, max]) => encodeDataPdus(2 * id + 1, command, bytes, max)),
  fc.uint8Array({ maxLength: 500 }).map((body) => encodePdu(PDU_TYPE.associateRequest, body)),
  fc.uint8Array({ maxLength: 500 }).map((body) => encodePdu(PDU_TYPE.associateAccept, body)),
  fc.constant(encodeReleaseRequest()),
  fc.constant(encodeReleaseResponse()),
  fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 6 })).map(([source, reason]) => encodeAbort(source, reason)),
)

/** A P-DATA-TF of hand-made PDV items. */
function data(...items: readonly (readonly number[])[]): Uint8Array {
  return encodePdu(PDU_TYPE.data, Uint8Array.from(items.flat()))
}

describe('PduReader', () => {
  it('gives the same events wherever the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(anyPdu, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 40 }), (pdus, cuts) => {
        const stream = Buffer.concat(pdus)
        expect(readAll(split(stream, cuts))).toEqual(readAll([stream]))
      }),
      { numRuns: 300 },
    )
  })

  it('gives the same events byte by byte', () => {
    const stream = Buffer.concat([encodeDataPdus(1, true, Buffer.alloc(40, 7), 20), encodeReleaseRequest()])
    expect(readAll([...stream].map((byte) => Uint8Array.of(byte)))).toEqual(readAll([stream]))
  })

  it('answers any bytes with events or a coded error, and nothing after an error', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (chunks) => {
        const reader = new PduReader(LIMITS)
        try {
          readAll(chunks, reader)
        } catch (error) {
          expect(error).toBeInstanceOf(DimseError)
          reader.push(encodeReleaseRequest())
          expect(reader.next()).toBeUndefined()
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('answers a damaged stream with events or a coded error', () => {
    fc.assert(
      fc.property(
        fc.array(anyPdu, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.nat({ max: 255 }),
        (pdus, at, byte) => {
          const stream = Buffer.concat(pdus)
          stream[at % stream.length] = byte
          try {
            readAll([stream])
          } catch (error) {
            expect(error).toBeInstanceOf(DimseError)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('hands out a fragment as it arrives and marks only its end as last', () => {
    const reader = new PduReader(LIMITS)
    const pdu = encodeDataPdus(3, false, Buffer.from('abcdef'), 4096)
    reader.push(pdu.subarray(0, 14))
    expect(reader.next()).toMatchObject({ kind: 'data', contextId: 3, command: false, last: false })
    expect(reader.next()).toBeUndefined()
    reader.push(pdu.subarray(14))
    const event = reader.next()
    expect(event).toMatchObject({ last: true })
    expect(event?.kind === 'data' && Buffer.from(event.bytes).toString()).toBe('cdef')
    expect(reader.pendingBytes).toBe(0)
  })

  it('does not copy data fragments', () => {
    const reader = new PduReader(LIMITS)
    const pdu = encodeDataPdus(3, false, Buffer.from('abcdef'), 4096)
    reader.push(pdu)
    const event = reader.next()
    expect(event?.kind === 'data' && event.bytes.buffer === pdu.buffer).toBe(true)
  })

  it('gives chunks back once consumed, but not those whose bytes are kept', () => {
    const consumed: Uint8Array[] = []
    const reader = new PduReader(LIMITS, (chunk) => consumed.push(chunk))
    const [first, second, third] = [1, 3, 5].map((id) => encodeDataPdus(id, false, Buffer.alloc(8), 4096))
    for (const chunk of [first, second, third]) reader.push(chunk as Uint8Array)
    reader.next()
    expect(consumed).toEqual([])
    reader.next()
    reader.keep()
    expect(consumed).toEqual([first])
    reader.next()
    expect(consumed).toEqual([first])
    expect(reader.next()).toBeUndefined()
    expect(consumed).toEqual([first, third])
  })

  it('takes several items in one PDU and a fragment without bytes', () => {
    const two = data([0, 0, 0, 4, 1, 0, 9, 9], [0, 0, 0, 2, 1, 2])
    expect(readAll([two])).toEqual([['1 false', '0909'], 'last'])
  })

  it.each([
    ['type 0', Uint8Array.of(0, 0, 0, 0, 0, 4), ABORT_REASON.unrecognizedPdu],
    ['type 8', Uint8Array.of(8, 0, 0, 0, 0, 4), ABORT_REASON.unrecognizedPdu],
    ['data longer than announced', Uint8Array.of(4, 0, 0, 0, 16, 1), ABORT_REASON.invalidPduParameterValue],
    ['data of four gigabytes', Uint8Array.of(4, 0, 255, 255, 255, 255), ABORT_REASON.invalidPduParameterValue],
    ['data without an item', Uint8Array.of(4, 0, 0, 0, 0, 0), ABORT_REASON.invalidPduParameterValue],
    ['an association request too long', Uint8Array.of(1, 0, 0, 0, 32, 1), ABORT_REASON.invalidPduParameterValue],
    ['a release of length 5', Uint8Array.of(5, 0, 0, 0, 0, 5), ABORT_REASON.invalidPduParameterValue],
    ['an item longer than its PDU', data([0, 0, 0, 6, 1, 0, 9, 9]), ABORT_REASON.invalidPduParameterValue],
    ['an item of length 1', data([0, 0, 0, 1, 1, 0]), ABORT_REASON.invalidPduParameterValue],
    ['an even context id', data([0, 0, 0, 4, 2, 0, 9, 9]), ABORT_REASON.invalidPduParameterValue],
    ['an odd fragment', data([0, 0, 0, 3, 1, 0, 9]), ABORT_REASON.invalidPduParameterValue],
    ['an item header cut by its PDU', data([0, 0, 0, 4, 1, 0, 9, 9], [0, 0, 0]), ABORT_REASON.invalidPduParameterValue],
  ])('refuses %s', (_, bytes, reason) => {
    const read = () => readAll([bytes])
    expect(read).toThrow(MalformedPduError)
    expect(read).toThrow(expect.objectContaining({ abortReason: reason }) as Error)
  })
})
