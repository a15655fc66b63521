import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Agent } from './agent/agent.ts'
import { agentConfig, resolveConfig } from './agent/config.ts'
import { createLogger, isCodedError, monotonicClock, systemClock, systemRandomness } from './foundation/index.ts'

/** `node main.ts --config FILE.json`; see `agent/permission-arguments.ts` for how it is meant to be started. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string' } } })
  if (values.config === undefined) throw new Error('usage: main.ts --config FILE.json')
  const file = resolve(values.config)
  const config = resolveConfig(agentConfig.parse(JSON.parse(await readFile(file, 'utf8'))), dirname(file))
  const logger = createLogger('sync-agent')
  const agent = new Agent(config, { clock: systemClock, monotonicClock, randomness: systemRandomness, logger })

  // A signal during the start is kept until the start is over, so that everything is stopped in order.
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
  await agent.start()
  process.stdout.write(`${JSON.stringify({ ready: true, process: 'sync-agent', device: config.device })}\n`)
  await stopped
  await agent.stop()
  logger.info('agent.stopped')
}

try {
  await main()
  process.exit(0)
} catch (error) {
  const code = isCodedError(error) ? error.code : 'start-failed'
  createLogger('sync-agent').error('agent.failed', { code, reason: error instanceof Error ? error.message : 'unknown' })
  process.exit(1)
}
