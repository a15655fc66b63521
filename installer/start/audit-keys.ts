import { readFile } from 'node:fs/promises'
import type { InstanceLayout } from './layout.ts'

/** The verifier keys of an instance's logs and witness, without the comments of their file. */
export async function readAuditKeys(layout: InstanceLayout): Promise<readonly string[]> {
  const text = await readFile(layout.auditKeysFile, 'utf8').catch(() => '')
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}
