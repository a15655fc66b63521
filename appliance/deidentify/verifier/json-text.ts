/** What an envelope's JSON holds, sorted by how it is searched. */
export interface JsonContent {
  /** Keys and strings, one per line. */
  readonly text: string
  /** Decoded binary fields. */
  readonly binaries: readonly Uint8Array[]
}

/** Fields of the contract that are base64 of binary numbers, and of JSON text (contract/bodies.ts). */
const BINARY_FIELDS = new Set(['embedding'])
const NESTED_FIELDS = new Set(['leaf'])

/** Numbers shorter than this say nothing; counters and figures have fewer digits, record numbers mostly more. */
const NUMBER_DIGITS = 9

/** Unescapes a JSON text and everything in it. @throws SyntaxError when it is no JSON. */
export function jsonContent(text: string): JsonContent {
  const lines: string[] = []
  const binaries: Uint8Array[] = []
  collect(JSON.parse(text), '', lines, binaries)
  return { text: lines.join('\n'), binaries }
}

function collect(value: unknown, key: string, lines: string[], binaries: Uint8Array[]): void {
  if (typeof value === 'string') {
    if (BINARY_FIELDS.has(key)) binaries.push(Buffer.from(value, 'base64'))
    else if (NESTED_FIELDS.has(key))
      collect(JSON.parse(Buffer.from(value, 'base64').toString('utf8')), '', lines, binaries)
    else lines.push(value)
  } else if (typeof value === 'number') {
    const digits = String(value)
    if (digits.length >= NUMBER_DIGITS && Number.isInteger(value)) lines.push(digits)
  } else if (Array.isArray(value)) for (const item of value) collect(item, key, lines, binaries)
  else if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value)) {
      lines.push(name)
      collect(inner, name, lines, binaries)
    }
}
