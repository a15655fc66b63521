import { readFile } from 'node:fs/promises'

const PAGE_BYTES = 4096

/**
 * Resident memory of another process in bytes, from /proc (Linux). `undefined` where that cannot be read: the process
 * has ended, or the system has no /proc; the JavaScript heap is bounded by its own option there.
 */
export async function residentBytes(pid: number): Promise<number | undefined> {
  const statm = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => undefined)
  const pages = Number(statm?.split(' ')[1])
  return Number.isFinite(pages) ? pages * PAGE_BYTES : undefined
}
