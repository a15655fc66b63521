import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Destination,
  DimseError,
  encodeFileMeta,
  type InstanceResult,
  type OutgoingInstance,
} from '../../dimse/index.ts'
import type { DimseSender } from '../ports.ts'
import { endNative, startNative } from './child-process.ts'
import type { NativeReply } from './messages.ts'

/** DCMTK's own waiting times are 60 s for an association and for each response. */
const CALL_WITHIN_MS = 150_000

/**
 * The calling side of dicom-dimse-native. It sends folders of files and says at the end whether an association could be
 * had, not what the peer answered to each object: `accepted` here means sent.
 */
export class NativeSender implements DimseSender {
  readonly #addon: string

  constructor(addon: string) {
    this.#addon = addon
  }

  async echo(destination: Destination): Promise<{ readonly status: number }> {
    await this.#call('echo', destination, '')
    return { status: 0 }
  }

  async sendInstances(
    destination: Destination,
    instances: AsyncIterable<OutgoingInstance> | Iterable<OutgoingInstance>,
    onResult: (instance: OutgoingInstance, result: InstanceResult) => void | Promise<void>,
  ): Promise<void> {
    for await (const instance of instances) {
      const folder = await mkdtemp(join(tmpdir(), 'leadglass-native-'))
      let result: InstanceResult
      try {
        await writeInstance(join(folder, 'instance.dcm'), instance)
        await this.#call('store', destination, folder)
        result = { kind: 'accepted', status: 0 }
      } catch (cause) {
        const isKnown = cause instanceof DimseError
        result = {
          kind: 'not-sent',
          error: isKnown ? cause : new DimseError('data-source-failed', 'cannot be read', cause),
        }
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
      await onResult(instance, result)
    }
  }

  /** @throws DimseError `connection-lost` when the addon says no, which is all that it says; `tls-failed` for a peer with TLS. */
  async #call(kind: 'echo' | 'store', destination: Destination, folder: string): Promise<void> {
    const { host, port, calledAeTitle, callingAeTitle, tls } = destination
    if (tls !== undefined) throw new DimseError('tls-failed', 'the native engine has no TLS')
    const request = { kind, addon: this.#addon, host, port, calledAeTitle, callingAeTitle, folder }
    let answer = (_reply: NativeReply): void => undefined
    const answered = new Promise<NativeReply>((resolve) => {
      answer = resolve
    })
    const child = startNative(request, answer)
    let late: NodeJS.Timeout | undefined
    const reply = await Promise.race([
      answered,
      new Promise<'ended'>((resolve) => child.once('exit', () => resolve('ended'))),
      new Promise<'late'>((resolve) => {
        late = setTimeout(() => resolve('late'), CALL_WITHIN_MS)
      }),
    ])
    clearTimeout(late)
    await endNative(child)
    if (reply === 'late') throw new DimseError('timed-out', 'the native engine did not end')
    if (reply === 'ended' || reply.kind !== 'done' || !reply.success)
      throw new DimseError('connection-lost', 'the native engine did not reach the peer, or the peer refused')
  }
}

async function writeInstance(path: string, instance: OutgoingInstance): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.write(encodeFileMeta(instance))
    for await (const bytes of instance.open()) await file.writev([bytes])
  } finally {
    await file.close()
  }
}
