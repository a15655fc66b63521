import { setPriority } from 'node:os'
import { probeProviders } from './providers.ts'

/** Says as one line of JSON which providers load here, in a process of its own: the appliance never holds the runtime. */
setPriority(19)
process.stdout.write(`${JSON.stringify(await probeProviders())}\n`)
