const APP0 = 0xffe0
const APP14 = 0xffee
/** Identifier, version, two flags and the transform (the codec needs all of it to believe the segment). */
const ADOBE_BYTES = 12
/** An Adobe segment that says: three components, no colour transform. */
const NO_TRANSFORM = Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0)

/**
 * A JPEG decoder without a JFIF or Adobe segment guesses that three components are YCbCr. Where the header says RGB
 * (PS3.5 8.2.1, PS3.3 C.7.6.3.1.2), the codestream is given the segment that says so too.
 */
export function withDeclaredColour(bytes: Uint8Array, photometric: string): Uint8Array {
  if (photometric !== 'RGB' || saysItsColour(bytes)) return bytes
  const result = new Uint8Array(bytes.length + NO_TRANSFORM.length)
  result.set(bytes.subarray(0, 2))
  result.set(NO_TRANSFORM, 2)
  result.set(bytes.subarray(2), 2 + NO_TRANSFORM.length)
  return result
}

function saysItsColour(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 2; at + 4 <= bytes.length; ) {
    const marker = view.getUint16(at)
    const length = view.getUint16(at + 2)
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 9))
    if (marker === APP0 && name === 'JFIF\0') return true
    if (marker === APP14 && name === 'Adobe' && length - 2 >= ADOBE_BYTES) return true
    // Scans and frames come after every segment that matters here.
    if (marker === 0xffda || marker < 0xffc0) return false
    at += 2 + Math.max(2, length)
  }
  return false
}
