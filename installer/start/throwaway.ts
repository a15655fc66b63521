import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { InstanceClient } from '../cli/client.ts'
import { InstallerError } from '../errors.ts'
import { type InstanceLayout, type InstancePorts, layoutOf, portsFrom } from './layout.ts'
import { freePortBase } from './ports.ts'

const CLI = resolve(import.meta.dirname, '..', 'cli', 'main.ts')

/** An instance of its own, started as a user starts one, for benches, fault runs, rehearsals and tests. */
export interface ThrowawayInstance {
  readonly layout: InstanceLayout
  readonly ports: InstancePorts
  readonly client: InstanceClient
  /** Process id of a service as it runs now; `undefined` between two starts. */
  pidOf(name: 'hub' | 'agent' | 'appliance'): Promise<number | undefined>
  /** Kills the supervisor alone, as a crash would; the services go on without it. */
  killSupervisor(): Promise<void>
  /** Ends everything as Ctrl-C does. The data folder stays. */
  stop(): Promise<void>
}

/**
 * Starts `leadglass up --json` in a folder on free ports and waits for its ready line.
 * @param options.phantoms let the first start send its phantoms; none unless told.
 * @param options.transport how agent and hub speak; MQTT unless told.
 */
export async function startThrowawayInstance(
  folder: string,
  options: { readonly phantoms?: boolean; readonly transport?: 'mqtt' | 'azure-iot' } = {},
): Promise<ThrowawayInstance> {
  const layout = layoutOf(folder)
  const base = await freePortBase(7)
  const args = [
    CLI,
    'up',
    '--data',
    folder,
    '--port-base',
    String(base),
    '--json',
    ...(options.phantoms === true ? [] : ['--empty']),
    ...(options.transport === undefined ? [] : ['--transport', options.transport]),
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const words: string[] = []
  child.stderr.on('data', (chunk: Buffer) => words.push(chunk.toString()))
  const ended = new Promise<void>((resolvePromise) => child.once('exit', () => resolvePromise()))
  const ready = new Promise<void>((resolvePromise, reject) => {
    createInterface({ input: child.stdout }).once('line', () => resolvePromise())
    child.once('exit', (code) =>
      reject(
        new InstallerError('process-failed', {
          message: `"leadglass up" ended with status ${code}: ${words.join('').slice(-2000)}`,
          effect: 'there is no instance to work with',
          nextStep: 'read the message above',
        }),
      ),
    )
  })
  await ready
  return {
    layout,
    ports: portsFrom(base),
    client: await InstanceClient.open(folder),
    async pidOf(name) {
      const text = await readFile(join(layout.root, `${name}.pid`), 'utf8').catch(() => '')
      return text === '' ? undefined : Number(text)
    },
    async killSupervisor() {
      child.kill('SIGKILL')
      await ended
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
