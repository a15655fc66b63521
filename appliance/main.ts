import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { isCodedError } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { startAppliance } from './composition.ts'
import { applianceConfiguration } from './configuration.ts'
import { GuardedOutput } from './leak-scan/index.ts'

// First of all: whatever fails from here on, its words pass the guard.
const output = new GuardedOutput('appliance')
output.start()
const logger = output.logger()

try {
  const { values } = parseArgs({ options: { config: { type: 'string' } } })
  const path = z.string({ error: 'say --config FILE.json' }).parse(values.config)
  const configuration = applianceConfiguration.parse(JSON.parse(await readFile(path, 'utf8')))
  const appliance = await startAppliance(configuration, output)
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    appliance.stop().then(
      () => process.exit(0),
      (cause: unknown) => {
        report('process.stop-failed', cause)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.stdout.write(`${JSON.stringify({ ready: true, dimse: appliance.dimsePort, http: appliance.httpPort })}\n`)
} catch (cause) {
  report('process.start-failed', cause)
  process.exit(1)
}

/** Messages of coded errors and of the configuration's own schema hold no identifying values; others are not repeated. */
function report(event: string, cause: unknown): void {
  if (isCodedError(cause)) logger.error(event, { code: cause.code, message: cause.message, nextStep: cause.nextStep })
  else if (cause instanceof z.ZodError) logger.error(event, { code: 'configuration', message: z.prettifyError(cause) })
  else
    logger.error(event, {
      code: (cause as { code?: string } | null)?.code ?? 'unknown',
      message: cause instanceof Error ? cause.message : '',
    })
}
