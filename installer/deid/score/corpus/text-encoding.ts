/** Character sets of the corpus: the defined terms of (0008,0005) (PS3.3 C.12.1.1.2). */
export type CharacterSet = 'ISO_IR 100' | 'ISO_IR 192' | 'GB18030' | '\\ISO 2022 IR 87' | '\\ISO 2022 IR 149'

export const CHARACTER_SETS: readonly CharacterSet[] = [
  'ISO_IR 100',
  'ISO_IR 192',
  'GB18030',
  '\\ISO 2022 IR 87',
  '\\ISO 2022 IR 149',
]

/** Bytes of a text in a character set. ASCII stays; ISO 2022 switches in and out around each run (PS3.5 6.1.2.5). */
export function encodeText(text: string, set: CharacterSet): Buffer {
  if (set === 'ISO_IR 192') return Buffer.from(text, 'utf8')
  if (set === 'ISO_IR 100') return Buffer.from(text, 'latin1')
  const runs = text.match(/[\x00-\x7f]+|[^\x00-\x7f]+/g) ?? []
  return Buffer.concat(runs.map((run) => (/^[\x00-\x7f]/.test(run) ? Buffer.from(run, 'latin1') : encodeRun(run, set))))
}

function encodeRun(run: string, set: CharacterSet): Buffer {
  if (set === 'GB18030') return pairs(run, 'gb18030')
  if (set === '\\ISO 2022 IR 149') return Buffer.concat([Buffer.from('\x1b$)C', 'latin1'), pairs(run, 'euc-kr')])
  const jis = pairs(run, 'euc-jp').map((byte) => byte & 0x7f)
  return Buffer.concat([Buffer.from('\x1b$B', 'latin1'), Buffer.from(jis), Buffer.from('\x1b(B', 'latin1')])
}

const tables = new Map<string, ReadonlyMap<string, Buffer>>()

/** Two bytes a character, by turning the platform's decoder round. */
function pairs(run: string, encoding: string): Buffer {
  const table = tables.get(encoding) ?? invert(encoding)
  tables.set(encoding, table)
  return Buffer.concat(
    [...run].map((character) => {
      const bytes = table.get(character)
      if (bytes === undefined) throw new RangeError(`a character of the corpus does not exist in ${encoding}`)
      return bytes
    }),
  )
}

function invert(encoding: string): ReadonlyMap<string, Buffer> {
  const decoder = new TextDecoder(encoding)
  const table = new Map<string, Buffer>()
  for (let high = 0xa1; high <= 0xfe; high += 1)
    for (let low = 0xa1; low <= 0xfe; low += 1) {
      const bytes = Buffer.of(high, low)
      const character = decoder.decode(bytes)
      if (character.length === 1 && character !== '\ufffd' && !table.has(character)) table.set(character, bytes)
    }
  return table
}
