import { type ModelPackage, phantomDicom } from '@leadglass/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Element, parsePart10, textElement, writePart10 } from '../imaging/index.ts'
import type { ScoringPool } from './index.ts'
import { ScoringRoom } from './testing/scoring-room.ts'

const ROWS = 0x00280010
const COLUMNS = 0x00280011
const FRAMES = 0x00280008
const PIXELS = 0x7fe00010
const SIDE = 64

let room: ScoringRoom
let pool: ScoringPool
let model: ModelPackage

beforeAll(async () => {
  room = await ScoringRoom.open()
  model = await room.ship()
  pool = await room.started()
})
afterAll(() => room.close())

function short(tag: number, value: number): Element {
  return { tag, vr: 'US', value: { kind: 'bytes', bytes: Uint8Array.of(value & 255, value >> 8), bigEndian: false } }
}

/** A radiograph whose pixels are this codestream, with a header that says what the attack wants it to say. */
function attack(syntax: string, codestream: Uint8Array, header: readonly Element[] = []): Uint8Array {
  const { dataSet, meta } = parsePart10(phantomDicom({ seed: 4, index: 1, rows: SIDE, columns: SIDE, bits: 8 }).bytes)
  const fragments = [Uint8Array.from([...codestream, ...(codestream.length % 2 === 0 ? [] : [0])])]
  dataSet.elements.set(PIXELS, {
    tag: PIXELS,
    vr: 'OB',
    value: { kind: 'fragments', offsetTable: new Uint8Array(0), fragments },
  })
  for (const element of header) dataSet.elements.set(element.tag, element)
  return Buffer.concat(writePart10({ meta: { ...meta, transferSyntaxUid: `1.2.840.10008.1.2.${syntax}` }, dataSet }))
}

const word = (value: number): number[] => [(value >> 8) & 255, value & 255]
const long = (value: number): number[] => [...word(value >>> 16), ...word(value & 65_535)]
const END = [0xff, 0xd9]

/** SOI, a frame header of any process, a scan header, and nothing worth decoding. */
function jpeg(process: number, rows: number, columns: number, body: readonly number[] = []): Uint8Array {
  const frame = [0xff, process, ...word(11), 8, ...word(rows), ...word(columns), 1, 1, 0x11, 0]
  const scan = [0xff, 0xda, ...word(8), 1, 1, 0, 0, 0, 0]
  return Uint8Array.from([0xff, 0xd8, ...frame, ...scan, ...body, ...END])
}

/** SOC and SIZ with tiles of the given side, then whatever is wanted. */
function jpeg2000(side: number, tile: number, body: readonly number[] = []): Uint8Array {
  const siz = [
    ...word(41),
    ...word(0),
    ...long(side),
    ...long(side),
    ...long(0),
    ...long(0),
    ...long(tile),
    ...long(tile),
  ]
  const components = [...long(0), ...long(0), ...word(1), 7, 1, 1]
  const cod = [0xff, 0x52, ...word(12), 0, 0, ...word(1), 0, 32, 4, 4, 0, 1]
  const qcd = [0xff, 0x5c, ...word(4), 0x40, 0x40]
  return Uint8Array.from([0xff, 0x4f, 0xff, 0x51, ...siz, ...components, ...cod, ...qcd, ...body, ...END])
}

/** One RLE segment of runs of 128 equal bytes: small file, much output. */
const RUNS = Array.from({ length: 4096 }, (_, i) => (i % 2 === 0 ? 0x81 : 7))
const rle = (segments: number, body: readonly number[]): Uint8Array =>
  Uint8Array.from([segments, 0, 0, 0, 64, 0, 0, 0, ...new Array<number>(56).fill(0), ...body])

const ATTACKS: readonly (readonly [string, Uint8Array])[] = [
  ['JPEG of 65535 x 65535 under a small header', attack('4.50', jpeg(0xc0, 65_535, 65_535))],
  [
    'JPEG of 65535 x 65535 under an equal header',
    attack('4.50', jpeg(0xc0, 65_535, 65_535), [short(ROWS, 65_535), short(COLUMNS, 65_535)]),
  ],
  ['JPEG with no tables', attack('4.50', jpeg(0xc0, SIDE, SIDE, [1, 2, 3]))],
  ['progressive JPEG with a scan of nothing', attack('4.50', jpeg(0xc2, SIDE, SIDE))],
  ['12-bit JPEG with no tables', attack('4.51', jpeg(0xc1, SIDE, SIDE, new Array(512).fill(255)))],
  ['lossless JPEG with no tables', attack('4.70', jpeg(0xc3, SIDE, SIDE, [0, 0, 0]))],
  ['JPEG-LS of noise', attack('4.80', jpeg(0xf7, SIDE, SIDE, new Array(300).fill(0xa5)))],
  ['JPEG 2000 of 4 thousand million pixels a side', attack('4.90', jpeg2000(0xffffffff, 0xffffffff))],
  ['JPEG 2000 with tiles of one pixel', attack('4.90', jpeg2000(SIDE, 1))],
  ['JPEG 2000 with tiles of no pixel', attack('4.91', jpeg2000(SIDE, 0))],
  ['JPEG 2000 with tiles larger than any memory', attack('4.91', jpeg2000(SIDE, 0x7fffffff))],
  ['HTJ2K with tiles of one pixel', attack('4.201', jpeg2000(SIDE, 1, new Array(200).fill(0x93)))],
  ['HTJ2K with tiles of no pixel', attack('4.203', jpeg2000(SIDE, 0))],
  ['RLE that grows without end', attack('5', rle(1, RUNS))],
  ['RLE of 255 segments', attack('5', rle(255, RUNS))],
  ['two thousand million frames', attack('5', rle(1, RUNS), [textElement(FRAMES, 'IS', '2147483647')])],
  ['an empty codestream', attack('4.90', Uint8Array.of())],
]
const REFUSED: readonly (readonly [string, string])[] = [
  ['MPEG-2', '4.100'],
  ['MPEG-4 AVC', '4.102'],
  ['HEVC', '4.107'],
  ['JPEG XL lossless', '4.110'],
  ['JPEG XL recompression', '4.111'],
  ['JPEG XL', '4.112'],
]

async function score(name: string, bytes: Uint8Array): Promise<unknown> {
  const file = await room.write(`${name.replaceAll(/[^a-zA-Z0-9]+/g, '-')}.dcm`, bytes)
  return pool.score({
    jobId: 'hostile',
    packageFolder: model.folder,
    model: model.model,
    files: [file],
    timeoutMs: 5000,
  })
}

describe('hostile pixels', () => {
  it.each(ATTACKS)(
    '%s: ends in a reason within the time limit, and the next study is scored',
    async (name, bytes) => {
      const begun = performance.now()
      const outcome = await score(name, bytes)
      expect(performance.now() - begun).toBeLessThan(20_000)
      // A frame of valid size may decode to rubbish, which is scored; everything else has a reason.
      expect(JSON.stringify(outcome)).toMatch(/"kind":"(?:not-scored|failed|scored)"/)
      expect(JSON.stringify(outcome)).not.toContain('internal-error')
      const next = await score('good', phantomDicom({ seed: 4, index: 2, rows: SIDE, columns: SIDE }).bytes)
      expect(next).toMatchObject({ kind: 'completed', instances: [{ kind: 'scored' }] })
    },
    40_000,
  )

  it.each(REFUSED)('%s is refused as an unsupported transfer syntax', async (name, syntax) => {
    const outcome = await score(
      name,
      attack(
        syntax,
        Uint8Array.from({ length: 64 }, (_, i) => i),
      ),
    )
    expect(outcome).toMatchObject({
      kind: 'completed',
      instances: [{ kind: 'not-scored', detail: 'unsupported-transfer-syntax' }],
    })
  })
})
