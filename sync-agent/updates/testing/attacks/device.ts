import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { MemoryFetcher } from '../memory.ts'
import type { Site } from '../site.ts'
import type { Attack } from './attack.ts'

const FILES = ['timestamp.json', 'snapshot.json', 'targets.json', 'approved-models.json', '2.root.json']

const DAMAGES: Readonly<Record<string, (path: string) => Promise<void>>> = {
  'cut in half': async (path) => truncate(path, (await readFile(path)).length >> 1),
  'of no length': (path) => truncate(path, 0),
  'with a flipped bit': async (path) => {
    const bytes = await readFile(path)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
    await writeFile(path, bytes)
  },
}

async function secondRoot(site: Site): Promise<void> {
  Object.assign(site.repository.parts.root, { version: 2 })
  site.repository.next('snapshot', 'timestamp')
  site.repository.publish()
  await site.bothSee()
}

/** Damage to what the device keeps: it heals, and a rollback is refused all the same. */
export const DEVICE_ATTACKS: readonly Attack[] = [
  ...FILES.flatMap((file) =>
    Object.entries(DAMAGES).map(
      ([damage, inflict]): Attack => ({
        family: 'device',
        name: `local ${file} ${damage} is repaired`,
        expected: 'verified',
        async run(site) {
          await secondRoot(site)
          for (const side of ['agent', 'appliance']) await inflict(site.at(side, 'metadata', file))
          return site.bothSee()
        },
      }),
    ),
  ),
  {
    family: 'device',
    name: 'rollback: one copy of the marks damaged and every other file lost',
    expected: 'metadata-rollback',
    async run(site) {
      const old = new Map(site.repository.files)
      site.publishSecond()
      await site.agentSees()
      await truncate(site.at('agent', 'high-water-marks.a.json'), 10)
      await rm(site.at('agent', 'metadata'), { recursive: true })
      return [await site.agentSees(new MemoryFetcher(old))]
    },
  },
]
