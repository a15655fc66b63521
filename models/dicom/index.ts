export { sequence, text, unsigned, type WriteElement, writePart10 } from './part10.ts'
export { seededUid } from './uid.ts'
export { type SliceFacts, type SliceVolume, wrapSlices } from './wrap-slices.ts'
