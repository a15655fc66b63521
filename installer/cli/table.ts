/** A cell of a table for people. */
export type Cell = string | number | boolean | null | undefined

/**
 * Plain columns, as wide as their widest cell; numbers stand to the right.
 * @returns lines without a trailing newline.
 */
export function renderTable(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const text = rows.map((row) => headings.map((_, column) => format(row[column])))
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...text.map((row) => (row[column] ?? '').length)),
  )
  const numeric = headings.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  return [line(headings), line(widths.map((width) => '-'.repeat(width))), ...text.map(line)].join('\n')
}

function format(cell: Cell): string {
  if (cell === null || cell === undefined) return '-'
  if (typeof cell === 'number' && !Number.isInteger(cell)) return cell.toFixed(Math.abs(cell) >= 100 ? 0 : 3)
  return String(cell)
}
