import { parseArgs } from 'node:util'
import { systemClock } from '../../../foundation/index.ts'
import { ConformanceClient } from './client.ts'

/**
 * The client under test of the public suite `tuf-conformance` (its CLIENT-CLI.md): `--metadata-dir D init ROOT`, `refresh`,
 * `download`. Prints why it refused and ends with 1.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'metadata-dir': { type: 'string', default: '' },
    'metadata-url': { type: 'string', default: '' },
    'target-name': { type: 'string', multiple: true, default: [] },
    'target-dir': { type: 'string', default: '' },
    'target-base-url': { type: 'string', default: '' },
  },
})
const client = new ConformanceClient({ metadataDir: values['metadata-dir'], clock: systemClock })
try {
  const [command, argument = ''] = positionals
  if (command === 'init') await client.init(argument)
  else if (command === 'refresh') await client.refresh(values['metadata-url'])
  else if (command === 'download') {
    await client.download(
      values['metadata-url'],
      values['target-base-url'],
      values['target-dir'],
      values['target-name'],
    )
  } else throw new Error('say init, refresh or download')
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'failed'}\n`)
  process.exitCode = 1
}
