import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import {
  createLogger,
  isCodedError,
  monotonicClock,
  systemClock,
  systemRandomness,
} from '@leadglass/sync-agent/foundation'
import { hubConfiguration } from './configuration.ts'
import { Hub } from './hub.ts'

/**
 * The hub as a process: `node main.ts --config FILE.json`. One JSON line on standard output when it is ready, log lines
 * on standard error, an orderly end on SIGTERM or SIGINT.
 */
async function main(): Promise<void> {
  const logger = createLogger('hub')
  const { values } = parseArgs({ options: { config: { type: 'string' } } })
  if (values.config === undefined) throw new Error('usage: main.ts --config FILE.json')
  const configuration = hubConfiguration.parse(JSON.parse(await readFile(values.config, 'utf8')))
  const onDeposed = (): void => {
    logger.error('hub.deposed', { reason: 'another hub has taken over; a start of this one stands by' })
    process.exit(1)
  }
  const ports = { clock: systemClock, monotonic: monotonicClock, randomness: systemRandomness, logger, onDeposed }
  const hub = new Hub(configuration, ports)
  await hub.start()
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    hub.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error('hub.stop-failed', { reason: String(error) })
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  const { http, mqtt, iotHub } = hub.addresses
  process.stdout.write(`${JSON.stringify({ ready: true, http, mqtt, iotHub, leads: hub.leads })}\n`)
  logger.info('hub.ready', { http, mqtt })
}

try {
  await main()
} catch (error) {
  const logger = createLogger('hub')
  const reason = error instanceof Error ? error.message : String(error)
  logger.error('hub.start-failed', { code: isCodedError(error) ? error.code : 'unexpected', reason })
  process.exit(1)
}
