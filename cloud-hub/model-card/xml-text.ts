/** A leaf or branch of an XML document. */
export interface XmlElement {
  readonly name: string
  readonly content: string | readonly XmlElement[]
}

/** Characters that XML 1.0 cannot hold at all (2.2), and the three that mean mark-up. */
const UNWRITABLE = /[^\u0009\u000A\u000D\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

/** Text as XML character data: no input can become an element, an entity or a section. */
export function escapeXml(text: string): string {
  return text
    .replaceAll(UNWRITABLE, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;')
}

/** Writes a document with its declaration. Names and the namespace are the caller's own constants. */
export function writeXml(root: XmlElement, namespace: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, 0, ` xmlns="${namespace}"`)}`
}

function element({ name, content }: XmlElement, depth: number, attributes = ''): string {
  const indent = '  '.repeat(depth)
  if (typeof content === 'string') return `${indent}<${name}${attributes}>${escapeXml(content)}</${name}>\n`
  const inner = content.map((child) => element(child, depth + 1)).join('')
  return `${indent}<${name}${attributes}>\n${inner}${indent}</${name}>\n`
}
