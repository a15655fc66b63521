import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deviceStatus } from '@leadglass/ui/contract/local-api'
import { applianceFolders } from '../../../appliance/folders.ts'
import { InstallerError } from '../../errors.ts'
import { freePort, waitForPort } from '../../start/ports.ts'
import { startThrowawayInstance, type ThrowawayInstance } from '../../start/throwaway.ts'
import { type StorescuTarget, startOrthanc, startStorescp } from '../../testing/dicom-peers.ts'
import { type BenchIdentity, makeBenchIdentity } from './certificates.ts'
import type { Programs } from './programs.ts'

/** A receiver that is measured, on a plain port and on one with TLS. */
export interface Contender {
  readonly name: string
  /** What is on disk before success is answered. */
  readonly durable: string
  readonly plain: StorescuTarget
  readonly tls: StorescuTarget
  /** Waits until it has nothing left to do. */
  idle(): Promise<void>
}

/** Everything that receives, started. */
export interface Contenders {
  readonly product: Contender
  readonly storescp: Contender
  readonly orthanc: Contender
  /** Arguments that make storescu speak TLS. */
  readonly tlsArguments: readonly string[]
  /** Turns the product's encryption at rest on or off. */
  encrypt(on: boolean): Promise<void>
  stop(): Promise<void>
}

const SETTLE_MS = 300

/** Starts an empty product, DCMTK's storescp (a process for each association) and Orthanc, each with and without TLS. */
export async function startContenders(programs: Programs, folder: string): Promise<Contenders> {
  const stops: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (let last = stops.pop(); last !== undefined; last = stops.pop()) await last()
  }
  try {
    const identity = await makeBenchIdentity(programs.openssl, join(folder, 'tls'))
    const { keyFile, certificateFile } = identity
    const tlsArguments = ['+tls', keyFile, certificateFile, '+cf', certificateFile]
    const [scp, scpTls] = [
      await startStorescp(programs.storescp, join(folder, 'storescp'), ['--fork']),
      await startStorescp(programs.storescp, join(folder, 'storescp-tls'), ['--fork', ...tlsArguments]),
    ]
    stops.push(
      () => scp.stop(),
      () => scpTls.stop(),
    )
    const orthanc = await startOrthanc(programs.orthanc, join(folder, 'orthanc'))
    stops.push(() => orthanc.stop())
    const orthancTls = await startOrthanc(programs.orthanc, join(folder, 'orthanc-tls'), undefined, {
      DicomTlsEnabled: true,
      DicomTlsPrivateKey: keyFile,
      DicomTlsCertificate: certificateFile,
      DicomTlsTrustedCertificates: certificateFile,
    })
    stops.push(() => orthancTls.stop())
    const instance = await startThrowawayInstance(join(folder, 'leadglass'))
    stops.push(() => instance.stop())
    const tlsPort = await offerTls(instance, identity)
    const atOnce = async (): Promise<void> => pause(SETTLE_MS)
    return {
      product: {
        name: 'leadglass',
        durable: 'fdatasync + journal',
        plain: { port: instance.ports.dimse, aeTitle: 'LEADGLASS' },
        tls: { port: tlsPort, aeTitle: 'LEADGLASS' },
        idle: () => productIdle(instance),
      },
      storescp: { name: 'storescp', durable: 'no', plain: scp, tls: scpTls, idle: atOnce },
      orthanc: { name: 'orthanc', durable: 'fsync + SQLite', plain: orthanc, tls: orthancTls, idle: atOnce },
      tlsArguments,
      encrypt: async (on) => {
        await changeSettings(instance, (settings) => ({ ...settings, encryptInstances: on }))
        // The settings file is looked at every second.
        await pause(2500)
      },
      stop,
    }
  } catch (cause) {
    await stop()
    throw cause
  }
}

/** Gives the running product a TLS port: its listener is made at the start, so the appliance is started again. */
async function offerTls(instance: ThrowawayInstance, { keyFile, certificateFile }: BenchIdentity): Promise<number> {
  const port = await freePort()
  const tls = { mode: 'beside', port, keyFile, certificateFile, authoritiesFile: certificateFile }
  await changeSettings(instance, (settings) => ({ ...settings, tls }))
  const pid = await instance.pidOf('appliance')
  if (pid !== undefined) process.kill(pid, 'SIGTERM')
  await waitForPort(port)
  await waitForPort(instance.ports.dimse)
  return port
}

type RawSettings = Record<string, unknown>

async function changeSettings(
  instance: ThrowawayInstance,
  change: (settings: RawSettings) => RawSettings,
): Promise<void> {
  const { settings } = applianceFolders(instance.layout.appliance.folder)
  const now = JSON.parse(await readFile(settings, 'utf8')) as RawSettings
  await writeFile(settings, JSON.stringify(change(now)))
}

async function productIdle({ client }: ThrowawayInstance): Promise<void> {
  for (let looks = 0; looks < 600; looks++) {
    const status = { service: 'appliance', method: 'GET', path: '/api/device', schema: deviceStatus } as const
    const { queues } = await client.request(status)
    if (queues.receiving + queues.queued + queues.running === 0) return
    await pause(200)
  }
  throw new InstallerError('process-failed', {
    message: 'the appliance had work left after two minutes',
    effect: 'what follows would be measured beside that work',
    nextStep: 'look into the appliance log',
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
