import pino from 'pino'

/** One event a line. `event` is a fixed dotted name; fields hold codes, counts and pseudonyms, never identifying values. */
export interface Logger {
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
  child(bindings: LogFields): Logger
}

/** Values that a log line may hold. Objects are not accepted, so that a whole data set cannot slip in. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

/** Field names that are blanked wherever they appear, should a caller ever pass one. */
const REDACTED = [
  'patientName',
  'patientId',
  'accessionNumber',
  'patientBirthDate',
  'password',
  'passphrase',
  'key',
  'token',
]

/** JSON lines to `destination` (standard error unless told). */
export function createLogger(process: string, destination: pino.DestinationStream = pino.destination(2)): Logger {
  return adapt(
    pino(
      {
        base: { process },
        timestamp: pino.stdTimeFunctions.isoTime,
        redact: { paths: REDACTED, censor: '[redacted]' },
      },
      destination,
    ),
  )
}

/** Says nothing; for tests whose subject is not logging. */
export const silentLogger: Logger = {
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
}

function adapt(logger: pino.Logger): Logger {
  return {
    info: (event, fields) => logger.info({ event, ...fields }),
    warn: (event, fields) => logger.warn({ event, ...fields }),
    error: (event, fields) => logger.error({ event, ...fields }),
    child: (bindings) => adapt(logger.child(bindings)),
  }
}
