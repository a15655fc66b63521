/** PS3.5 6.2 (AE): 1 to 16 characters of the default repertoire, without backslash and control characters, not only spaces. */
export function isAeTitle(title: string): boolean {
  return /^[\x20-\x5b\x5d-\x7e]{1,16}$/.test(title) && title.trim() !== ''
}
