/** The part of dcmjs's full dictionary that is read here. The package ships no types. */
declare module 'dcmjs/dictionary' {
  interface DictionaryEntry {
    readonly tag: string
    readonly vr: string
    readonly name: string
    readonly version: string
  }
  const dictionary: Readonly<Record<string, DictionaryEntry>>
  export default dictionary
}
