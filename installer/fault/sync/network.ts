import { LINK_FAULTS, type LinkFault } from '../../../sync-agent/transport/testing/link-fault-proxy.ts'
import type { Part } from './part.ts'
import { runScenario, type Scenario } from './scenario.ts'
import { pause } from './site.ts'

const NAMES: Readonly<Record<LinkFault, string>> = {
  latency: 'latency of 200 to 600 ms a packet',
  loss: 'bytes lost, then a reset',
  reset: 'connections reset',
  'half-open': 'half-open connections',
  'black-hole': 'a black hole',
  slicing: 'everything in pieces of one byte',
  trickle: 'a link of 1 kB/s',
}

/** Times that a fault comes and goes while envelopes flow. */
const WAVES = 2
const BETWEEN_MS = 700

/** What networks do, on the link between agent and broker. */
export const network: Part = {
  name: 'network',
  summary: 'latency, loss, reset, half-open, black hole, slicing, 1 kB/s between agent and broker',
  rows: LINK_FAULTS.length,
  async run(options) {
    const rows = []
    for (const fault of LINK_FAULTS) rows.push(await runScenario(scenarioOf(fault, options.faultMs), options))
    return rows
  },
}

function scenarioOf(fault: LinkFault, faultMs: number): Scenario {
  return {
    fault: NAMES[fault],
    async inflict(site) {
      for (let wave = 0; wave < WAVES; wave += 1) {
        await pause(BETWEEN_MS)
        site.proxy.fault = fault
        await pause(faultMs / WAVES)
        await site.noteFault()
        site.proxy.fault = null
      }
      return site.proxy.counts.touched
    },
  }
}
