import type PDFDocument from 'pdfkit'
import { printableText } from './printable-text.ts'

export const MARGIN = 54
const FOOT = 40
const INK = '#1c2430'
const MUTED = '#566070'

/** How a run of text is set. */
export interface TextStyle {
  readonly size: number
  readonly bold?: boolean
  readonly colour?: string
  /** Left edge and width in points; the page's text width when left out. */
  readonly left?: number
  readonly width?: number
}

/** The pages of one document: puts text down the page and turns it. Remembers whether characters had to be spelled. */
export class Sheet {
  readonly document: InstanceType<typeof PDFDocument>
  transliterated = false

  constructor(document: InstanceType<typeof PDFDocument>) {
    this.document = document
  }

  get width(): number {
    return this.document.page.width - 2 * MARGIN
  }

  /** What is left of this page above the foot, in points. */
  get room(): number {
    return this.document.page.height - MARGIN - FOOT - this.document.y
  }

  /** Points of a whole empty page. */
  get wholePage(): number {
    return this.document.page.height - 2 * MARGIN - FOOT
  }

  /** Turns the page unless so many points are left. */
  need(points: number): void {
    if (this.room < points) this.document.addPage()
  }

  gap(points: number): void {
    this.document.y += points
  }

  /** Sets text below what stands; it flows over as many pages as it needs, and long words break. */
  write(source: string, style: TextStyle): void {
    const text = this.#set(source, style)
    this.document.text(text, style.left ?? MARGIN, this.document.y, { width: style.width ?? this.width })
    this.document.x = MARGIN
  }

  /** Sets text at a place without moving on. The caller made sure that it fits. */
  place(source: string, top: number, style: TextStyle): void {
    const { y } = this.document
    const text = this.#set(source, style)
    this.document.text(text, style.left ?? MARGIN, top, { width: style.width ?? this.width })
    this.document.y = y
  }

  /** Height in points that the text takes in this style. */
  height(source: string, style: TextStyle): number {
    const text = this.#set(source, style)
    return this.document.heightOfString(text, { width: style.width ?? this.width })
  }

  rule(): void {
    const { y } = this.document
    this.document
      .moveTo(MARGIN, y)
      .lineTo(MARGIN + this.width, y)
      .lineWidth(0.5)
      .strokeColor('#c5ccd6')
      .stroke()
  }

  /** Numbers every page and puts the reference at its foot. Called once, at the end. */
  number(reference: string): void {
    const { count } = this.document.bufferedPageRange()
    for (let index = 0; index < count; index += 1) {
      this.document.switchToPage(index)
      // Below the bottom margin text would open a new page; the foot belongs there.
      this.document.page.margins.bottom = 0
      const top = this.document.page.height - MARGIN + 6
      const half = this.width * 0.75
      const foot = { size: 7.5, colour: MUTED }
      this.place(clip(reference, 100), top, { ...foot, width: half })
      this.#set('', foot)
      this.document.text(`Page ${index + 1} of ${count}`, MARGIN + half, top, {
        width: this.width - half,
        align: 'right',
        lineBreak: false,
      })
    }
  }

  #set(source: string, style: TextStyle): string {
    const { text, transliterated } = printableText(source)
    this.transliterated ||= transliterated
    this.document
      .font(style.bold === true ? 'Helvetica-Bold' : 'Helvetica')
      .fontSize(style.size)
      .fillColor(style.colour ?? INK)
    return text
  }
}

export function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
