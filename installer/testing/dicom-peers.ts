import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, waitForPort } from '../start/ports.ts'

/** DCMTK is slow with default TCP settings: without these one measures delayed acknowledgements. */
const DCMTK_ENVIRONMENT = { TCP_NODELAY: '1', TCP_BUFFER_LENGTH: '131072' }

/** A peer that runs as a process of its own on loopback. */
export interface RunningPeer {
  readonly port: number
  readonly aeTitle: string
  /** Ends the process and waits for its end. */
  stop(): Promise<void>
}

/** Orthanc also speaks HTTP. */
export interface RunningOrthanc extends RunningPeer {
  readonly httpPort: number
  /** Ends the process as a power cut would (SIGKILL). */
  kill(): Promise<void>
}

/** DCMTK's `storescp`, writing what it receives into a folder, bit-preserving. */
export async function startStorescp(
  program: string,
  folder: string,
  more: readonly string[] = [],
): Promise<RunningPeer> {
  await mkdir(folder, { recursive: true })
  const port = await freePort()
  const args = [
    '-q',
    '-aet',
    'STORESCP',
    '--max-pdu',
    '131072',
    '+B',
    '+xa',
    '-pm',
    '-od',
    folder,
    ...more,
    String(port),
  ]
  const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...DCMTK_ENVIRONMENT } })
  await waitForPort(port)
  return { port, aeTitle: 'STORESCP', stop: () => stop(child) }
}

/** Orthanc with a data folder of its own, accepting stores from anyone on loopback. Safe storage as it ships (fsync). */
export async function startOrthanc(
  program: string,
  folder: string,
  ports?: { readonly dicom: number; readonly http: number },
  more: Readonly<Record<string, unknown>> = {},
): Promise<RunningOrthanc> {
  await mkdir(folder, { recursive: true })
  const port = ports?.dicom ?? (await freePort())
  const httpPort = ports?.http ?? (await freePort())
  const configuration = join(folder, 'orthanc.json')
  await writeFile(
    configuration,
    JSON.stringify({
      Name: 'ORTHANC',
      StorageDirectory: join(folder, 'storage'),
      IndexDirectory: join(folder, 'storage'),
      DicomAet: 'ORTHANC',
      DicomPort: port,
      HttpPort: httpPort,
      HttpBindAddresses: ['127.0.0.1'],
      RemoteAccessAllowed: false,
      AuthenticationEnabled: false,
      DicomAlwaysAllowStore: true,
      DicomCheckCalledAet: false,
      MaximumPduLength: 131072,
      Plugins: [],
      ...more,
    }),
  )
  const child = spawn(program, [configuration], { stdio: 'ignore', env: { ...process.env, ...DCMTK_ENVIRONMENT } })
  await Promise.all([waitForPort(port), waitForPort(httpPort)])
  return { port, httpPort, aeTitle: 'ORTHANC', stop: () => stop(child), kill: () => stop(child, 'SIGKILL') }
}

/** Where `storescu` sends. */
export interface StorescuTarget {
  readonly port: number
  readonly aeTitle: string
}

/**
 * Sends every file of a folder with DCMTK's `storescu` over one association, as tuned as it can be.
 * @returns its exit status.
 */
export function runStorescu(
  program: string,
  target: StorescuTarget,
  folder: string,
  more: readonly string[] = [],
): Promise<number> {
  const args = ['-q', '-aec', target.aeTitle, '--max-pdu', '131072', ...more, '+sd', '127.0.0.1', String(target.port)]
  const child = spawn(program, [...args, folder], { stdio: 'ignore', env: { ...process.env, ...DCMTK_ENVIRONMENT } })
  return new Promise((resolve, reject) => child.once('error', reject).once('exit', (code) => resolve(code ?? 1)))
}

async function stop(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  const killer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(killer)
}
