/** The part of the decoder that is used; the package's own types are not shipped with it. */
declare module 'jpeg-lossless-decoder-js' {
  export class Decoder {
    decode(buffer: ArrayBuffer, offset: number, length: number): unknown
  }
}
