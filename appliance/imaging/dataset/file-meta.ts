import { bytesElement, type DataSet, dataSetOf, type FileMeta, textElement } from './model.ts'

/** Names this implementation in file meta information and associations (PS3.7 D.3.3.2): a UUID-derived UID (PS3.5 B.2). */
export const IMPLEMENTATION_CLASS_UID = '2.25.315117393093460174230862714012087319142'
export const IMPLEMENTATION_VERSION_NAME = 'LEADGLASS_0_1'

/** Group 0002 of a new file (PS3.10 table 7.1-1), without its group length. Nothing of an earlier writer is taken over. */
export function fileMetaElements(
  meta: Pick<FileMeta, 'mediaStorageSopClassUid' | 'mediaStorageSopInstanceUid' | 'transferSyntaxUid'>,
): DataSet {
  return dataSetOf([
    bytesElement(0x00020001, 'OB', Uint8Array.of(0, 1)),
    textElement(0x00020002, 'UI', meta.mediaStorageSopClassUid),
    textElement(0x00020003, 'UI', meta.mediaStorageSopInstanceUid),
    textElement(0x00020010, 'UI', meta.transferSyntaxUid),
    textElement(0x00020012, 'UI', IMPLEMENTATION_CLASS_UID),
    textElement(0x00020013, 'SH', IMPLEMENTATION_VERSION_NAME),
  ])
}
