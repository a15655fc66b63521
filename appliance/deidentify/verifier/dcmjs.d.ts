/** The part of dcmjs that the verifier uses. The package ships no types. */
declare module 'dcmjs' {
  export interface DcmjsElement {
    readonly vr: string
    readonly Value?: readonly unknown[]
  }
  export interface DcmjsFile {
    readonly meta: Readonly<Record<string, DcmjsElement>>
    readonly dict: Readonly<Record<string, DcmjsElement>>
  }
  interface ReadOptions {
    readonly untilTag?: string
    readonly includeUntilTagValue?: boolean
    readonly noCopy?: boolean
  }
  const dcmjs: {
    readonly data: {
      readonly DicomMessage: { readFile(buffer: ArrayBuffer, options?: ReadOptions): DcmjsFile }
    }
    readonly log: { setLevel(level: 'silent'): void }
  }
  export default dcmjs
}
