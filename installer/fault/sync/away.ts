import type { Part } from './part.ts'
import { runScenario } from './scenario.ts'
import { pause } from './site.ts'

const HOURS = 72
const SEALED_WITHIN_MS = 180_000

/** A box without a hub from Friday to Monday. */
export const away: Part = {
  name: 'away',
  summary: `${HOURS} hours without a hub, by the clock of the box: sealed, kept, and sent afterwards`,
  rows: 1,
  run: async (options) => [
    await runScenario(
      {
        fault: `${HOURS} hours away`,
        // All of it as fast as the box can seal: its clock passes the hours, not ours.
        site: { awayHours: HOURS, perSecond: 2000 },
        async inflict(site, failures) {
          await site.processes.agent.end()
          await site.processes.hub.end()
          if (!(await site.until(() => site.status?.done === true, SEALED_WITHIN_MS)))
            failures.push('not all was sealed')
          await pause(1000)
          await site.noteFault()
          // The box itself starts anew in the middle of it, as after a power cut on Sunday.
          site.processes.source.signal('SIGKILL')
          await site.processes.hub.start()
          await site.processes.agent.start()
          return HOURS
        },
      },
      options,
    ),
  ],
}
