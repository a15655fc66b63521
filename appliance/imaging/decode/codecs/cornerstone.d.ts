/** The parts of the WebAssembly codecs that are used; the packages carry no types of their own. */
declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  const create: (options?: object) => Promise<{ readonly JpegLSDecoder: new () => unknown }>
  export default create
}
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  const create: (options?: object) => Promise<{ readonly JPEGDecoder: new () => unknown }>
  export default create
}
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const create: (options?: object) => Promise<{ readonly J2KDecoder: new () => unknown }>
  export default create
}
declare module '@cornerstonejs/codec-openjph/wasmjs' {
  const create: (
    options?: object,
  ) => Promise<{ readonly HTJ2KDecoder: new () => unknown; readonly HTJ2KEncoder: new () => unknown }>
  export default create
}
