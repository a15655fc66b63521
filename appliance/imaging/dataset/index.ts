export {
  bytesOf,
  decimal,
  decimals,
  integer,
  integers,
  littleEndianBytes,
  numbers,
  sequence,
  swapped,
  text,
  texts,
  uid,
} from './access.ts'
export { decodeText } from './character-set.ts'
export { attributeOf, type DictionaryAttribute, implicitVr, isPrivate } from './dictionary.ts'
export { DataSetError, type DataSetErrorCode } from './errors.ts'
export { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from './file-meta.ts'
export {
  type BytesValue,
  bytesElement,
  type DataSet,
  dataSetOf,
  type Element,
  type ElementValue,
  type Encoding,
  type FileMeta,
  type FragmentsValue,
  type ItemsValue,
  type Part10File,
  sequenceElement,
  textElement,
} from './model.ts'
export { memorySource, type ObjectSource, windowed } from './object-source.ts'
export { type Extent, type ObjectOutline, outlineObject, type PixelExtent } from './outline.ts'
export { parseDataSet, parsePart10 } from './part10.ts'
export { defaultReadLimits, type ReadLimits } from './reader.ts'
export {
  DEFLATED_LITTLE,
  EXPLICIT_BIG,
  EXPLICIT_LITTLE,
  IMPLICIT_LITTLE,
  type TransferSyntax,
  transferSyntaxOf,
} from './transfer-syntax.ts'
export { isVr, traitsOf, type Vr, type VrTraits } from './vr.ts'
export { concat, type WritableFile, writeDataSet, writePart10 } from './writer.ts'
