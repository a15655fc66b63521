import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type Randomness, writeFileAtomically } from '../foundation/index.ts'

const bootFile = z.strictObject({
  schema: z.literal('leadglass.boot/1'),
  boot: z.number().int().min(0).max(999_999_999),
})
const RUN_BYTES = 8

/**
 * Counts a start of the agent, durably, before its first connection. Two boxes that share a copied disk count from the
 * same number, and so say what one box never says: the same start twice, or an earlier one after a later one.
 * @param folder the agent's `state` folder.
 * @returns the MQTT user name of this start, `boot-12-0123456789abcdef`.
 */
export async function countBoot(folder: string, randomness: Randomness): Promise<string> {
  const path = join(folder, 'boot.json')
  const boot = (await readBoot(path)) + 1
  await writeFileAtomically(path, JSON.stringify({ schema: 'leadglass.boot/1', boot }))
  return `boot-${boot}-${Buffer.from(randomness.bytes(RUN_BYTES)).toString('hex')}`
}

/** A file that is missing or damaged begins anew; the hub notices, and a person decides. */
async function readBoot(path: string): Promise<number> {
  try {
    return bootFile.parse(JSON.parse(await readFile(path, 'utf8'))).boot
  } catch {
    return 0
  }
}
