import { LINK_FAULTS } from '../../../sync-agent/transport/testing/link-fault-proxy.ts'
import type { MqttStage } from './mqtt-stage.ts'
import type { Part, PartOptions } from './part.ts'
import { REFUSALS, stageOf } from './refusals.ts'
import { runScenario } from './scenario.ts'
import { pause, type Site } from './site.ts'

const VICTIMS = ['source', 'agent', 'hub'] as const
/** A storm lasts as long as so many single faults. */
const FAULTS_LONG = 6
const LONGEST_GUST_MS = 3500

/** Everything at once, in an order that only the seed knows. */
export const storm: Part = {
  name: 'storm',
  summary: 'faults of link, processes and broker over one another at random, on one site with all envelopes of a run',
  rows: 0,
  async run(options) {
    let stage: MqttStage | undefined
    try {
      const row = await runScenario(
        {
          fault: 'all of it at random, over one another',
          site: {
            perSecond: Math.ceil(options.total / ((options.faultMs * FAULTS_LONG) / 1000)),
            async stage(site) {
              stage = await stageOf(site)
              return stage.start()
            },
          },
          inflict: (site) => blow(site, stage, options),
        },
        { ...options, envelopes: options.total },
      )
      return [row]
    } finally {
      await stage?.stop()
    }
  },
}

/** Three winds blow independently of each other until the time is over. @returns how many gusts there were. */
async function blow(site: Site, stage: MqttStage | undefined, options: PartOptions): Promise<number> {
  const { random } = options
  const until = performance.now() + options.faultMs * FAULTS_LONG
  let gusts = 0
  const wind = async (gust: () => Promise<void>): Promise<void> => {
    while (performance.now() < until) {
      await pause(200 + random() * 2000)
      await site.noteFault()
      await gust()
      gusts += 1
    }
  }
  const length = (): number => 300 + random() * (LONGEST_GUST_MS - 300)
  await Promise.all([
    wind(async () => {
      site.proxy.fault = oneOf(LINK_FAULTS, random)
      await pause(length())
      site.proxy.fault = null
    }),
    wind(async () => {
      const victim = site.processes[oneOf(VICTIMS, random)]
      if (random() < 0.5) victim.signal('SIGKILL')
      else if (victim.signal('SIGSTOP')) {
        await pause(length())
        victim.signal('SIGCONT')
      }
    }),
    wind(async () => {
      if (stage === undefined) return
      stage.refusal = oneOf(REFUSALS, random)
      if (random() < 0.5) stage.drop()
      await pause(length())
      stage.refusal = null
    }),
  ])
  return gusts
}

function oneOf<T>(list: readonly T[], random: () => number): T {
  const found = list[Math.floor(random() * list.length)]
  if (found === undefined) throw new RangeError('a choice among nothing')
  return found
}
