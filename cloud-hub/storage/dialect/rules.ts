import type { Catalog } from './catalog.ts'
import { closingOf, type Token, written } from './tokens.ts'
import { AFTER_ORDER, KEYWORDS, RESERVED } from './words.ts'

/** One difference between the two dialects: takes a statement's tokens and gives others. */
type Rule = (tokens: readonly Token[], catalog: Catalog) => Token[]

/** SQLite's hints for its own planner. */
const dropIndexHints: Rule = (tokens) =>
  tokens.filter((token, i) => {
    const from = (back: number): string | undefined => tokens[i - back]?.upper
    const isHint = (at: number): boolean => tokens[at]?.upper === 'INDEXED' && tokens[at + 1]?.upper === 'BY'
    if (isHint(i) || isHint(i - 1) || isHint(i - 2)) return false
    if (token.upper === 'NOT' && tokens[i + 1]?.upper === 'INDEXED') return false
    return !(token.upper === 'INDEXED' && from(1) === 'NOT')
  })

/** SQLite's operators: `==`, `IS` between any two values, LIKE without regard to case, GLOB. */
const operators: Rule = (tokens) => {
  const out: Token[] = []
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as Token
    const next = tokens[i + 1]?.upper ?? ''
    if (token.text === '==') out.push(written('='))
    else if (token.upper === 'LIKE') out.push(written('ILIKE'))
    else if (token.upper === 'IS') {
      const isNot = next === 'NOT'
      const operand = (isNot ? tokens[i + 2]?.upper : next) ?? ''
      if (['NULL', 'TRUE', 'FALSE', 'DISTINCT'].includes(operand)) out.push(token)
      else {
        out.push(written(isNot ? 'IS DISTINCT FROM' : 'IS NOT DISTINCT FROM'))
        if (isNot) i += 1
      }
    } else if (token.upper === 'GLOB') {
      const isNegated = out.at(-1)?.upper === 'NOT'
      if (isNegated) out.pop()
      out.push(written(isNegated ? '!~' : '~'), written('leadglass_glob('), tokens[i + 1] as Token, written(')'))
      i += 1
    } else if (token.kind === 'blob') out.push(written(`'\\x${token.text.slice(2, -1)}'::bytea`))
    else out.push(token)
  }
  return out
}

const CASTS: Readonly<Record<string, string>> = {
  TEXT: 'leadglass_text',
  BLOB: 'leadglass_blob',
  INTEGER: 'leadglass_integer',
  REAL: 'leadglass_real',
}

/** CAST follows SQLite: a blob becomes the text of its bytes, a fraction is cut off. */
const casts: Rule = (tokens) => {
  const out = [...tokens]
  for (let i = 0; i < out.length; i++) {
    if (out[i]?.upper !== 'CAST' || out[i + 1]?.text !== '(') continue
    const end = closingOf(out, i + 1)
    const name = CASTS[out[end - 1]?.upper ?? '']
    if (name === undefined || out[end - 2]?.upper !== 'AS') throw new SyntaxError('a CAST to a type that SQLite lacks')
    out.splice(end - 2, 2)
    out.splice(i, 1, { kind: 'word', text: name, upper: name.toUpperCase() })
  }
  return out
}

/** A CROSS JOIN with a condition is SQLite's way to fix the order of tables. */
const crossJoins: Rule = (tokens) =>
  tokens.filter((token, i) => {
    if (token.upper !== 'CROSS') return true
    for (const { upper } of tokens.slice(i + 2)) {
      if (upper === 'ON') return false
      if (['JOIN', 'WHERE', 'GROUP', 'ORDER', 'LEFT', 'CROSS', ')', ','].includes(upper)) return true
    }
    return true
  })

/** A sub-select in FROM needs a name in PostgreSQL 15 and before; an empty list after IN is not allowed. */
const subselects: Rule = (tokens) => {
  const out = [...tokens]
  let names = 0
  for (let i = 0; i < out.length; i++) {
    if (out[i]?.text !== '(') continue
    if (out[i - 1]?.upper === 'IN' && out[i + 1]?.text === ')') out.splice(i + 1, 0, written('SELECT NULL WHERE false'))
    if (out[i + 1]?.upper !== 'SELECT' || !['FROM', 'JOIN'].includes(out[i - 1]?.upper ?? '')) continue
    const end = closingOf(out, i)
    const next = out[end + 1]
    if (next?.upper === 'AS' || (next?.kind === 'word' && !KEYWORDS.has(next.upper))) continue
    names += 1
    out.splice(end + 1, 0, written(`AS leadglass_part_${names}`))
  }
  return out
}

/** In DO UPDATE a bare column is the row that is there; PostgreSQL asks which of the two rows is meant. */
const upserts: Rule = (tokens) => {
  const at = tokens.findIndex(({ upper }, i) => upper === 'DO' && tokens[i + 1]?.upper === 'UPDATE')
  const into = tokens.findIndex(({ upper }) => upper === 'INTO')
  const table = tokens[into + 1]
  if (at < 0 || table === undefined) return [...tokens]
  const isBare = (i: number): boolean => {
    const token = tokens[i]
    if (token?.kind !== 'word' || KEYWORDS.has(token.upper)) return false
    return tokens[i - 1]?.text !== '.' && !['.', '('].includes(tokens[i + 1]?.text ?? '')
  }
  const out = tokens.slice(0, at)
  let isTarget = true
  let depth = 0
  let isReturning = false
  for (let i = at; i < tokens.length; i++) {
    const token = tokens[i] as Token
    if (token.text === '(') depth += 1
    if (token.text === ')') depth -= 1
    if (depth === 0 && token.text === ',') isTarget = true
    if (depth === 0 && token.upper === 'RETURNING') isReturning = true
    if (depth === 0 && (token.text === '=' || token.upper === 'WHERE')) isTarget = false
    if (!isTarget && !isReturning && isBare(i)) out.push(table, written('.'))
    out.push(token)
  }
  return out
}

/** SQLite sorts null before everything else, PostgreSQL behind it. */
const nullOrder: Rule = (tokens, { notNull }) => {
  const isOuter = tokens.some(({ upper }) => ['LEFT', 'RIGHT', 'FULL'].includes(upper))
  const out: Token[] = []
  for (let i = 0; i < tokens.length; i++) {
    out.push(tokens[i] as Token)
    if (tokens[i]?.upper !== 'BY' || tokens[i - 1]?.upper !== 'ORDER') continue
    let depth = 0
    let term: Token[] = []
    const flush = (): void => {
      out.push(...ordered(term, (name) => !isOuter && notNull.has(name)))
      term = []
    }
    for (i += 1; i < tokens.length; i++) {
      const token = tokens[i] as Token
      if (depth === 0 && (token.text === ')' || AFTER_ORDER.has(token.upper))) break
      if (token.text === '(') depth += 1
      if (token.text === ')') depth -= 1
      if (depth === 0 && token.text === ',') {
        flush()
        out.push(token)
      } else term.push(token)
    }
    flush()
    i -= 1
  }
  return out
}

function ordered(term: readonly Token[], isSafe: (name: string) => boolean): Token[] {
  const last = term.at(-1)
  if (term.some(({ upper }) => upper === 'NULLS')) return [...term]
  const hasWay = last?.upper === 'ASC' || last?.upper === 'DESC'
  const named = hasWay ? term.at(-2) : last
  const length = term.length - (hasWay ? 1 : 0)
  const isColumn = named?.kind === 'word' && (length === 1 || (length === 3 && term[1]?.text === '.'))
  if (isColumn && isSafe(named.text.toLowerCase())) return [...term]
  return [...term, written(last?.upper === 'DESC' ? 'NULLS LAST' : 'NULLS FIRST')]
}

/** Names keep their case, since it is theirs in the objects that rows become; reserved ones are quoted. */
const names: Rule = (tokens) =>
  tokens.map((token, i) => {
    if (token.kind !== 'word') return token
    const isMixed = /[a-z]/.test(token.text) && /[A-Z]/.test(token.text)
    const isCall = tokens[i + 1]?.text === '('
    const isReserved = RESERVED.has(token.upper) && token.text !== token.upper
    return (isMixed && !isCall && !KEYWORDS.has(token.upper)) || isReserved ? written(`"${token.text}"`) : token
  })

/** `LIMIT -1` is no limit. */
const limits: Rule = (tokens) => {
  const out = [...tokens]
  for (let i = 0; i < out.length; i++) {
    if (out[i]?.upper === 'LIMIT' && out[i + 1]?.text === '-') out.splice(i + 1, 2, written('ALL'))
  }
  return out
}

const RULES: readonly Rule[] = [
  dropIndexHints,
  operators,
  casts,
  crossJoins,
  subselects,
  upserts,
  nullOrder,
  limits,
  names,
]

/** Everything that is said in another way, in one statement or in a part of one. */
export function rewritten(tokens: readonly Token[], catalog: Catalog): Token[] {
  return RULES.reduce<Token[]>((before, rule) => rule(before, catalog), [...tokens])
}
