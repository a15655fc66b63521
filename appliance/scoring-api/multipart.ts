const MOST_PARTS = 64
const LONGEST_PART_HEADER = 2048

/** The boundary of a multipart/related Content-Type (RFC 2046 5.1.1); undefined when there is none, or none allowed. */
export function boundaryOf(contentType: string): string | undefined {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType) ?? []
  const boundary = quoted ?? plain
  return boundary !== undefined && /^[\w'()+,./:=? -]*[\w'()+,./:=?-]$/.test(boundary) ? boundary : undefined
}

/**
 * The DICOM objects in a multipart/related body (RFC 2387, PS3.18 8.6.1.2): views into it.
 * @returns undefined when the body is not what the boundary promises, or a part says that it is something else.
 */
export function partsOf(body: Buffer, boundary: string): readonly Uint8Array[] | undefined {
  const delimiter = Buffer.from(`--${boundary}`)
  const parts: Uint8Array[] = []
  let at = body.indexOf(delimiter)
  // A preamble is allowed; what it says is nobody's affair here.
  if (at !== 0 && (at < 2 || body.toString('latin1', at - 2, at) !== '\r\n')) return undefined
  for (;;) {
    at += delimiter.length
    const after = body.toString('latin1', at, at + 2)
    if (after === '--') return parts.length === 0 ? undefined : parts
    if (after !== '\r\n' || parts.length >= MOST_PARTS) return undefined
    // The line break before the headers is theirs too: a part may have none.
    const headersEnd = body.indexOf('\r\n\r\n', at)
    if (headersEnd < 0 || headersEnd - at > LONGEST_PART_HEADER) return undefined
    const type = /^content-type:\s*([^;\r\n]*)/im.exec(body.toString('latin1', at + 2, headersEnd))?.[1]?.trim()
    if (type !== undefined && type.toLowerCase() !== 'application/dicom') return undefined
    const next = body.indexOf(`\r\n--${boundary}`, headersEnd + 2)
    if (next < 0) return undefined
    parts.push(body.subarray(headersEnd + 4, Math.max(headersEnd + 4, next)))
    at = next + 2
  }
}
