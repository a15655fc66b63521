import { PrintError } from './errors.ts'

/** What is printed. The words are the caller's; the layout is this room's. */
export interface PrintDocument {
  readonly title: string
  readonly subject: string
  /** Digest of the record that this paper shows; stands at the foot of every page. */
  readonly reference: string
  /** ISO 8601 instant of the record, not of the printing: the same record prints the same bytes. */
  readonly createdAt: string
  /** Further entries of the PDF information dictionary; names are letters and digits. */
  readonly metadata: Readonly<Record<string, string>>
  readonly sections: readonly PrintSection[]
}

export interface PrintSection {
  readonly heading: string
  readonly blocks: readonly PrintBlock[]
}

/** One block of a section. */
export type PrintBlock =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'fields'; readonly fields: readonly (readonly [label: string, value: string])[] }
  | {
      readonly kind: 'table'
      readonly columns: readonly string[]
      readonly rows: readonly (readonly string[])[]
      /** Indices of the rows that are set in bold, from 0. */
      readonly emphasis?: readonly number[]
    }
  | { readonly kind: 'finding'; readonly severity: 'ok' | 'gap'; readonly text: string }

/** Characters of one document, metadata included: a paper of some thousand pages. */
export const MAXIMUM_CHARACTERS = 8_000_000

/** Names of the information dictionary that PDF 32000-1 14.3.3 defines; the document's own fields fill them. */
const DEFINED_NAMES: ReadonlySet<string> = new Set([
  'Title',
  'Author',
  'Subject',
  'Keywords',
  'Creator',
  'Producer',
  'CreationDate',
  'ModDate',
  'Trapped',
])

/**
 * Refuses what must not reach the writer: a metadata name is written unescaped as a PDF name, so it may hold letters
 * and digits only.
 * @throws {PrintError} `metadata-name-refused`, `document-too-large`
 */
export function assertPrintable(document: PrintDocument): void {
  for (const name of Object.keys(document.metadata)) {
    if (!/^[A-Za-z][A-Za-z0-9]{0,63}$/.test(name) || DEFINED_NAMES.has(name)) {
      throw new PrintError('metadata-name-refused', 'a metadata name of the document is not allowed')
    }
  }
  if (characters(document) > MAXIMUM_CHARACTERS) {
    throw new PrintError('document-too-large', `the document has more than ${MAXIMUM_CHARACTERS} characters`)
  }
}

function characters(document: PrintDocument): number {
  let count = document.title.length + document.subject.length + document.reference.length
  for (const value of Object.values(document.metadata)) count += value.length
  for (const section of document.sections) {
    count += section.heading.length
    for (const block of section.blocks) count += blockCharacters(block)
  }
  return count
}

function blockCharacters(block: PrintBlock): number {
  const sum = (texts: readonly string[]): number => texts.reduce((total, text) => total + text.length + 1, 0)
  switch (block.kind) {
    case 'text':
    case 'finding':
      return block.text.length
    case 'fields':
      return sum(block.fields.flat())
    case 'table':
      return sum(block.columns) + sum(block.rows.flat())
  }
}
