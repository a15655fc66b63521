/** A table of GitHub flavoured Markdown. Bars in cells are escaped. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

/** Paragraphs, lists and tables, one empty line between them. */
export function blocks(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n')
}

export function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n')
}

/** `(0010,0020)` for 0x00100020. */
export function tagText(tag: number): string {
  const hex = tag.toString(16).padStart(8, '0').toUpperCase()
  return `(${hex.slice(0, 4)},${hex.slice(4)})`
}

export function yesNo(value: boolean): string {
  return value ? 'Yes' : 'No'
}
