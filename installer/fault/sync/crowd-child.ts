import { readFile } from 'node:fs/promises'
import { createLogger, systemClock, systemRandomness } from '@leadglass/sync-agent/foundation'
import { Agent } from '../../../sync-agent/agent/agent.ts'
import { agentConfig } from '../../../sync-agent/agent/config.ts'

/** Many agents in one process: the product's own, each with folders and an identity of its own. */
const settings = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as unknown[]
const logger = createLogger('crowd')
const quiet = { ...logger, info: () => undefined, warn: () => undefined }
const monotonicClock = { now: () => performance.now() }
const agents = settings.map(
  (one) =>
    new Agent(agentConfig.parse(one), {
      clock: systemClock,
      monotonicClock,
      randomness: systemRandomness,
      logger: quiet,
    }),
)
for (const agent of agents) await agent.start()
process.stdout.write(`${JSON.stringify({ ready: true, agents: agents.length })}\n`)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void Promise.all(agents.map((agent) => agent.stop())).then(() => process.exit(0))
  })
}
