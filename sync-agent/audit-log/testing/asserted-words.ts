import ts from 'typescript'

/** Calls that fail a test when what they are given does not hold; local functions around them count as well. */
const ASSERTIONS = /\b(?:expect|eventually)\b/

/**
 * Which of `words` a test asserts: the word stands, alone or before its outcome and codes, in the arguments of an assertion
 * or of a local function that asserts, in the list of a loop that does, or in what a variable holds that an assertion names.
 * A word that is only sent, logged or said in a title does not count.
 * @param text a test's source.
 */
export function assertedWords(text: string, words: readonly string[]): Set<string> {
  const file = ts.createSourceFile('test.ts', text, ts.ScriptTarget.Latest, true)
  const asserting = new Set(['expect', 'eventually'])
  const named = new Set<string>()
  each(file, (node) => {
    const body = functionNamed(node)
    if (body !== undefined && ASSERTIONS.test(body.text)) asserting.add(body.name)
    if (ts.isCallExpression(node) && node.expression.getText() === 'expect') {
      for (const argument of node.parent.parent.getText().match(/[A-Za-z]\w*/g) ?? []) named.add(argument)
    }
  })
  const found = new Set<string>()
  each(file, (node) => {
    if (!ts.isStringLiteralLike(node) && !ts.isTemplateHead(node)) return
    const [first = ''] = node.text.split(' ')
    if (words.includes(first) && isAsserted(node, asserting, named)) found.add(first)
  })
  return found
}

function isAsserted(node: ts.Node, asserting: ReadonlySet<string>, named: ReadonlySet<string>): boolean {
  for (let at = node; !ts.isSourceFile(at); at = at.parent) {
    const above = at.parent
    if (ts.isCallExpression(above) && asserting.has(/^\w+/.exec(above.expression.getText())?.[0] ?? '')) return true
    if (ts.isForOfStatement(above) && above.expression === at && ASSERTIONS.test(above.statement.getText())) return true
    if (ts.isVariableDeclaration(above) && above.initializer === at) {
      if ((above.name.getText().match(/[A-Za-z]\w*/g) ?? []).some((name) => named.has(name))) return true
    }
  }
  return false
}

function functionNamed(node: ts.Node): { readonly name: string; readonly text: string } | undefined {
  if (ts.isFunctionDeclaration(node) && node.name !== undefined) return { name: node.name.text, text: node.getText() }
  if (!ts.isVariableDeclaration(node) || node.initializer === undefined || !ts.isIdentifier(node.name)) return undefined
  return ts.isArrowFunction(node.initializer) ? { name: node.name.text, text: node.getText() } : undefined
}

function each(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  node.forEachChild((child) => each(child, visit))
}
