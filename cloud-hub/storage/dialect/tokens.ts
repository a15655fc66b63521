/** A piece of SQL text. White space and comments are no tokens. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'blob' | 'number' | 'parameter' | 'symbol'
  readonly text: string
  /** Of a word, in capitals; otherwise the text. */
  readonly upper: string
}

/** In the order in which they are tried; comments and strings first, so that nothing inside them is taken for SQL. */
const PIECES: readonly (readonly [Token['kind'] | 'space', RegExp])[] = [
  ['space', /(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))/y],
  ['blob', /[xX]'[0-9A-Fa-f]*'/y],
  ['string', /'(?:[^']|'')*'/y],
  ['quoted', /"(?:[^"]|"")*"/y],
  ['parameter', /\?\d*|[:@$][A-Za-z_][A-Za-z0-9_]*/y],
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['word', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['symbol', /\|\||->>|->|<=|>=|<>|!=|==|<<|>>|[-+*/%&|~<>=(),.;]/y],
]

/** Splits SQL into tokens. @throws {SyntaxError} at a character that begins no token. */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < sql.length; ) {
    const [kind, text] = pieceAt(sql, at)
    at += text.length
    if (kind !== 'space') tokens.push({ kind, text, upper: kind === 'word' ? text.toUpperCase() : text })
  }
  return tokens
}

function pieceAt(sql: string, at: number): [Token['kind'] | 'space', string] {
  for (const [kind, pattern] of PIECES) {
    pattern.lastIndex = at
    const found = pattern.exec(sql)
    if (found !== null) return [kind, found[0]]
  }
  throw new SyntaxError(`SQL cannot be read at character ${at}`)
}

/** A token that the translation itself writes. */
export function written(text: string): Token {
  return { kind: 'symbol', text, upper: text }
}

/** Index of the parenthesis that closes the one at `open`. @throws {SyntaxError} when there is none. */
export function closingOf(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let i = open; i < tokens.length; i++) {
    if (tokens[i]?.text === '(') depth += 1
    if (tokens[i]?.text === ')') depth -= 1
    if (depth === 0) return i
  }
  throw new SyntaxError('a parenthesis is not closed')
}

/** The statements of a script, without their semicolons; the body of a trigger stays with its trigger. */
export function statementsOf(tokens: readonly Token[]): Token[][] {
  const statements: Token[][] = []
  let current: Token[] = []
  let cases = 0
  /** The token before was the END of a trigger, not that of a CASE within it. */
  let isEnded = false
  for (const token of tokens) {
    const isTrigger = current[0]?.upper === 'CREATE' && current.slice(1, 3).some(({ upper }) => upper === 'TRIGGER')
    if (token.text === ';' && (!isTrigger || isEnded)) {
      if (current.length > 0) statements.push(current)
      current = []
      cases = 0
      isEnded = false
      continue
    }
    isEnded = token.upper === 'END' && cases === 0
    if (token.upper === 'CASE') cases += 1
    if (token.upper === 'END' && cases > 0) cases -= 1
    current.push(token)
  }
  if (current.length > 0) statements.push(current)
  return statements
}
