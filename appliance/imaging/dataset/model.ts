import type { Vr } from './vr.ts'

/** Bytes of one value field, a view into the input. `bigEndian` tells how numbers in it are stored. */
export interface BytesValue {
  readonly kind: 'bytes'
  readonly bytes: Uint8Array
  readonly bigEndian: boolean
}

/** Items of a sequence (PS3.5 7.5). */
export interface ItemsValue {
  readonly kind: 'items'
  readonly items: readonly DataSet[]
}

/** Encapsulated pixel data (PS3.5 A.4): the first item is the basic offset table, the others are fragments. Views. */
export interface FragmentsValue {
  readonly kind: 'fragments'
  readonly offsetTable: Uint8Array
  readonly fragments: readonly Uint8Array[]
}

export type ElementValue = BytesValue | ItemsValue | FragmentsValue

/** One data element. `tag` is 0xGGGGEEEE. */
export interface Element {
  readonly tag: number
  readonly vr: Vr
  readonly value: ElementValue
}

/**
 * A data set or an item of a sequence. Group lengths (gggg,0000) are structure and not held (PS3.5 7.2).
 * `characterSets` are the defined terms of (0008,0005) in force here: its own, else those of the enclosing data set
 * (PS3.5 6.1.2.3 and PS3.3 C.12.1.1.2).
 */
export interface DataSet {
  readonly elements: Map<number, Element>
  readonly characterSets: readonly string[]
}

/** File Meta Information (PS3.10 7.1). Empty strings stand for what the file did not have and the data set did not give. */
export interface FileMeta {
  readonly mediaStorageSopClassUid: string
  readonly mediaStorageSopInstanceUid: string
  readonly transferSyntaxUid: string
  readonly implementationClassUid: string
  readonly implementationVersionName: string
}

/** How the data set's elements really are encoded; where the file contradicts its transfer syntax, this is right. */
export interface Encoding {
  readonly explicit: boolean
  readonly bigEndian: boolean
}

/** A parsed object. */
export interface Part10File {
  readonly meta: FileMeta
  /** Group 0002 as it stood in the file; empty where there was none. */
  readonly metaElements: DataSet
  readonly dataSet: DataSet
  readonly encoding: Encoding
  /** `part10`: preamble and prefix; `no-preamble`: group 0002 at once; `bare`: a data set without file meta information. */
  readonly form: 'part10' | 'no-preamble' | 'bare'
  /** The bytes ended inside an element, item or sequence. What was read up to there is in `dataSet`. */
  readonly truncated: boolean
}

/** A data set with these elements, in ascending order of tag. */
export function dataSetOf(elements: Iterable<Element>, characterSets: readonly string[] = []): DataSet {
  const sorted = [...elements].sort((a, b) => a.tag - b.tag)
  return { elements: new Map(sorted.map((element) => [element.tag, element])), characterSets }
}

/** An element whose value is `bytes`, in little endian where it holds numbers. */
export function bytesElement(tag: number, vr: Vr, bytes: Uint8Array): Element {
  return { tag, vr, value: { kind: 'bytes', bytes, bigEndian: false } }
}

/** A text element of one or more values, in ASCII (or Latin-1); padding is the writer's affair. */
export function textElement(tag: number, vr: Vr, ...values: string[]): Element {
  return bytesElement(tag, vr, Buffer.from(values.join('\\'), 'latin1'))
}

/** A sequence element. */
export function sequenceElement(tag: number, items: readonly DataSet[]): Element {
  return { tag, vr: 'SQ', value: { kind: 'items', items } }
}
