import { ATTACKS, verdictOn } from '../../../sync-agent/updates/testing/attacks/index.ts'
import { Site } from '../../../sync-agent/updates/testing/site.ts'
import type { Part, UpdateRow } from './part.ts'

/** Every attack of the list on an agent and an appliance with real files, each on a site of its own. */
export const attacks: Part = {
  name: 'attacks',
  summary: 'the attacks of TUF 1.5.2, Uptane and our own list, each on an agent and an appliance',
  async run({ progress }) {
    const rows: UpdateRow[] = []
    progress.step(`${ATTACKS.length} attacks`)
    for (const attack of ATTACKS) {
      const site = await Site.create()
      try {
        const verdict = verdictOn(attack, await attack.run(site))
        rows.push({ ...verdict, name: attack.name, family: attack.family, expected: attack.expected })
      } finally {
        await site.dispose()
      }
      progress.count(rows.length, ATTACKS.length)
    }
    return rows
  },
}
