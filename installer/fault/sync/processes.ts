import type { Part } from './part.ts'
import { runScenario, type Scenario } from './scenario.ts'
import { pause, type Site } from './site.ts'

const VICTIMS = ['source', 'agent', 'hub'] as const
type Victim = (typeof VICTIMS)[number]

const TITLES: Readonly<Record<Victim, string>> = {
  source: 'the appliance’s egress',
  agent: 'the agent',
  hub: 'the hub with its broker',
}

/** Beyond one and a half keepalives of two seconds: the other side gives the connection up. */
const STOPPED_MS = 4500

/** Ends without warning. */
export const kills: Part = {
  name: 'kill',
  summary: 'kill -9 of the appliance’s egress, the agent and the hub, at random times',
  rows: VICTIMS.length,
  async run(options) {
    const rows = []
    for (const victim of VICTIMS) {
      rows.push(await runScenario(killing(victim, options.faultMs, options.random), options))
    }
    return rows
  },
}

/** Processes that stand still and go on. */
export const pauses: Part = {
  name: 'pause',
  summary: 'SIGSTOP for longer than the keepalive, then SIGCONT, of each process',
  rows: 1,
  run: async (options) => [await runScenario(pausing(), options)],
}

function killing(victim: Victim, faultMs: number, random: () => number): Scenario {
  return {
    fault: `kill -9 of ${TITLES[victim]}`,
    async inflict(site) {
      const until = performance.now() + faultMs
      let count = 0
      while (performance.now() < until || count === 0) {
        await pause(300 + random() * 1500)
        await site.until(() => site.processes[victim].isRunning, 10_000)
        await site.noteFault()
        if (site.processes[victim].signal('SIGKILL')) count += 1
      }
      return count
    },
  }
}

function pausing(): Scenario {
  return {
    fault: 'SIGSTOP and SIGCONT of each process',
    async inflict(site: Site) {
      let count = 0
      for (const victim of VICTIMS) {
        await pause(500)
        if (!site.processes[victim].signal('SIGSTOP')) continue
        count += 1
        await pause(STOPPED_MS)
        await site.noteFault()
        site.processes[victim].signal('SIGCONT')
      }
      return count
    },
  }
}
