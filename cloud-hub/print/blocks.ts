import type { PrintBlock } from './document.ts'
import { MARGIN, type Sheet, type TextStyle } from './sheet.ts'

const BODY = { size: 9.5 } as const satisfies TextStyle
const CELL = { size: 8 } as const satisfies TextStyle
const LABEL_WIDTH = 150
const GAP_COLOUR = '#a61b1b'
const OK_COLOUR = '#1d6b3a'
const PADDING = 3

/** Sets one block below what stands on the sheet. */
export function writeBlock(sheet: Sheet, block: PrintBlock): void {
  switch (block.kind) {
    case 'text':
      sheet.write(block.text, BODY)
      break
    case 'fields':
      for (const [label, value] of block.fields) writeField(sheet, label, value)
      break
    case 'table':
      writeTable(sheet, block)
      break
    case 'finding':
      writeFinding(sheet, block.severity, block.text)
      break
  }
  sheet.gap(7)
}

function writeField(sheet: Sheet, label: string, value: string): void {
  const left = { ...BODY, bold: true, width: LABEL_WIDTH - 10 }
  const right = { ...BODY, left: MARGIN + LABEL_WIDTH, width: sheet.width - LABEL_WIDTH }
  const labelHeight = sheet.height(label, left)
  if (labelHeight > sheet.wholePage / 4) {
    // A label of hostile length stands above its value and flows.
    sheet.write(label, { ...BODY, bold: true })
    sheet.write(value, BODY)
    return
  }
  sheet.need(Math.max(labelHeight, BODY.size * 1.3))
  const top = sheet.document.y
  const page = sheet.document.page
  sheet.place(label, top, left)
  sheet.write(value === '' ? '-' : value, right)
  // On the page where the label stands, the next field may not begin beside it.
  if (sheet.document.page === page) sheet.document.y = Math.max(sheet.document.y, top + labelHeight)
  sheet.gap(2)
}

/** Red and the word GAP, or green and the word OK: never the colour alone. */
function writeFinding(sheet: Sheet, severity: 'ok' | 'gap', text: string): void {
  const gap = severity === 'gap'
  sheet.write(`${gap ? 'GAP' : 'OK'}: ${text}`, { ...BODY, bold: gap, colour: gap ? GAP_COLOUR : OK_COLOUR })
}

function writeTable(sheet: Sheet, table: Extract<PrintBlock, { kind: 'table' }>): void {
  const widths = columnWidths(sheet, table.columns, table.rows)
  const emphasis = new Set(table.emphasis ?? [])
  const head = (): void => writeRow(sheet, table.columns, widths, true, undefined)
  head()
  for (const [index, row] of table.rows.entries()) {
    const cells = table.columns.map((_, column) => row[column] ?? '')
    const bold = emphasis.has(index)
    if (rowHeight(sheet, cells, widths, bold) > sheet.wholePage / 2) {
      // Taller than half a page: set as fields, which flow over pages; a row never breaks within itself.
      for (const [column, cell] of cells.entries()) writeField(sheet, table.columns[column] ?? '', cell)
      sheet.rule()
    } else {
      writeRow(sheet, cells, widths, bold, head)
    }
  }
}

/** @param head set again at the top of the page when the row turns it. */
function writeRow(
  sheet: Sheet,
  cells: readonly string[],
  widths: readonly number[],
  bold: boolean,
  head: (() => void) | undefined,
): void {
  const height = rowHeight(sheet, cells, widths, bold)
  if (sheet.room < height) {
    sheet.document.addPage()
    head?.()
  }
  const top = sheet.document.y
  let left = MARGIN
  for (const [column, cell] of cells.entries()) {
    const width = widths[column] ?? 0
    sheet.place(cell, top + PADDING, { ...CELL, bold, left, width: width - PADDING })
    left += width
  }
  sheet.document.y = top + height
  sheet.rule()
}

function rowHeight(sheet: Sheet, cells: readonly string[], widths: readonly number[], bold: boolean): number {
  const heights = cells.map((cell, column) =>
    sheet.height(cell, { ...CELL, bold, width: (widths[column] ?? 0) - PADDING }),
  )
  return Math.max(CELL.size, ...heights) + 2 * PADDING
}

/** Shares the width by the longest cell, counted between 6 and 40 characters, so that one long text starves no column. */
function columnWidths(sheet: Sheet, columns: readonly string[], rows: readonly (readonly string[])[]): number[] {
  const weights = columns.map((name, column) => {
    let longest = name.length
    for (const row of rows) longest = Math.max(longest, row[column]?.length ?? 0)
    return Math.min(40, Math.max(6, longest))
  })
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => (sheet.width * weight) / total)
}
