import type { Catalog } from './catalog.ts'
import { rewritten } from './rules.ts'
import { ignoring } from './schema.ts'
import { type Token, tokensOf, written } from './tokens.ts'

/** Name under which an INSERT tells the number that the server gave to the new row. */
export const ROW_NUMBER = 'leadglass_row'

/** A statement in PostgreSQL's words. */
export interface TranslatedStatement {
  /** The text between parameters: one more than there are parameters in it. */
  readonly parts: readonly string[]
  /** Which parameter (from 0) stands behind each part but the last. */
  readonly places: readonly number[]
  /** Of every parameter, its name, or its place among those given in order; a name can come twice. */
  readonly parameters: readonly (string | number)[]
  /** It changes rows. */
  readonly isWrite: boolean
  /** It gives rows of its own, not only the number of a new one. */
  readonly isReader: boolean
  /** It tells `ROW_NUMBER`. */
  readonly tellsRowNumber: boolean
}

const WRITES = ['INSERT', 'UPDATE', 'DELETE']

/** Translates one statement. @throws {SyntaxError} for what has no translation. */
export function translateStatement(sql: string, catalog: Catalog): TranslatedStatement {
  const source = tokensOf(sql).filter(({ text }, i, all) => !(text === ';' && i === all.length - 1))
  const tokens = ignoring(source)
  const isWrite = writes(tokens)
  const isReturning = tokens.some(({ upper }) => upper === 'RETURNING')
  const into = tokens[0]?.upper === 'INSERT' ? tokens[2]?.text.toLowerCase() : undefined
  const identity = into === undefined || isReturning ? undefined : catalog.identities.get(into)
  const out = rewritten(tokens, catalog)
  if (identity !== undefined) out.push(written(`RETURNING ${into}.${identity} AS ${ROW_NUMBER}`))
  return { ...parameterised(out), isWrite, isReader: !isWrite || isReturning, tellsRowNumber: identity !== undefined }
}

/** Whether it changes rows; a WITH can stand before either. */
function writes(tokens: readonly Token[]): boolean {
  if (tokens[0]?.upper !== 'WITH') return WRITES.includes(tokens[0]?.upper ?? '')
  let depth = 0
  for (const { text, upper } of tokens) {
    if (text === '(') depth += 1
    if (text === ')') depth -= 1
    if (depth === 0 && WRITES.includes(upper)) return true
    if (depth === 0 && upper === 'SELECT') return false
  }
  return false
}

function parameterised(tokens: readonly Token[]): Pick<TranslatedStatement, 'parts' | 'places' | 'parameters'> {
  const parts: string[] = ['']
  const places: number[] = []
  const parameters: (string | number)[] = []
  let ordinal = 0
  for (const [i, { kind, text }] of tokens.entries()) {
    if (kind !== 'parameter') {
      parts[parts.length - 1] += `${text} `
      continue
    }
    const key = keyOf(text, () => ordinal++)
    places.push(parameters.length)
    parameters.push(key)
    // Every use is a parameter of its own, so that each gets the type of its own place; one that is only asked about has none.
    const isAsked = tokens[i + 1]?.upper === 'IS' && [tokens[i + 2]?.upper, tokens[i + 3]?.upper].includes('NULL')
    parts.push(isAsked ? '::text ' : ' ')
  }
  return { parts, places, parameters }
}

function keyOf(text: string, next: () => number): string | number {
  if (text === '?') return next()
  return text.startsWith('?') ? Number(text.slice(1)) - 1 : text.slice(1)
}

/**
 * The statement's text.
 * @param types when given, a cast of every parameter; otherwise the server infers them, which is what SQLite's column
 *   affinity comes nearest to.
 */
export function statementText(statement: TranslatedStatement, types?: readonly (string | undefined)[]): string {
  return statement.parts.reduce((text, part, i) => {
    if (i === 0) return part
    const place = statement.places[i - 1] ?? 0
    const type = types?.[place]
    return `${text}$${place + 1}${type === undefined ? '' : `::${type}`}${part}`
  }, '')
}
