export { MAXIMUM_CHARACTERS, type PrintBlock, type PrintDocument, type PrintSection } from './document.ts'
export { type PrintCode, PrintError } from './errors.ts'
export { type PrintableText, printableText } from './printable-text.ts'
export { renderPdf } from './render.ts'
