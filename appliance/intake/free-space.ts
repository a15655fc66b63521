/** What intake asks before it takes an instance. */
export interface FreeSpace {
  /** True at the hard mark: nothing new may be taken. */
  isLow(): boolean
  /** Bytes free and in total, as last seen. */
  figures(): { readonly freeBytes: number; readonly totalBytes: number }
}
