import { bytesElement, type Element } from '../imaging/dataset/index.ts'

/** Unsigned 16-bit values, little endian (PS3.5 6.2, US). */
export function us(tag: number, ...values: readonly number[]): Element {
  const bytes = Buffer.alloc(values.length * 2)
  values.forEach((value, place) => {
    bytes.writeUInt16LE(value, place * 2)
  })
  return bytesElement(tag, 'US', bytes)
}

/** Unsigned 32-bit values (PS3.5 6.2, UL). */
export function ul(tag: number, ...values: readonly number[]): Element {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, place) => {
    bytes.writeUInt32LE(value, place * 4)
  })
  return bytesElement(tag, 'UL', bytes)
}

/** Signed 32-bit values (PS3.5 6.2, SL). */
export function sl(tag: number, ...values: readonly number[]): Element {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, place) => {
    bytes.writeInt32LE(value, place * 4)
  })
  return bytesElement(tag, 'SL', bytes)
}

/** A 64-bit float (PS3.5 6.2, FD). */
export function fd(tag: number, value: number): Element {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytesElement(tag, 'FD', bytes)
}

/** 32-bit floats (PS3.5 6.2, FL). */
export function fl(tag: number, ...values: readonly number[]): Element {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, place) => {
    bytes.writeFloatLE(value, place * 4)
  })
  return bytesElement(tag, 'FL', bytes)
}

/** Attribute tags (PS3.5 6.2, AT): group, then element, each little endian. */
export function at(tag: number, pointer: number): Element {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt16LE(pointer >>> 16, 0)
  bytes.writeUInt16LE(pointer & 0xffff, 2)
  return bytesElement(tag, 'AT', bytes)
}
