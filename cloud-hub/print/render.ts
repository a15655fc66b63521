import { once } from 'node:events'
import PDFDocument from 'pdfkit'
import { writeBlock } from './blocks.ts'
import { assertPrintable, type PrintDocument } from './document.ts'
import { MARGIN, Sheet } from './sheet.ts'

const SPELLED_NOTE =
  'Characters that the fonts of this paper cannot show are written as their code points, for example [U+4E2D], or ' +
  'without their accent. The record itself holds the original characters.'

/**
 * Prints a document as PDF 1.7, A4, with page numbers and the reference at the foot of each page. Equal documents give
 * equal bytes: dates come from `createdAt`, and the file identifier follows from the information dictionary.
 * Text is only ever drawn: nothing in it becomes a link, a field, a script or mark-up.
 * @throws {PrintError} `metadata-name-refused`, `document-too-large`; a RangeError when `createdAt` is no instant.
 */
export async function renderPdf(document: PrintDocument): Promise<Uint8Array> {
  assertPrintable(document)
  const createdAt = new Date(document.createdAt)
  createdAt.toISOString()
  const pdf = new PDFDocument({
    size: 'A4',
    pdfVersion: '1.7',
    bufferPages: true,
    lang: 'en',
    displayTitle: true,
    margins: { top: MARGIN, left: MARGIN, right: MARGIN, bottom: MARGIN + 18 },
    info: {
      Title: document.title,
      Subject: document.subject,
      Keywords: document.reference,
      Creator: 'Leadglass',
      Producer: 'Leadglass',
      CreationDate: createdAt,
      ModDate: createdAt,
      ...document.metadata,
    },
  })
  const chunks: Buffer[] = []
  pdf.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = once(pdf, 'end')
  compose(new Sheet(pdf), document)
  pdf.end()
  await ended
  return new Uint8Array(Buffer.concat(chunks))
}

function compose(sheet: Sheet, document: PrintDocument): void {
  sheet.write(document.title, { size: 17, bold: true })
  sheet.gap(3)
  sheet.write(document.subject, { size: 10.5, colour: '#566070' })
  sheet.write(`Record ${document.reference}, ${document.createdAt}`, { size: 8, colour: '#566070' })
  sheet.gap(6)
  sheet.rule()
  for (const section of document.sections) {
    sheet.gap(10)
    sheet.need(48)
    sheet.write(section.heading, { size: 12.5, bold: true })
    sheet.gap(4)
    for (const block of section.blocks) writeBlock(sheet, block)
  }
  if (sheet.transliterated) {
    sheet.gap(8)
    sheet.write(SPELLED_NOTE, { size: 8, colour: '#566070' })
  }
  sheet.number(document.reference)
}
