import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import ts from 'typescript'

const BEGINS = /^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\s/

/** A statement as it stands in the source. */
export interface SqlConstant {
  readonly place: string
  readonly sql: string
}

/**
 * Every SQL statement that stands in a source file as a string, with the constants of the same file filled in. Statements that
 * are put together while the program runs are counted, since only a run can show them.
 */
export async function sqlConstants(
  root: string,
  files: readonly string[],
): Promise<{ readonly statements: readonly SqlConstant[]; readonly composed: readonly string[] }> {
  const statements: SqlConstant[] = []
  const composed: string[] = []
  for (const file of files) {
    const source = ts.createSourceFile(file, await readFile(file, 'utf8'), ts.ScriptTarget.Latest, true)
    const constants = constantsOf(source)
    const visit = (node: ts.Node): void => {
      const place = `${relative(root, file)}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`
      if (isText(node) && BEGINS.test(node.getText().slice(1))) {
        const sql = textOf(node, constants)
        if (sql === undefined) composed.push(place)
        else statements.push({ place, sql })
        return
      }
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  return { statements, composed }
}

function isText(node: ts.Node): node is ts.StringLiteral | ts.TemplateLiteral {
  return ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node)
}

function constantsOf(source: ts.SourceFile): ReadonlyMap<string, ts.Expression> {
  const found = new Map<string, ts.Expression>()
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name) && initializer !== undefined) found.set(name.text, initializer)
    }
  }
  return found
}

function textOf(node: ts.Expression, constants: ReadonlyMap<string, ts.Expression>): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text
  if (ts.isNumericLiteral(node)) return node.text
  if (ts.isIdentifier(node)) {
    const constant = constants.get(node.text)
    return constant === undefined ? undefined : textOf(constant, constants)
  }
  if (!ts.isTemplateExpression(node)) return undefined
  let text = node.head.text
  for (const { expression, literal } of node.templateSpans) {
    const filled = textOf(expression, constants)
    if (filled === undefined) return undefined
    text += filled + literal.text
  }
  return text
}
