import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { acknowledgementOf } from './acknowledgement.ts'
import { BlockReader, blockOf } from './framing.ts'
import { readMerges } from './merge-message.ts'
import { parseMessage } from './message.ts'

const HEADER = 'MSH|^~\\&|HIS|HOSP|LEADGLASS|SITE|20260101120000||ADT^A40^ADT_A39|C1|P|2.5'
const message = (...segments: string[]): Buffer => Buffer.from(segments.join('\r'), 'utf8')

describe('MLLP blocks', () => {
  it('gives the same messages whatever pieces they come in', () => {
    const stream = Buffer.concat([blockOf('MSH|one'), Buffer.from('\r\n'), blockOf('MSH|two'), blockOf('')])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: stream.length }), { maxLength: 20 }), (cuts) => {
        const reader = new BlockReader(1000)
        const places = [0, ...cuts.sort((a, b) => a - b), stream.length]
        const framed = places.slice(1).flatMap((end, at) => reader.push(stream.subarray(places[at], end)))
        expect(framed.map((one) => (one.kind === 'message' ? one.bytes.toString() : one.code))).toEqual([
          'MSH|one',
          'MSH|two',
          '',
        ])
      }),
    )
  })

  it.each([
    ['no-start-block', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['too-large', Buffer.concat([Buffer.of(0x0b), Buffer.alloc(101, 0x41)])],
    ['end-block-malformed', Buffer.of(0x0b, 0x41, 0x1c, 0x41)],
  ])('%s ends the connection', (code, bytes) => {
    expect(new BlockReader(100).push(bytes)).toEqual([{ kind: 'violation', code }])
  })

  it('puts a message that drips in together in time proportional to its length', () => {
    const reader = new BlockReader(400_000)
    const started = performance.now()
    for (const byte of blockOf('x'.repeat(300_000))) reader.push(Buffer.of(byte))
    expect(performance.now() - started).toBeLessThan(3000)
  })
})

describe('HL7 messages', () => {
  it('reads fields, repetitions, components and escapes', () => {
    const { segments } = parseMessage(
      message(HEADER, 'PID|1||A\\F\\1^^^HOSP&1.2&ISO~B^^^X|| \\X41\\\\T\\\\S\\\\R\\\\E\\\\H\\'),
    )
    expect(segments[0]?.field(10)).toEqual([['C1']])
    expect(segments[1]?.field(3)).toEqual([
      ['A|1', '', '', 'HOSP'],
      ['B', '', '', 'X'],
    ])
    expect(segments[1]?.field(5)).toEqual([[' A&^~\\']])
    expect(segments[1]?.field(99)).toEqual([])
  })

  it('takes delimiters from the message and the character set from MSH-18', () => {
    const other = message('MSH#*%!$#HIS##########8859/1', 'PID###P*1')
    expect(parseMessage(other).segments[1]?.field(3)).toEqual([['P', '1']])
    const latin = Buffer.from(`${HEADER}||||||8859/1\rPID|||P||MÜLLER`, 'latin1')
    expect(parseMessage(latin).segments[1]?.field(5)).toEqual([['MÜLLER']])
    const broken = Buffer.from(`${HEADER}||||||UNICODE UTF-8\rPID|||P||M\xdcLLER`, 'latin1')
    expect(() => parseMessage(broken)).toThrowError(expect.objectContaining({ code: 'character-set' }))
    expect(() => parseMessage(message(`${HEADER}||||||ISO IR87`))).toThrowError(
      expect.objectContaining({ code: 'character-set' }),
    )
  })

  it('answers any bytes with a message or a coded error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, begun) => {
        const input = begun ? Buffer.concat([Buffer.from('MSH|^~\\&|'), bytes]) : bytes
        try {
          expect(parseMessage(input).segments.length).toBeGreaterThan(0)
        } catch (cause) {
          expect((cause as { condition?: string }).condition).toMatch(/^\d{3}$/)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('merge messages', () => {
  it('pairs numbers of one authority and takes what is known of the survivor', () => {
    const pid = 'PID|1||NEW^^^HOSP^MR~77^^^SSA||DOE^JANE^M^JR^DR||19700203040506|F'
    const merges = readMerges(parseMessage(message(HEADER, 'EVN|A40', pid, 'MRG|OLD^^^HOSP^MR')))
    expect(merges).toEqual([
      {
        to: { id: 'NEW', issuer: 'HOSP' },
        from: { id: 'OLD', issuer: 'HOSP' },
        name: 'DOE^JANE^M^DR^JR',
        birthDate: '19700203',
        sex: 'F',
      },
    ])
  })

  it('reads every patient of a message with several', () => {
    const text = message(HEADER, 'PID|||A', 'MRG|B', 'PID|||C', 'MRG|D')
    expect(readMerges(parseMessage(text)).map(({ from, to }) => `${from.id}>${to.id}`)).toEqual(['B>A', 'D>C'])
  })

  it.each([
    ['message-type', [HEADER.replace('ADT^A40', 'ORM^O01'), 'PID|||A', 'MRG|B']],
    ['trigger-event', [HEADER.replace('A40', 'A08'), 'PID|||A']],
    ['merge-incomplete', [HEADER, 'PID|||A']],
    ['merge-incomplete', [HEADER, 'MRG|B']],
    ['merge-incomplete', [HEADER, 'PID|||A~B', 'MRG|C^^^X~D^^^Y']],
    ['merge-incomplete', [HEADER, 'PID|||""', 'MRG|B']],
    ['value-malformed', [HEADER, `PID|||${'9'.repeat(65)}`, 'MRG|B']],
    ['value-malformed', [HEADER, 'PID|||A\\E\\B', 'MRG|B']],
  ])('%s', (code, segments) => {
    expect(() => readMerges(parseMessage(message(...segments)))).toThrowError(expect.objectContaining({ code }))
  })

  it('acknowledges to the sender under its own control ID and carries nothing else over', () => {
    const parsed = parseMessage(message(HEADER.replace('C1', 'C\\F\\1'), 'PID|||SECRET', 'MRG|B'))
    const at = { time: '20260101120001', controlId: 'x1' }
    const answer = acknowledgementOf(parsed, { code: 'AE', condition: '205', text: 'a|b' }, at)
    const again = parseMessage(Buffer.from(answer))
    expect(again.header.field(5)).toEqual([['HIS']])
    expect(again.segments[1]?.field(1)).toEqual([['AE']])
    expect(again.segments[1]?.field(2)).toEqual([['C|1']])
    expect(again.segments[2]?.field(8)).toEqual([['a|b']])
    expect(answer).not.toContain('SECRET')
  })
})
