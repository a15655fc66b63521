import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import {
  createCosigner,
  createSigningKeyFile,
  encodeVerifierKey,
  readSigningKeyFile,
  SIGNATURE_TYPE,
  verifierKeyOf,
  WitnessFile,
} from '@leadglass/sync-agent/audit-log'
import { systemClock } from '@leadglass/sync-agent/foundation'
import type { Command } from 'commander'
import { WitnessServer } from '../../audit/witness-server.ts'
import { InstallerError } from '../../errors.ts'
import { callerPath, wholeNumber } from '../options.ts'

/** `leadglass witness key|serve`: a witness of others, apart from box and hub, such as the hospital's own. */
export function registerWitness(program: Command): void {
  const witness = program.command('witness').description('a third witness of audit logs (C2SP tlog-witness)')
  witness
    .command('key')
    .description('make the key of a witness, and print the verifier key to be handed out')
    .requiredOption('--name <name>', 'name of the witness, such as hospital.example/witness')
    .requiredOption('--key <file>', 'private key file; made when it is missing', callerPath)
    .action(async (options: { readonly name: string; readonly key: string }) => {
      process.stdout.write(`${(await openKey(options)).verifierKey}\n`)
    })
  witness
    .command('serve')
    .description('answer add-checkpoint over HTTP until stopped')
    .requiredOption('--name <name>', 'name of the witness')
    .requiredOption('--key <file>', 'private key file; made when it is missing', callerPath)
    .requiredOption('--state <file>', 'memory of the witness; never to be restored from an older copy', callerPath)
    .requiredOption('--logs <file>', 'verifier keys of the logs to witness, one a line', callerPath)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port to listen on', wholeNumber(0, 65_535), 11_120)
    .action(serve)
}

interface ServeOptions {
  readonly name: string
  readonly key: string
  readonly state: string
  readonly logs: string
  readonly host: string
  readonly port: number
}

async function serve(options: ServeOptions): Promise<void> {
  const { key, verifierKey } = await openKey(options)
  const memory = new WitnessFile(options.state, await readLogKeys(options.logs))
  const cosigner = () => createCosigner(options.name, key, systemClock.now() / 1000)
  const server = new WitnessServer({ host: options.host, port: options.port }, { memory, cosigner })
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
  await server.start()
  process.stdout.write(`${JSON.stringify({ ready: true, process: 'witness', port: server.port, key: verifierKey })}\n`)
  await stopped
  await server.stop()
}

async function openKey({ name, key: path }: { readonly name: string; readonly key: string }) {
  const key = existsSync(path) ? await readSigningKeyFile(path) : await createSigningKeyFile(path)
  return { key, verifierKey: encodeVerifierKey(verifierKeyOf(name, key, SIGNATURE_TYPE.cosignature)) }
}

/** Keys of logs of a file of verifier keys; those of witnesses in the same file are passed over. */
async function readLogKeys(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new InstallerError('file-not-found', {
      message: `the file of log keys ${path} cannot be read`,
      effect: 'the witness was not started',
      nextStep: 'name the audit-keys.txt of the instance, or a file with one verifier key a line',
      cause,
    })
  })
  return text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
}
