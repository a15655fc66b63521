import { isDeepStrictEqual } from 'node:util'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  deviceId,
  type Envelope,
  envelopeBatch,
  MAX_BATCH_BYTES,
  MAX_UPLOAD_BYTES,
  sealEnvelope,
} from '../contract/index.ts'
import { canonicalJson } from '../foundation/index.ts'
import { decodeBatch, packEnvelopes } from './batch.ts'
import { batchFileName, compareRanges, parseBatchFileName } from './batch-name.ts'

const DEVICE = deviceId.parse('test-box')

function health(sequence: number, epoch = 1): Envelope {
  return sealEnvelope(
    { device: DEVICE, epoch, sequence },
    { kind: 'device-health', softwareVersion: '1.0.0', models: [], figures: { 'disk.free': sequence } },
  )
}

function leaf(sequence: number, bytes: number): Envelope {
  const content = Buffer.alloc(bytes, sequence).toString('base64')
  return sealEnvelope({ device: DEVICE, epoch: 1, sequence }, { kind: 'audit-leaf', index: sequence, leaf: content })
}

const range = (from: number, count: number): Envelope[] => Array.from({ length: count }, (_, i) => health(from + i))

function onlyBatch(envelopes: readonly Envelope[]): Uint8Array {
  const [packed, ...rest] = packEnvelopes(envelopes)
  if (packed === undefined || rest.length > 0) throw new Error('expected one batch')
  return packed.bytes
}

describe('packing', () => {
  it('gives the same ids and bytes whatever the order', () => {
    const packed = packEnvelopes(range(1, 20))
    const again = packEnvelopes(range(1, 20).reverse())
    expect(again).toEqual(packed)
    expect(envelopeBatch.parse(packed[0]?.batch).batch).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8/)
  })

  it('keeps streams, epochs and gaps apart', () => {
    const packed = packEnvelopes([...range(1, 3), ...range(5, 2), leaf(1, 10), health(1, 2)])
    expect(packed.map((batch) => batch.range)).toEqual([
      { epoch: 1, stream: 'audit', first: 1, last: 1 },
      { epoch: 1, stream: 'health', first: 1, last: 3 },
      { epoch: 1, stream: 'health', first: 5, last: 6 },
      { epoch: 2, stream: 'health', first: 1, last: 1 },
    ])
  })

  it('never exceeds the size of a batch before compression, nor its number of envelopes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 12 }), (sizes) => {
        const packed = packEnvelopes(sizes.map((size, i) => leaf(i + 1, size)))
        const covered = packed.flatMap((batch) => batch.batch.envelopes.map((envelope) => envelope.sequence))
        expect(covered).toEqual(sizes.map((_, i) => i + 1))
        return packed.every((batch) => gunzipSync(batch.bytes).length <= MAX_BATCH_BYTES)
      }),
      { numRuns: 30 },
    )
    expect(packEnvelopes(range(1, 2001)).every((packed) => packed.batch.envelopes.length <= 2000)).toBe(true)
  })

  it('takes an envelope that comes twice once', () => {
    expect(packEnvelopes([health(1), health(1), health(2)])[0]?.range).toMatchObject({ first: 1, last: 2 })
  })
})

describe('reading a batch', () => {
  const bytes = onlyBatch(range(3, 5))

  it('accepts what was packed', () => {
    expect(decodeBatch(bytes)).toMatchObject({ kind: 'batch', range: { stream: 'health', first: 3, last: 7 } })
  })

  it('never reads other content out of a flipped byte', () => {
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        // RFC 1952 2.3.1: time, extra flags and system of the header carry no content, and no reader checks them.
        fc.pre(at < 4 || at > 9)
        const changed = Buffer.from(bytes)
        changed.writeUInt8(changed.readUInt8(at) ^ mask, at)
        // The bits between deflate's last block and the checksum are padding (RFC 1951 3.2.3): flipped, they say the same.
        const decoded = decodeBatch(changed)
        return decoded.kind === 'refused' || isDeepStrictEqual(decoded, decodeBatch(bytes))
      }),
      { numRuns: 300 },
    )
  })

  const json = gunzipSync(bytes).toString()
  const withName = (): Buffer => {
    const named = Buffer.from(bytes)
    named.writeUInt8(0x08, 3)
    return Buffer.concat([named.subarray(0, 10), Buffer.from('secret\0'), named.subarray(10)])
  }
  it.each([
    ['nothing', Buffer.alloc(0), 'not-gzip'],
    ['plain JSON', Buffer.from(json), 'not-gzip'],
    ['a truncated file', bytes.subarray(0, bytes.length - 9), 'not-gzip'],
    ['bytes after the end', Buffer.concat([bytes, Buffer.from('secret')]), 'not-gzip'],
    ['bytes after padding', Buffer.concat([bytes, Buffer.from('\0secret')]), 'not-canonical'],
    ['a second member', Buffer.concat([bytes, gzipSync('secret')]), 'schema'],
    ['a name in the header', withName(), 'not-gzip'],
    ['white space', gzipSync(`${json} `), 'not-canonical'],
    ['a member given twice', gzipSync(json.replace('{"batch"', '{"schema":"secret","batch"')), 'not-canonical'],
    ['an unknown member', gzipSync(json.replace('{"batch"', '{"a":"secret","batch"')), 'schema'],
    ['bytes that are not UTF-8', gzipSync(Buffer.concat([Buffer.from(json), Buffer.from([0xff])])), 'not-canonical'],
    ['something else', gzipSync('[]'), 'schema'],
    ['a bomb', gzipSync(Buffer.alloc(50_000_000)), 'too-large'],
    ['an oversized file', Buffer.alloc(MAX_UPLOAD_BYTES + 5000), 'too-large'],
    [
      'a gap',
      gzipSync(canonicalJson({ ...packEnvelopes(range(1, 2))[0]?.batch, envelopes: [health(1), health(3)] })),
      'mixed-range',
    ],
  ])('refuses %s', (_name, input, code) => {
    expect(decodeBatch(input)).toEqual({ kind: 'refused', code })
  })
})

describe('names', () => {
  it('have the form that both sides expect', () => {
    const name = batchFileName({ epoch: 3, stream: 'drift', first: 12, last: 40 })
    expect(name).toBe('0000003-2-000000000012-000000000040.batch')
    expect(parseBatchFileName(name)).toEqual({ epoch: 3, stream: 'drift', first: 12, last: 40 })
  })

  it.each([
    'x',
    '0000003-2-000000000012-000000000011.batch',
    '0000003-7-000000000012-000000000040.batch',
    '0000000-2-000000000012-000000000040.batch',
    '0000003-2-000000000000-000000000040.batch',
    '.0000003-2-000000000012-000000000040.batch',
    '0000003-2-000000000012-000000000040.batch.refused',
    '../0000003-2-000000000012-000000000040.batch',
  ])('refuse %s', (name) => {
    expect(parseBatchFileName(name)).toBeUndefined()
  })

  it('order older epochs first, then sequences, then the longer of two', () => {
    const at = (epoch: number, first: number, last: number) => ({ epoch, stream: 'audit' as const, first, last })
    const sorted = [at(2, 1, 5), at(1, 6, 9), at(1, 1, 3), at(1, 1, 5)].sort(compareRanges)
    expect(sorted).toEqual([at(1, 1, 5), at(1, 1, 3), at(1, 6, 9), at(2, 1, 5)])
  })
})
