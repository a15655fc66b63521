import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { peer } from '../../installer/testing/peers.ts'

const PDFTOTEXT = peer('pdftotext')
const GHOSTSCRIPT = PDFTOTEXT === undefined ? peer('gs') : undefined

/** Whether a reader of PDF that is not ours is installed. */
export const WITHOUT_PDF_READER = PDFTOTEXT === undefined && GHOSTSCRIPT === undefined

/** The text that another program sees in the PDF at `path`; leaves a `.txt` beside it. */
export async function pdfText(path: string): Promise<string> {
  const out = `${path}.txt`
  if (PDFTOTEXT !== undefined) execFileSync(PDFTOTEXT, ['-layout', path, out])
  else execFileSync(GHOSTSCRIPT ?? '', ['-q', '-dBATCH', '-dNOPAUSE', '-dSAFER', '-sDEVICE=txtwrite', `-o${out}`, path])
  return await readFile(out, 'utf8')
}
