import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { InstallerError } from '../../errors.ts'
import { freePort } from '../../start/ports.ts'
import type { GuestImage } from './guest-image.ts'
import { GUEST_PORT, GUEST_SAYS } from './guest-scripts.ts'

const READY_WITHIN_MS = 300_000
const STOP_WITHIN_MS = 120_000

/** A computer in software that runs the appliance on one data disk. Killing it is a power cut for its page cache. */
export class Guest {
  readonly #qemu: string
  readonly #image: GuestImage
  readonly #dataDisk: string
  readonly #console: string[] = []
  #child: ChildProcess | undefined
  #port = 0

  constructor(qemu: string, image: GuestImage, dataDisk: string) {
    this.#qemu = qemu
    this.#image = image
    this.#dataDisk = dataDisk
  }

  /** The appliance's DICOM port, as this machine reaches it. */
  get port(): number {
    return this.#port
  }

  /** Boots, and waits until the appliance in it is ready. @throws InstallerError `process-failed`. */
  async boot(): Promise<void> {
    this.#port = await freePort()
    this.#console.length = 0
    const child = spawn(this.#qemu, this.#arguments(), { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child = child
    createInterface({ input: child.stderr }).on('line', (line) => this.#console.push(line))
    const ready = new Promise<boolean>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        this.#console.push(line)
        if (line.includes('"ready":true')) resolve(true)
      })
      child.once('exit', () => resolve(false))
    })
    const late = once(AbortSignal.timeout(READY_WITHIN_MS), 'abort').then(() => false)
    if (await Promise.race([ready, late])) return
    await this.cutPower()
    throw new InstallerError('process-failed', {
      message: `the guest was not ready: ${this.#console.slice(-4).join(' | ')}`,
      effect: 'what its disk holds cannot be compared',
      nextStep: 'read the message; an appliance must start on whatever a power cut has left',
    })
  }

  /** Ends the machine without warning. */
  async cutPower(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** Ends appliance and guest in order. @returns true when the disk was unmounted. */
  async shutDown(): Promise<boolean> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return false
    const ended = once(child, 'exit')
    child.stdin?.write('end\n')
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    await ended
    clearTimeout(late)
    return this.#console.some((line) => line.includes(GUEST_SAYS.unmounted))
  }

  #arguments(): string[] {
    const disk = (file: string, more: string): string => `file=${file},format=raw,if=virtio,${more}`
    return [
      // Time in the guest goes by instructions: the appliance's own time limits hold however busy this machine is.
      ...['-accel', 'tcg', '-icount', 'shift=1,sleep=on', '-smp', '1', '-m', '1024'],
      // Protection keys are emulated so slowly and incompletely that V8 ends on them.
      ...['-cpu', 'max,-pku', '-nographic', '-no-reboot', '-monitor', 'none', '-serial', 'stdio'],
      ...['-kernel', this.#image.kernel, '-initrd', this.#image.initramfs],
      // The check of the timer fails by chance when the emulation is held up.
      ...['-append', 'console=ttyS0 quiet panic=-1 no_timer_check'],
      ...['-drive', disk(this.#image.programDisk, 'readonly=on')],
      // A flush of the guest is an fdatasync here; what the guest has not written stays in its memory.
      ...['-drive', disk(this.#dataDisk, 'cache=writeback')],
      ...['-nic', `user,model=virtio,restrict=on,hostfwd=tcp:127.0.0.1:${this.#port}-:${GUEST_PORT}`],
    ]
  }
}
